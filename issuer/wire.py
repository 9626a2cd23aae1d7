"""What crosses the issuing API's wire, read into this room's values and written back (docs/spec/issuing-api.md)."""

from datetime import date
from typing import Annotated, Literal

import orjson
from pydantic import Field, JsonValue

from ecert.domain.catalogue import LONG_TERM
from ecert.domain.certificate import File
from ecert.domain.dates import format_instant, parse_civil, parse_instant
from ecert.domain.holders import parse_holder
from ecert.domain.receipt import format_container
from ecert.runtime.bodies import Body
from issuer.changes import Change, Changed
from issuer.face import RULE, IssueRequest
from issuer.grounds import Action
from issuer.issue import MOST
from issuer.kept import Kept
from issuer.storing import Issued

__all__ = [
    "BatchAnswer",
    "BatchBody",
    "ChangeAnswer",
    "ChangeBody",
    "IssueAnswer",
    "IssueBody",
    "KeptAnswer",
    "MutableBody",
    "RenewalBody",
]

Code = Annotated[str, Field(max_length=64)]
Elements = dict[str, JsonValue]


class HolderBody(Body):
    """A holder as `ecert.domain.holders` reads it."""

    kind: Literal["person", "organisation"]
    id_type: Code
    id: Code
    name: Annotated[str, Field(max_length=500)]
    role: Code = "holder"


class FileBody(Body):
    """The OFD or PDF that the authority sealed."""

    media_type: Annotated[str, Field(max_length=100)]
    size: Annotated[int, Field(ge=1, lt=2**40)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    sm3: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class RenewalBody(Body):
    """A successor; no `last_day` means what the face shows or the type's rule gives, 长期 that there is none."""

    division: Code
    holders: Annotated[list[HolderBody], Field(max_length=50)]
    elements: Elements
    mutable: Elements = Field(default_factory=dict)
    first_day: Code
    last_day: Code | None = None
    suite: Code | None = None
    file: FileBody | None = None
    renewals: Annotated[int, Field(ge=0, le=999)] = 0

    def request(self, *, authority: str, type_code: str) -> IssueRequest:
        """Read the dates and holders; Malformed("date.*" | "holder.*")."""
        return IssueRequest(
            authority=authority,
            type_code=type_code,
            division=self.division,
            holders=tuple(parse_holder(holder.model_dump()) for holder in self.holders),
            elements=self.elements,
            first_day=parse_civil(self.first_day),
            last_day=RULE if self.last_day is None else _last_day(self.last_day),
            mutable=self.mutable,
            suite=self.suite,
            file=None if self.file is None else File(**self.file.model_dump()),
            renewals=self.renewals,
        )


class IssueBody(RenewalBody):
    """A certificate to be issued; `type` is the code of 21 characters."""

    type: Code


class BatchBody(Body):
    """Certificates of which all are issued, or none."""

    certificates: Annotated[list[IssueBody], Field(min_length=1, max_length=MOST)]


class ChangeBody(Body):
    """A change of status; `effective_at` RFC 3339, or a date as its first second in UTC+8, else now."""

    action: Action
    reason: Code
    effective_at: Code | None = None

    def change(self, licence_id: str) -> Change:
        """Read the time; Malformed("instant.form")."""
        at = None if self.effective_at is None else parse_instant(self.effective_at)
        return Change(licence_id, self.action, self.reason, at)


class MutableBody(Body):
    """Mutable elements as they are now."""

    elements: Elements


class StatusPlace(Body):
    """A place in a status list."""

    uri: str
    index: int


class IssueAnswer(Body):
    """An issued certificate: `fingerprint` SHA-256 in hex, `certificate` the SD-JWT with every disclosure."""

    licence_id: str
    fingerprint: str
    status: StatusPlace
    certificate: str

    @classmethod
    def of(cls, issued: Issued) -> "IssueAnswer":
        """Write an issued certificate."""
        place = StatusPlace(uri=issued.status.uri, index=issued.status.index)
        return cls(
            licence_id=issued.licence_id,
            fingerprint=issued.fingerprint.hex(),
            status=place,
            certificate=issued.text,
        )


class BatchAnswer(Body):
    """The certificates of a batch in the order asked."""

    certificates: list[IssueAnswer]


class ChangeAnswer(Body):
    """The status that a certificate has from `effective_at` on; `waits` until that has come."""

    licence_id: str
    status: str
    effective_at: str
    waits: bool

    @classmethod
    def of(cls, changed: Changed) -> "ChangeAnswer":
        """Write a change."""
        at = format_instant(changed.effective_at)
        return cls(licence_id=changed.licence_id, status=changed.status.name, effective_at=at, waits=changed.waits)


class MutableState(Body):
    """A mutable element's value and since when it is known."""

    value: JsonValue
    at: str


class ChangeState(Body):
    """A change as it stands: waiting, queued for the chain, final there or refused, or overtaken by another."""

    status: str
    reason: str
    effective_at: str
    asked_at: str
    state: str


class KeptAnswer(Body):
    """A certificate at home; `certificate` is the container of docs/spec/container.md."""

    certificate: dict[str, JsonValue]
    status: str
    mutable: dict[str, MutableState]
    changes: list[ChangeState]
    supersedes: str | None
    superseded_by: str | None

    @classmethod
    def of(cls, kept: Kept) -> "KeptAnswer":
        """Write a kept certificate."""
        changes = [
            ChangeState(
                status=change.status.name,
                reason=change.ground,
                effective_at=format_instant(change.effective_at),
                asked_at=format_instant(change.at),
                state=change.state,
            )
            for change in kept.changes
        ]
        return cls(
            certificate=orjson.loads(format_container(kept.container)),
            status=kept.status.name,
            mutable={
                key: MutableState.model_validate({"value": state.value, "at": format_instant(state.at)})
                for key, state in kept.mutable.items()
            },
            changes=changes,
            supersedes=kept.supersedes,
            superseded_by=kept.superseded_by,
        )


def _last_day(text: str) -> date | None:
    return None if text == LONG_TERM else parse_civil(text)

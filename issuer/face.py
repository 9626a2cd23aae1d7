"""A request is judged here once, before anything is signed: who may issue what, for whom, and how long it is valid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Final

from ecert.domain.catalogue import (
    CertificateType,
    OnFace,
    by_code,
    check_elements,
    check_mutable,
    last_day,
    shown_last_day,
)
from ecert.domain.certificate import Face, File
from ecert.domain.dates import Validity, parse_civil, validity
from ecert.domain.errors import Malformed, NotAllowed
from ecert.domain.holders import RESIDENT, Holder
from ecert.domain.ids import LicenceId, division_covers, parse_division, parse_resident_id
from ecert.domain.status import StatusRef
from ecert.domain.trust import TrustState
from issuer.store.authorities import StoredAuthority

__all__ = ["RULE", "Draft", "IssueRequest", "LastDay", "check_authority", "draft"]


class Rule(Enum):
    """The last day is what the face shows or, where it shows none, what the catalogue's rule gives."""

    RULE = "rule"


RULE: Final = Rule.RULE
LastDay = date | None | Rule
"""A day, None for 长期, or RULE."""

MOST_HOLDERS: Final = 50
ACTING: Final = frozenset({"agent", "legal_representative", "guardian"})
"""Who acts for a holder may be a person where the holder is an organisation."""


@dataclass(frozen=True, slots=True)
class IssueRequest:
    """What an authority asks for. `renewals` counts earlier renewals where the type's term depends on them."""

    authority: str
    type_code: str
    division: str
    holders: tuple[Holder, ...]
    elements: Mapping[str, object] = field(repr=False)
    first_day: date
    last_day: LastDay = RULE
    mutable: Mapping[str, object] | None = field(default=None, repr=False)
    suite: str | None = None
    file: File | None = None
    renewals: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """A request found good: everything of a face but its place in a status list and the moment of signing."""

    licence: LicenceId
    region: int
    suite: str
    division: str
    span: Validity
    elements: Mapping[str, object] = field(repr=False)
    holders: tuple[Holder, ...]
    file: File | None
    mutable: Mapping[str, object] = field(repr=False)
    supersedes: str | None = None
    kept_mutable: Mapping[str, Mapping[str, object]] = field(default_factory=dict, repr=False)

    def face(self, status: StatusRef, *, iat: int) -> Face:
        """Complete the face."""
        span = self.span
        return Face(
            licence=self.licence,
            division=self.division,
            iat=iat,
            nbf=span.nbf,
            exp=span.exp,
            status=status,
            elements=self.elements,
            holders=self.holders,
            file=self.file,
        )


def check_authority(trust: TrustState, authority: StoredAuthority, *, types: Iterable[str], now: int) -> None:
    """Hold that the chain knows authority and right; NotAllowed("issuer.not_in_force" | "issue.not_granted")."""
    known = trust.authorities.get(authority.uscc)
    if known is None or not known.in_force(at=now, known_at=now):
        raise NotAllowed("issuer.not_in_force", authority.uscc)
    for code in types:
        if not trust.may_issue(authority.uscc, code, at=now, known_at=now):
            raise NotAllowed("issue.not_granted")


def draft(request: IssueRequest, authority: StoredAuthority, *, licence: LicenceId) -> Draft:
    """Judge a request. NotFound("type.unknown"), NotAllowed("issue.division"), Malformed for what does not fit."""
    kind = by_code(request.type_code)
    division = parse_division(request.division)
    if not division_covers(outer=authority.division, inner=division):
        raise NotAllowed("issue.division", division)
    _check_holders(kind, request.holders)
    elements = check_elements(kind, request.elements)
    last = _last_day(kind, request, elements)
    return Draft(
        licence=licence,
        region=authority.region,
        suite=request.suite or authority.suite,
        division=division,
        span=validity(request.first_day, last),
        elements=elements,
        holders=request.holders,
        file=request.file,
        mutable=check_mutable(kind, request.mutable or {}),
    )


def _check_holders(kind: CertificateType, holders: tuple[Holder, ...]) -> None:
    refs = {(holder.ref, holder.role) for holder in holders}
    if not 0 < len(holders) <= MOST_HOLDERS or len(refs) != len(holders):
        raise Malformed("issue.holders", f"1 to {MOST_HOLDERS}, none twice")
    kinds = {holder.kind for holder in holders if holder.role not in ACTING}
    if not kinds or not kinds <= kind.holder_kinds:
        raise Malformed("issue.holder_kind", f"{kind.code} is for {', '.join(sorted(kind.holder_kinds))}")


def _last_day(kind: CertificateType, request: IssueRequest, elements: Mapping[str, object]) -> date | None:
    is_shown = kind.validity.shown in elements
    shown = shown_last_day(kind, elements)
    wanted = shown if request.last_day is RULE and is_shown else request.last_day
    if is_shown and wanted != shown:
        raise Malformed("issue.last_day_shown", kind.validity.shown or "")
    born = _born(request.holders, elements)
    rule = kind.validity
    if isinstance(wanted, date):
        return last_day(rule, first=request.first_day, born=born, face_last=wanted, step=request.renewals)
    if wanted is None and isinstance(rule.term, OnFace) and rule.term.max_years is None:
        return None
    ruled = last_day(rule, first=request.first_day, born=born, step=request.renewals)
    if wanted is None and ruled is not None:
        raise Malformed("validity.too_long", "长期")
    return ruled


def _born(holders: tuple[Holder, ...], elements: Mapping[str, object]) -> date | None:
    """Find the date of birth on the face (CSRQ), else in the first holder's resident number."""
    if "CSRQ" in elements:
        return parse_civil(elements["CSRQ"])
    first = holders[0]
    return parse_resident_id(first.id).born if first.id_type == RESIDENT else None

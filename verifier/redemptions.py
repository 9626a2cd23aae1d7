"""Use case: redeem a code for one use and judge what comes back; the home region answers, this division decides.

A refusal by the home region is a verdict with its reason; an outage is one too, and another one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Literal, Protocol

from ecert.domain import offline
from ecert.domain.catalogue import CATALOGUE
from ecert.domain.errors import Conflict, EcertError, Malformed, NotAllowed, NotFound, Unavailable
from ecert.domain.holders import HolderRef
from ecert.domain.items import Item, by_item_code
from ecert.domain.redeem import RedeemResponse, parse_response
from ecert.domain.use import Use, use_hash
from ledger.replica import Replica
from verifier.checks import code as code_group
from verifier.checks import freshness
from verifier.evidence import Asked, Offline, Question, Redeemed
from verifier.findings import Finding, Outcome
from verifier.report import Report, away, refused, report_on
from verifier.subject import Situation
from verifier.verify import verify

__all__ = ["Codes", "Reading", "Redemption", "redeem"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a scanned text is: its kind, its home region, and the text without the scan gun's line end."""

    kind: Literal["online", "typed", "offline"]
    region: int
    text: str = field(repr=False)


class Codes(Protocol):
    """What the desk needs of the codes: a function call in one process, a signed HTTP client in another."""

    def read(self, text: str) -> Reading:
        """Read any text that a scan gun gives; Malformed `code.*`, `offline.*` where it is no code."""

    def redeem(
        self,
        *,
        text: str,
        use: Use,
        holder: HolderRef | None,
        requester: str,
        asker: str,
        idempotency_key: str,
        now: int,
    ) -> str:
        """Return the home region's signed response (ecert.domain.redeem); its refusals are `code.*`, `item.*`.

        The same (text, requester, idempotency key) gives the same bytes for ten minutes. Unavailable where the home
        region, or an issuing region that it asks, is away; the code is then still unused.
        """


@dataclass(frozen=True, slots=True)
class Redemption:
    """A window's request: the scanned text, the use, whom the clerk has identified, and the request's own key.

    `asker` is who was let in, by access key, partner or window; the use has what they say of themselves.
    """

    code: str = field(repr=False)
    use: Use
    holder: HolderRef | None
    asker: str
    idempotency_key: str

    @property
    def question(self) -> Question:
        """The division of the use accepts, now."""
        return Question(self.use.division, holder=self.holder, item=self.use.item_code)


_REFUSALS: Final = ("code.", "item.", "offline.", "qr.", "redeem.")
"""Codes of errors that speak of the code; whatever else stops a home region is not the citizen's doing."""

_PATIENT: Final = CATALOGUE.most_patient
"""The greatest age in seconds that any type allows the replica."""


def redeem(redemption: Redemption, *, codes: Codes, replica: Replica, now: int) -> Report:
    """Read, redeem and judge; every refusal and outage is a report. Malformed where the request itself is wrong."""
    situation = Situation(replica, redemption.question, now)
    try:
        item = by_item_code(redemption.use.item_code)
        reading = codes.read(redemption.code)
    except (Malformed, NotFound) as fault:
        return refused(fault.code, situation=situation, assurance="online")
    if reading.kind == "offline":
        return _offline(reading.text, item, situation)
    hopeless = freshness.stale(situation, limit=_PATIENT)
    if hopeless:  # nothing could be decided, so the code is not used up
        return report_on((), situation=situation, assurance="online", findings=(hopeless,))
    try:
        text = codes.redeem(
            text=reading.text,
            use=redemption.use,
            holder=redemption.holder,
            requester=redemption.use.organisation,
            asker=redemption.asker,
            idempotency_key=redemption.idempotency_key,
            now=now,
        )
    except Unavailable as fault:
        return away("home.unreachable", cause=fault.code, situation=situation)
    except (NotAllowed, Conflict, NotFound) as fault:
        return _refused(fault, situation)
    return _answered(text, reading, redemption, item, situation)


def _refused(fault: EcertError, situation: Situation) -> Report:
    if fault.code.startswith(_REFUSALS) and fault.code != "code.elsewhere":
        return refused(fault.code, situation=situation, assurance="online")
    return away("home.unreachable", cause=fault.code, situation=situation)


def _answered(text: str, reading: Reading, redemption: Redemption, item: Item, situation: Situation) -> Report:
    try:
        response = parse_response(text)
    except Malformed as fault:
        return away("home.answer", cause=fault.code, situation=situation)
    asked = Asked(
        code=sha256(reading.text.encode()).digest(),
        use=use_hash(redemption.use),
        audience=redemption.use.organisation,
        item=redemption.use.item_code,
        region=reading.region,
        repeatable=True,
    )
    return _judge_response(response, asked, item, situation)


def _judge_response(response: RedeemResponse, asked: Asked, item: Item, situation: Situation) -> Report:
    findings = (code_group.response(response, asked, situation),)
    judged = [
        verify(
            Redeemed(response, shown, asked),
            question=situation.question,
            replica=situation.replica,
            now=situation.now,
            code_findings=findings,
        )
        for shown in response.claims.certificates
    ]
    return report_on(judged, situation=situation, assurance="online", item=item, findings=findings)


def _offline(text: str, item: Item, situation: Situation) -> Report:
    try:
        code = offline.parse(text)
    except Malformed as fault:
        return refused(fault.code, situation=situation, assurance="offline")
    findings = code_group.offline(code, situation)
    match = _match(code, findings, situation)
    judged = [
        verify(
            Offline(code, certificate, match),
            question=situation.question,
            replica=situation.replica,
            now=situation.now,
            code_findings=findings,
        )
        for certificate in code.claims.certificates
    ]
    return report_on(judged, situation=situation, assurance="offline", item=item, findings=findings)


def _match(code: offline.OfflineCode, findings: tuple[Finding, ...], situation: Situation) -> bool | None:
    """Compare once for all certificates: it is slow on purpose, and idle where the code does not hold."""
    named = situation.question.holder
    if named is None or findings[0].outcome is not Outcome.VALID:
        return None
    return offline.is_holder(code.claims, named)

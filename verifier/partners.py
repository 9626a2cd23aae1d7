"""Partners outside the members: what a sponsorship lets a system ask, how often, and many certificates at once.

A partner has no account: it signs its requests (ecert.runtime.signed), and its sponsorship says for which items.
It accepts in its sponsor's name, so the division that it names is one of its sponsor's, and the organisation its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ecert.domain.errors import EcertError, NotAllowed, Unavailable
from ecert.domain.gateways import PartnerGateway
from ecert.domain.reasons import explain
from ecert.domain.receipt import Container
from ecert.domain.use import Use
from ledger.replica import Replica
from verifier.presentations import Asking, verify_file, verify_presentation
from verifier.report import Report
from verifier.wire import as_json

__all__ = ["MOST", "Limits", "Wanted", "hold_asking", "hold_use", "verify_many"]

MOST: Final = 1_000
"""Certificates in one batch."""

_MINUTE: Final = 60


@dataclass(frozen=True, slots=True)
class Limits:
    """How much each partner may ask of one process in a minute of the clock; a batch counts each certificate."""

    verifications: int = 6_000
    redemptions: int = 120
    _counted: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict, repr=False)
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def verify(self, partner: PartnerGateway, count: int, *, now: int) -> None:
        """Count verifications; Unavailable("partner.limit") with the seconds until the next minute."""
        self._count(("verify", partner.uscc), count, self.verifications, now)

    def redeem(self, partner: PartnerGateway, *, now: int) -> None:
        """Count a redemption; Unavailable("partner.limit") likewise."""
        self._count(("redeem", partner.uscc), 1, self.redemptions, now)

    def _count(self, name: tuple[str, str], count: int, most: int, now: int) -> None:
        minute = now // _MINUTE
        with self._turn:
            known, used = self._counted.get(name, (minute, 0))
            used = used if known == minute else 0
            if used + count > most:
                wait = (minute + 1) * _MINUTE - now
                raise Unavailable("partner.limit", f"{most} a minute", retry_after=wait)
            self._counted[name] = minute, used + count


@dataclass(frozen=True, slots=True)
class Wanted:
    """One certificate of a batch, as it came, and what is asked about it, read when its turn comes."""

    certificate: Container | dict[str, Any]
    asking: Callable[[], Asking]


def hold_asking(partner: PartnerGateway, asking: Asking) -> None:
    """Hold a question to the sponsorship; NotAllowed `partner.item`, `partner.division`."""
    partner.hold_item(asking.item)
    _hold_division(partner, asking.division)


def hold_use(partner: PartnerGateway, use: Use) -> None:
    """Hold a use to the sponsorship; NotAllowed `partner.item`, `partner.division`, `partner.organisation`."""
    partner.hold_item(use.item_code)
    _hold_division(partner, use.division)
    if use.organisation != partner.name:
        raise NotAllowed("partner.organisation", "orgName is the name in the sponsorship")


def verify_many(
    partner: PartnerGateway,
    wanted: Sequence[Wanted],
    *,
    replica: Replica,
    judged: Callable[[Report], None],
    now: int,
) -> list[dict[str, Any]]:
    """Judge each by itself, in order: {"report": ...} or, where its question was wrong, {"problem": {code, ...}}."""
    results: list[dict[str, Any]] = []
    for each in wanted:
        try:
            report = _one(partner, each, replica, now)
        except EcertError as fault:
            reason = explain(fault.code)
            told = {"code": fault.code, "title": reason.zh, "title_en": reason.en, "detail": fault.detail}
            results.append({"problem": told})
        else:
            judged(report)
            results.append({"report": as_json(report)})
    return results


def _one(partner: PartnerGateway, wanted: Wanted, replica: Replica, now: int) -> Report:
    asking = wanted.asking()
    hold_asking(partner, asking)
    match wanted.certificate:
        case Container() as container:
            return verify_presentation(container, asking=asking, replica=replica, now=now)
        case told:
            return verify_file(told, asking=asking, replica=replica, now=now)


def _hold_division(partner: PartnerGateway, division: str) -> None:
    if division[:2] != str(partner.region):
        raise NotAllowed("partner.division", division)

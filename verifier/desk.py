"""Use case: the window's desk. One input gives a code, one answer comes back, and a signed receipt goes into the file.

What the clerk did wrong with the input is told before any region is asked: it is no verdict about a certificate.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from ecert.domain.errors import Malformed, NotAllowed
from ecert.domain.items import ITEMS, Item, by_item_code
from ecert.domain.use import LegalBasis
from verifier.receipts import Receipts
from verifier.redemptions import Codes, Redemption, redeem
from verifier.report import Report

if TYPE_CHECKING:
    from ledger.replica import Replica

__all__ = ["BASES", "Desk", "Pictures", "Served", "Window", "Windows", "find_items", "offered_item", "scanned", "serve"]

BASES: Final[Mapping[str, LegalBasis]] = {"statutory_duty": "duty", "consent": "consent"}
"""What an item relies on, as a use names it."""

_FULL_WIDTH: Final = re.compile(r"[\u3000\u3001\u3002\uff01-\uff5e]")
_SPACED: Final = re.compile(r"([0-9]{4}) ([0-9]{4})")


@dataclass(frozen=True, slots=True)
class Window:
    """Where a clerk sits: a parsed division of `region`, and what each use from here says."""

    region: int
    division: str
    organisation: str
    operator: str
    device: str

    def use(self, item: Item, *, case_number: str, purpose: str, legal_basis: str) -> dict[str, str]:
        """Give the wire object of a use (ecert.domain.use), not parsed yet."""
        return {
            "orgName": self.organisation,
            "username": self.operator,
            "itemName": item.zh,
            "itemCode": item.code,
            "businessCode": case_number,
            "purpose": purpose,
            "device": self.device,
            "division": self.division,
            "legalBasis": legal_basis,
        }


class Windows(Protocol):
    """The windows that a session may be at, by the name that it holds."""

    def window(self, name: str) -> Window:
        """Find one; NotAllowed("session.missing") for a name that is no window's (any more)."""


class Pictures(Protocol):
    """Reads codes from pictures."""

    def read(self, data: bytes) -> tuple[str, ...]:
        """Return the texts found; Malformed("qr.picture")."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a window works with; `judged` is told of every verdict."""

    replica: Replica
    codes: Codes
    pictures: Pictures
    windows: Windows
    receipts: Receipts
    judged: Callable[[Report], None]


@dataclass(frozen=True, slots=True)
class Served:
    """The report and its signed receipt; None where it could not be kept just now."""

    report: Report
    receipt: str | None = field(repr=False)


def find_items(window: Window, words: str) -> tuple[Item, ...]:
    """Find the items that the window offers by code or name, in either language; all of them for no words."""
    wanted = words.casefold().split()
    offered = (item for item in ITEMS.items.values() if item.is_offered_in(window.division))
    return tuple(item for item in offered if all(w in f"{item.code} {item.zh} {item.en}".casefold() for w in wanted))


def offered_item(window: Window, code: str) -> Item:
    """Find an item; NotFound("item.unknown"), NotAllowed("desk.not_offered")."""
    item = by_item_code(code)
    if not item.is_offered_in(window.division):
        raise NotAllowed("desk.not_offered", code)
    return item


def scanned(desk: Desk, *, text: str, picture: bytes) -> str:
    """Give the one code that was scanned, typed or uploaded; Malformed `desk.*`, `qr.picture` for the clerk to mend."""
    line = text.strip("\r\n\t ")
    if line and picture:
        raise Malformed("desk.two_inputs")
    if picture:
        return _alone(desk.pictures.read(picture))
    if not line:
        raise Malformed("desk.code_missing")
    if _FULL_WIDTH.search(line):
        raise Malformed("desk.full_width")
    spaced = _SPACED.fullmatch(line)
    return f"{spaced[1]}{spaced[2]}" if spaced else line


def serve(desk: Desk, window: Window, redemption: Redemption, *, now: int) -> Served:
    """Redeem, judge and sign. The same redemption again within ten minutes is answered from the same response."""
    desk.replica.refresh()
    report = redeem(redemption, codes=desk.codes, replica=desk.replica, now=now)
    desk.judged(report)
    return Served(report, desk.receipts.issue(report, use=redemption.use, region=window.region, now=now))


def _alone(texts: tuple[str, ...]) -> str:
    if not texts:
        raise Malformed("desk.no_code")
    if len(set(texts)) > 1:
        raise Malformed("desk.several_codes")
    return texts[0]

"""What is put before the verifier: the question, and one certificate, shown in one of three ways."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ecert.domain.errors import Malformed
from ecert.domain.holders import HolderRef
from ecert.domain.offline import OfflineCertificate, OfflineCode
from ecert.domain.receipt import AnchorReceipt
from ecert.domain.redeem import RedeemResponse, Shown

__all__ = ["Asked", "Evidence", "Offline", "Presented", "Question", "Redeemed", "ask"]

_CLOCKS_DIFFER: Final = 5


@dataclass(frozen=True, slots=True)
class Question:
    """Who accepts (a parsed division), whom the caller has identified, and as of when (Unix seconds; None: now).

    `at` is legal time, `known_at` chain time (docs/glossary.md); `item` is the service item's code.
    """

    division: str
    at: int | None = None
    known_at: int | None = None
    holder: HolderRef | None = None
    item: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of which region, as its answer must repeat it: two SHA-256 digests, requester and item.

    `repeatable` says that an idempotency key went with it: the first answer then stands for ten minutes.
    """

    code: bytes
    use: bytes
    audience: str
    item: str
    region: int
    repeatable: bool = False


@dataclass(frozen=True, slots=True)
class Presented:
    """A file or presentation: the SD-JWT's text and its receipt; who holds it is not shown by it."""

    sd_jwt: str = field(repr=False)
    receipt: AnchorReceipt | None


@dataclass(frozen=True, slots=True)
class Redeemed:
    """One certificate of a home region's redeem response, whose signature is still to be verified."""

    response: RedeemResponse = field(repr=False)
    shown: Shown
    asked: Asked


@dataclass(frozen=True, slots=True)
class Offline:
    """One certificate of an offline code. `holder_match` is the slow comparison's result where it was made before."""

    code: OfflineCode = field(repr=False)
    certificate: OfflineCertificate
    holder_match: bool | None = None


Evidence = Presented | Redeemed | Offline


def ask(
    *,
    division: str,
    now: int,
    at: int | None = None,
    known_at: int | None = None,
    holder: HolderRef | None = None,
    item: str | None = None,
) -> Question:
    """Ask of now or of the past; Malformed("question.future") for a day of which nobody can know yet."""
    if max(at or 0, known_at or 0) > now + _CLOCKS_DIFFER:
        raise Malformed("question.future", "at and known_at lie in the past")
    return Question(division, at, known_at, holder, item)

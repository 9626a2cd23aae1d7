"""Finding what an item needs: at home first, then in the delta, and never more than the item needs.

Steps. (1) Of each requirement's alternatives only those that the holder chose count, where any was chosen.
(2) The home region is asked once for all of them. (3) What no good certificate at home satisfies is asked of the
other regions. (4) Of each requirement one type is shown: the first in the item's order that has a good
certificate, else the first that has any, so that a clerk sees why it is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecert.domain.catalogue import by_code
from ecert.domain.errors import NotAllowed, Unavailable
from ecert.domain.redeem import MOST_CERTIFICATES
from wallet_codes.holdings import Held, HoldingsRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ecert.domain.holders import HolderRef
    from ecert.domain.items import Item
    from wallet_codes.home import Home
    from wallet_codes.subjects import Subject


@dataclass(frozen=True, slots=True)
class Gathered:
    """What is to be shown, and the type codes of the requirements that nothing satisfies."""

    held: tuple[Held, ...]
    missing: tuple[str, ...]


def gather(home: Home, *, region: int, item: Item, subject: Subject) -> Gathered:
    """Ask the issuing regions; Unavailable from any of them fails the whole, NotAllowed `redeem.too_many`."""
    wanted = [_alternatives(each.any_of, subject.types) for each in item.required]
    found = _ask(home, region, subject, _flat(wanted))
    for other in sorted(home.holdings.keys() - {region}):
        open_types = _flat(types for types in wanted if not any(map(_is_good, _of(found, types))))
        found += _ask(home, other, subject, open_types)
    chosen = [_choose(found, types) for types in wanted]
    held = tuple({each.sd_jwt: each for some in chosen for each in some}.values())
    if len(held) > MOST_CERTIFICATES:
        raise NotAllowed("redeem.too_many", f"{len(held)} certificates, at most {MOST_CERTIFICATES}")
    missing = _flat(types for types, some in zip(wanted, chosen, strict=True) if not some)
    return Gathered(held, missing)


def _ask(home: Home, region: int, subject: Subject, types: tuple[str, ...]) -> list[Held]:
    if types and region not in home.holdings:
        raise Unavailable("issuer.unreachable", str(region))
    by_holder: dict[HolderRef, list[str]] = {}
    for code in types:
        by_holder.setdefault(subject.holder_of(by_code(code)), []).append(code)
    return [
        held
        for holder, codes in by_holder.items()
        for held in home.holdings[region].held(HoldingsRequest(holder, tuple(codes)))
        if held.type_code in codes
    ]


def _alternatives(any_of: tuple[str, ...], chosen: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(code for code in any_of if code in chosen) or any_of


def _choose(found: list[Held], types: tuple[str, ...]) -> list[Held]:
    """Show the good ones of a type alone where there is one: what was revoked beside it is nobody's business."""
    by_type = [_of(found, (code,)) for code in types]
    good = [[held for held in some if _is_good(held)] for some in by_type]
    return next((some for some in [*good, *by_type] if some), [])


def _of(found: list[Held], types: tuple[str, ...]) -> list[Held]:
    return [held for held in found if held.type_code in types]


def _is_good(held: Held) -> bool:
    return held.status_reason is None


def _flat(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for part in parts for code in part))

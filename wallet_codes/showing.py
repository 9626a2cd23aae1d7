"""From all that is held to what an item needs: the presentation leaves every other disclosure at home."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecert.domain import certificate
from ecert.domain.items import Item, elements_for
from ecert.domain.redeem import Mutable, Shown

if TYPE_CHECKING:
    from collections.abc import Collection

    from wallet_codes.holdings import Held


def show(held: Held, keys: Collection[str]) -> Shown:
    """Present a certificate with these elements alone; no holder is disclosed: the response says who matched."""
    return Shown(
        sd_jwt=certificate.select(held.sd_jwt, elements=keys, holders=()),
        receipt=held.receipt,
        mutable={key: Mutable(*state) for key, state in held.mutable.items() if key in keys},
        status_reason=held.status_reason,
    )


def elements(item: Item, held: Held) -> tuple[str, ...]:
    """Give the least that an item needs of this certificate."""
    return elements_for(item, held.type_code)


def disclosed(shown: Shown) -> tuple[str, tuple[str, ...]]:
    """Give the type and the keys that are disclosed, signed and mutable, for the record of use; no value."""
    read = certificate.parse(shown.sd_jwt)
    return read.type_code, tuple(sorted({*read.elements, *shown.mutable}))

"""The citizen's own view: every certificate that they, or an organisation they act for, hold in any region.

Each region is asked for itself: one that is away is named, and hides nothing of the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final, Literal, Protocol

from ecert.domain import certificate
from ecert.domain.catalogue import CATALOGUE, CertificateType, by_code
from ecert.domain.dates import civil_day
from ecert.domain.errors import Unavailable
from wallet_codes.holdings import Held, HoldingsRequest
from wallet_codes.regions import Region, by_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ecert.domain.holders import HolderRef
    from wallet_codes.home import Home

__all__ = ["Card", "Citizen", "Citizens", "Shelf", "shelves"]

State = Literal["in_force", "not_yet", "expired", "withdrawn"]

_EVERY_TYPE: Final = tuple(kind.code for kind in CATALOGUE.types)


@dataclass(frozen=True, slots=True)
class Citizen:
    """Who is at the app: their home region, how windows know them, and the organisations for which they act."""

    name: str = field(repr=False)
    region: int
    ref: HolderRef
    organisations: tuple[tuple[str, HolderRef], ...] = ()

    @property
    def owners(self) -> tuple[tuple[str, HolderRef], ...]:
        """Whose certificates they may show: their own, then each organisation's."""
        return ((self.name, self.ref), *self.organisations)


class Citizens(Protocol):
    """Who may be at the app, by the name that a session holds."""

    def citizen(self, name: str) -> Citizen:
        """Find one; NotAllowed("session.missing") for a name that is nobody's (any more)."""


@dataclass(frozen=True, slots=True)
class Card:
    """One certificate on the shelf; `last_day` None is 长期, `reason` a code where it is withdrawn."""

    kind: CertificateType
    licence_id: str
    region: Region
    first_day: date
    last_day: date | None
    state: State
    reason: str | None
    is_anchored: bool
    elements: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Shelf:
    """One owner's certificates in the catalogue's order, and the regions that could not be asked."""

    owner: str = field(repr=False)
    cards: tuple[Card, ...]
    away: tuple[Region, ...]


def shelves(home: Home, citizen: Citizen, *, now: int) -> tuple[Shelf, ...]:
    """Ask every issuing region for everything of each owner."""
    return tuple(_shelf(home, name, ref, now=now) for name, ref in citizen.owners)


def _shelf(home: Home, owner: str, ref: HolderRef, *, now: int) -> Shelf:
    cards: list[Card] = []
    away: list[Region] = []
    for number, region in sorted(home.holdings.items()):
        try:
            found = region.held(HoldingsRequest(ref, _EVERY_TYPE))
        except Unavailable:
            away.append(by_number(number))
        else:
            cards += (_card(held, by_number(number), now=now) for held in found)
    return Shelf(owner, tuple(sorted(cards, key=lambda card: (card.kind.no, card.state != "in_force"))), tuple(away))


def _card(held: Held, region: Region, *, now: int) -> Card:
    read = certificate.parse(held.sd_jwt)
    return Card(
        kind=by_code(held.type_code),
        licence_id=str(read.licence),
        region=region,
        first_day=civil_day(read.nbf),
        last_day=None if read.exp is None else civil_day(read.exp - 1),
        state=_state(held, nbf=read.nbf, exp=read.exp, now=now),
        reason=held.status_reason,
        is_anchored=held.receipt is not None,
        elements={**read.elements, **{key: value for key, (value, _) in held.mutable.items()}},
    )


def _state(held: Held, *, nbf: int, exp: int | None, now: int) -> State:
    if held.status_reason is not None:
        return "withdrawn"
    if now < nbf:
        return "not_yet"
    return "expired" if exp is not None and exp <= now else "in_force"

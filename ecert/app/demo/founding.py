"""What a consortium needs before the first certificate: keys, authorities, recognitions and released lists.

Everything is judged by what was followed from the chain, so doing it again asks for what is missing only, and an
interrupted beginning goes on where it was. `ecert serve` does the same on an empty home.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from ecert.app.delta import Delta
from ecert.app.demo.acts import Act, queue
from ecert.app.demo.authorities import SEATS, Seat
from ecert.app.demo.releases import release
from ecert.app.region_keys import missing_keys
from ecert.app.wiring import House
from ecert.domain.dates import start_of_day
from ecert.domain.suites import SUITES
from issuer.authorities import Authority, establish
from ledger import acts
from verifier.recognition import Cell, cells

__all__ = ["SINCE", "bootstrap", "bootstrap_delta", "issuing_suites"]

SINCE: Final = start_of_day(date(2024, 1, 1))
"""From when everything here counts, in legal time."""

_ISSUING: Final = ("ES256", "SM2-SM3")


def bootstrap(house: House) -> None:
    """Do it all in one deployment of every region."""
    bootstrap_delta(Delta.alone(house))


def bootstrap_delta(delta: Delta) -> None:
    """Bring the chain to where authorities can issue and every region's codes can be judged; safe to repeat.

    Each region declares its own part with its own keys; the released lists they vote for together.
    """
    delta.settle()
    for house in delta.each:
        queue(delta, [*_region_keys(house), *_authorities(house), *_recognitions(house)])
    delta.settle()
    release(delta)


def issuing_suites() -> tuple[str, ...]:
    """Name the suites that this process can issue with: SM2-SM3 only where Python's libcrypto has it."""
    return tuple(name for name in _ISSUING if SUITES[name].available)


def _region_keys(house: House) -> Iterator[Act]:
    for region in house.floor.regions:
        for call in missing_keys(
            house.floor.keys, region, trust=house.replica.trust, directory=house.directory, since=SINCE
        ):
            yield region, call


def _authorities(house: House) -> Iterator[Act]:
    for seat in SEATS:
        if seat.region in house.floor.regions:
            for call in establish(house.issuer, _authority(seat), now=house.floor.now()):
                yield seat.region, call


def _authority(seat: Seat) -> Authority:
    return Authority(
        uscc=seat.uscc,
        region=seat.region,
        division=seat.division,
        name=seat.name,
        suites=issuing_suites(),
        types=seat.types,
        not_before=SINCE,
    )


def _recognitions(house: House) -> Iterator[Act]:
    for region in house.floor.regions:
        own = (cell for cell in cells() if cell.accepting == str(region))
        missing = [(cell.type_code, cell.issuing, cell.accepted) for cell in own if not _is_said(house, cell)]
        if missing:
            yield region, acts.recognise(house.directory, accepting=str(region), cells=missing, since=SINCE)


def _is_said(house: House, cell: Cell) -> bool:
    """Whatever a region has said stands: it may have changed its mind since."""
    now = house.floor.now()
    said = house.replica.trust.recognises(
        accepting=cell.accepting, type_code=cell.type_code, issuing=cell.issuing, at=now, known_at=now
    )
    return said is not None

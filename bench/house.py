"""A whole house for the benchmarks that need one: founded on the embedded chain, one doctor's licence issued in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Final

from bench.shapes import ELEMENTS, HOLDER, KIND
from ecert.app.demo.authorities import seat_for
from ecert.app.demo.founding import bootstrap
from ecert.app.wiring import House, open_house
from ecert.runtime.clock import WallClock
from ecert.runtime.settings import load_settings
from issuer import IssueRequest

__all__ = ["REGION", "opened", "request"]

REGION: Final = 32


@contextmanager
def opened(home: Path, **settings: str) -> Iterator[House]:
    """Open a house under `home`, founded and bootstrapped; its chain makes a block a second."""
    house = open_house(load_settings({"ECERT_HOME": str(home), **settings}), WallClock())
    try:
        bootstrap(house)
        yield house
    finally:
        house.close()


def request() -> IssueRequest:
    """Ask for a certificate of the fixed shape."""
    return IssueRequest(
        authority=seat_for(REGION, KIND.no).uscc,
        type_code=KIND.code,
        division=str(REGION),
        holders=(HOLDER,),
        elements=ELEMENTS,
        first_day=date(2026, 1, 15),
    )

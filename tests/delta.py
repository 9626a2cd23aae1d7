"""Four deployments over one embedded chain, each with its own home and port, speaking loopback HTTP to one another.

A test asks `delta.of(region)` for a deployment as its rooms see it, or `url(delta, region)` over HTTP from outside.
Time stands still but where the chain needs its next second, as in tests/world.py.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ecert.app.delta import Delta
from ecert.app.demo.founding import bootstrap_delta
from ecert.app.demo.people import household
from ecert.app.demo.stock import Stock
from ecert.app.demo.wants import Want
from ecert.app.regions import free_ports, opened, plan
from ecert.app.wiring import open_house
from ecert.domain import ids
from ecert.runtime.clock import WallClock
from ledger.drivers.embedded import open_embedded
from tests.world import BEGINNING, Time, settings_of
from wallet_codes.mint import MintRequest, mint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ecert.app.regions import Plan
    from ecert.domain.holders import HolderRef
    from ecert.runtime.clock import Clock
    from ecert.runtime.settings import Settings
    from ledger.port import Ledger

__all__ = ["ITEM", "LI", "WANTS", "code_of", "driver", "furnish", "laid_out", "new_key", "standing", "together", "url"]

ITEM = "EC-0001"
LI = household(32, 1).people["husband"]
WANTS = (Want(1, "ES256", 32, 32, 1), Want(24, "ES256", 32, 32, 1))
"""Mr Li's identity card and real-estate certificate, from Jiangsu."""


@contextmanager
def standing(home: Path, *, is_real: bool = False, **more: str) -> Iterator[Delta]:
    """Open four deployments, bootstrapped; `is_real` lets the machine's clock tell the time."""
    time = Time(BEGINNING)
    way = opened(laid_out(home, **more), WallClock()) if is_real else _still(laid_out(home, **more), time)
    with way as delta:
        bootstrap_delta(delta)
        yield delta


@contextmanager
def together(home: Path) -> Iterator[Delta]:
    """Open one deployment of all four regions, bootstrapped, to be asked in the same way."""
    time = Time(BEGINNING)
    house = open_house(settings_of(home), time, drivers={"embedded": driver(time)})
    try:
        delta = Delta.alone(house)
        bootstrap_delta(delta)
        yield delta
    finally:
        house.close()


def _still(laid: Plan, time: Time) -> AbstractContextManager[Delta]:
    return opened(laid, time, drivers={"embedded": driver(time)})


def laid_out(home: Path, **more: str) -> Plan:
    return plan(home, free_ports(), more={"ECERT_BATCH_SECONDS": "0", **more})


def driver(time: Time) -> Callable[[str, Settings, Clock], Ledger]:
    def opened_chain(rest: str, settings: Settings, _clock: Clock) -> Ledger:
        return open_embedded(Path(rest), clock=time.now, heartbeat=settings.heartbeat, wait=time.wait)

    return opened_chain


def furnish(delta: Delta) -> dict[int, str]:
    """Issue Mr Li's two certificates; return their licence identifiers by type number."""
    stock = Stock(delta)
    stock.fill((), WANTS)
    delta.settle()
    return {want.type_no: stock.certificates[want, ""] for want in WANTS}


def code_of(delta: Delta, holder: HolderRef = LI.ref, *, kind: str = "online", item: str = ITEM) -> str:
    """Mint a code at Jiangsu's app."""
    home = delta.of(32)
    request = MintRequest(region=32, holder=holder, kind=kind, item=item, types=(), agent_for=None, typed=False)
    return mint(home.home, request, now=home.floor.now()).text


def url(delta: Delta, region: int) -> str:
    """Tell where a region answers."""
    return delta.of(region).floor.settings.public_url


def new_key() -> str:
    """Give an idempotency key that was not used before."""
    return ids.new_token(64)

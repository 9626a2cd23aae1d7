"""Four deployments over one embedded chain, each with its own home, database and port, speaking loopback HTTP.

A test asks `delta.of(region)` for a deployment as its rooms see it, or `url(delta, region)` over HTTP from outside.
Time stands still but where the chain needs its next second, as in tests/world.py.
"""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

from ecert.app.delta import Delta
from ecert.app.demo.founding import bootstrap_delta
from ecert.app.demo.people import household
from ecert.app.demo.stock import Stock
from ecert.app.demo.wants import Want
from ecert.app.regions import free_ports, opened, plan
from ecert.domain import ids
from ecert.runtime.clock import WallClock
from ledger.drivers.embedded import open_embedded
from tests import world
from tests.databases import copy_home, environment
from tests.world import BEGINNING, CLOCK_FILE, Time
from wallet_codes.mint import MintRequest, mint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ecert.app.regions import Plan
    from ecert.domain.holders import HolderRef
    from ecert.runtime.clock import Clock
    from ecert.runtime.settings import Settings
    from ledger.port import Ledger

__all__ = [
    "ITEM",
    "LI",
    "WANTS",
    "code_of",
    "copied",
    "driver",
    "furnish",
    "laid_out",
    "new_key",
    "settle_judged",
    "standing",
    "together",
    "url",
]

ITEM = "EC-0001"
LI = household(32, 1).people["husband"]
_PATIENCE, _PAUSE = 90.0, 0.2
WANTS = (Want(1, "ES256", 32, 32, 1), Want(24, "ES256", 32, 32, 1))
"""Mr Li's identity card and real-estate certificate, from Jiangsu."""


@contextmanager
def standing(templates: Path, home: Path, *, is_real: bool = False, **more: str) -> Iterator[Delta]:
    """Open four deployments, bootstrapped; `is_real` lets the machine's clock tell the time."""
    laid, time = copied(templates, home, is_real=is_real, **more)
    with _opened(laid, time) as delta:
        delta.settle()
        yield delta


def copied(templates: Path, home: Path, *, is_real: bool = False, **more: str) -> tuple[Plan, Clock]:
    """Copy four deployments that whoever comes first founds and bootstraps among a run's `templates`, none open yet."""
    template = templates / ("regions-real" if is_real else "regions")
    if not template.exists():
        _found(template, is_real=is_real)
    home.mkdir(mode=0o700)
    for entry in template.iterdir():
        copy_home(entry, home / entry.name) if entry.is_dir() else shutil.copy(entry, home)
    return laid_out(home, **more), WallClock() if is_real else Time(float((home / CLOCK_FILE).read_text("ascii")))


def _found(template: Path, *, is_real: bool) -> None:
    time = WallClock() if is_real else Time(BEGINNING)
    try:
        with _opened(laid_out(template), time) as delta:
            bootstrap_delta(delta)
            delta.settle()
        (template / CLOCK_FILE).write_text(f"{time.now()}", "ascii")
    except BaseException:
        shutil.rmtree(template)  # half a world would fail everybody after, for no reason of theirs
        raise


@contextmanager
def together(templates: Path, home: Path) -> Iterator[Delta]:
    """Open one deployment of all four regions, bootstrapped, to be asked in the same way."""
    with world.copied(templates / "world", home) as opened_world:
        yield Delta.alone(opened_world.house)


def _opened(laid: Plan, time: Clock) -> AbstractContextManager[Delta]:
    return opened(laid, time, drivers={"embedded": driver(time)}) if isinstance(time, Time) else opened(laid, time)


def laid_out(home: Path, **more: str) -> Plan:
    """Lay out four deployments with free ports, and databases as this run has them."""
    laid = plan(home, free_ports(), more={"ECERT_BATCH_SECONDS": "0", **more})
    own = {region: {**told, **environment(home / str(region))} for region, told in laid.environments.items()}
    return replace(laid, environments=own)


def driver(time: Time) -> Callable[[str, Settings, Clock], Ledger]:
    def opened_chain(rest: str, settings: Settings, _clock: Clock) -> Ledger:
        return open_embedded(Path(rest), clock=time.now, heartbeat=settings.heartbeat, wait=time.wait)

    return opened_chain


def settle_judged(delta: Delta, region: int, *, by: tuple[int, ...]) -> None:
    """Settle until each has judged all of a region's log: one that did not answer is asked again after a rest."""
    give_up = monotonic() + _PATIENCE
    delta.settle()
    while any(delta.of(other).replica.unjudged(region) for other in by):
        assert monotonic() < give_up, [delta.of(other).replica.judged_logs for other in by]
        sleep(_PAUSE)
        delta.settle()


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

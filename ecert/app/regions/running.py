"""Four deployments over one chain: founded with each region's own keys, each with its own database and replica.

Where the chain is embedded, which one process owns, all of them run in this process and still speak to one another over
loopback HTTP alone. On the consortium's network each is a process of its own (ecert.app.regions.apart).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

import uvicorn

from ecert.app.asgi import create_app
from ecert.app.delta import Delta
from ecert.app.floor import Drivers
from ecert.app.migrations import migrate
from ecert.app.regions.plan import HOST, Plan
from ecert.app.wiring import DRIVERS, House, account, announce, found, open_house
from ecert.domain.errors import Unavailable
from ecert.runtime.clock import Clock
from ecert.runtime.keys import open_keys
from ecert.runtime.settings import load_settings
from ecert.runtime.storage import open_database
from ledger.port import Account, Ledger
from ledger.sending import Sending

__all__ = ["found_chain", "open_chain", "opened", "raised", "serving"]

_PATIENCE: Final = 60.0


@contextmanager
def opened(laid: Plan, clock: Clock, *, drivers: Drivers = DRIVERS) -> Iterator[Delta]:
    """Open all four in this process and let each answer at its port; Unavailable("gateway.port") where one is taken."""
    with ExitStack() as undo:
        delta = undo.enter_context(raised(laid, clock, drivers=drivers))
        for region, house in delta.houses.items():
            undo.enter_context(serving(house, laid.ports[region]))
        announce(delta.of(min(delta.houses)), laid.url(min(delta.houses)))
        yield delta


@contextmanager
def raised(laid: Plan, clock: Clock, *, drivers: Drivers = DRIVERS) -> Iterator[Delta]:
    """Open all four in this process, founded, while none of them answers yet."""
    with ExitStack() as undo:
        ledger = open_chain(laid, clock, drivers)
        undo.callback(ledger.close)
        consortium = found_chain(laid, ledger, clock)
        shared = {laid.ledger.partition(":")[0]: lambda _rest, _settings, _clock: ledger}
        houses = {}
        for region in laid.ports:
            houses[region] = house = open_house(laid.settings(region, consortium), clock, drivers=shared)
            undo.callback(_close_but_chain, house)
        yield Delta(houses)


@contextmanager
def serving(house: House, port: int) -> Iterator[str]:
    """Answer for a house in a thread of this process."""
    config = uvicorn.Config(
        create_app(house), host=HOST, port=port, log_config=None, access_log=False, server_header=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name=f"serving-{port}")
    thread.start()
    try:
        _await(server, thread, port)
        yield f"http://{HOST}:{port}"
    finally:
        server.should_exit = True
        thread.join()


def _await(server: uvicorn.Server, thread: threading.Thread, port: int) -> None:
    give_up = time.monotonic() + _PATIENCE
    while not server.started:
        if not thread.is_alive() or time.monotonic() > give_up:
            raise Unavailable("gateway.port", f"port {port} cannot be served")
        time.sleep(0.02)


def open_chain(laid: Plan, clock: Clock, drivers: Drivers = DRIVERS) -> Ledger:
    """Open the chain that all of them stand on."""
    settings = load_settings(next(iter(laid.environments.values())))
    laid.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    scheme, _, rest = settings.ledger.partition(":")
    return drivers[scheme](rest, settings, clock)


def found_chain(laid: Plan, ledger: Ledger, clock: Clock) -> bytes:
    """Found the chain where it is new: a queue of its own, and each region's part signed from its own custody."""
    custodies = {region: open_keys(load_settings(each).signer) for region, each in laid.environments.items()}

    def opened_account(name: str) -> Account:
        return account(custodies[int(name[:2])].secret(f"chain-{name}"))

    database = open_database(f"sqlite:///{laid.home}/founding.sqlite")
    try:
        migrate(database)
        sending = Sending(database, ledger, opened_account)
        return found(sending, tuple(laid.ports), lambda: int(clock.now())).consortium
    finally:
        database.close()


def _close_but_chain(house: House) -> None:
    if house.writer is not None:
        house.writer.close()
    house.floor.database.close()

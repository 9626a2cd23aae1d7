"""A command's way to the chain: take its lock where nobody holds it, else sign here and go through its holder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import httpx

from ecert.app.wiring import House, account, encode, open_house, server_of, sign_through
from ecert.domain.errors import Unavailable
from ecert.runtime.clock import Clock
from ecert.runtime.keys import open_keys
from ecert.runtime.settings import Settings
from ledger.acting import Acting, act_here, act_through
from ledger.directory import Directory
from ledger.replica import open_replica

__all__ = ["acting", "opened"]

_TIMEOUT: Final = 3.0
_CONTRACTS: Final = ("Consortium", "TrustRegistry", "CertificateAnchor", "StatusRegistry")


@contextmanager
def opened(settings: Settings, clock: Clock) -> Iterator[House]:
    """Open the house for a command and close it behind it."""
    house = open_house(settings, clock)
    try:
        house.settle()
        yield house
    finally:
        house.close()


@contextmanager
def acting(settings: Settings, clock: Clock) -> Iterator[Acting]:
    """Give a command its way to act; Unavailable("ledger.locked") where the holder does not say where it answers.

    On the network nobody holds the chain, but a server holds the replica and the queue of nonces: it is asked as well.
    """
    try:
        house = open_house(settings, clock)
    except Unavailable as fault:
        url = _server(settings, fault.code)
        if url is None:
            raise
        yield _through(settings, clock, url)
        return
    try:
        house.settle()
        act = act_here(house.floor.sending, house.settle, house.floor.now)
        yield Acting(house.directory, house.replica, act, house.floor.ledger.encode, house.floor.now)
    finally:
        house.close()


def _server(settings: Settings, code: str) -> str | None:
    scheme, _, path = settings.ledger.partition(":")
    if scheme == "embedded":
        return server_of(Path(path)) if code == "ledger.locked" else None
    return settings.public_url if code == "replica.locked" else None


def _through(settings: Settings, clock: Clock, url: str) -> Acting:
    keys, (directory, chain_id) = open_keys(settings.signer), _ask(url)
    act = act_through(
        url,
        account=lambda name: account(keys.secret(f"chain-{name}")),
        sign=partial(sign_through, chain_id=chain_id),
    )
    return Acting(directory, open_replica(settings.replica), act, encode, lambda: int(clock.now()))


def _ask(url: str) -> tuple[Directory, int]:
    """Ask the server where the contracts stand and which chain it is."""
    try:
        told = httpx.get(f"{url}/api/v1/chain", timeout=_TIMEOUT, trust_env=False).json()
        addresses = [bytes.fromhex(told["contracts"][name][2:]) for name in _CONTRACTS]
        return Directory(*addresses), int(told["chain_id"])
    except (httpx.HTTPError, LookupError, TypeError, ValueError) as fault:
        raise Unavailable("ledger.server_away", url) from fault

"""`ecert network up` and `found`, and the regions' stay on a network here: every key stays in its own region's home.

A network is founded once: the contracts, the regions, the demonstration's people. What stands already is left as it
is, so that a founding that was interrupted goes on where it was.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from ecert.app.demo.founding import bootstrap_delta
from ecert.app.demo.furnishing import furnish_people
from ecert.app.network.plan import BARE, DONE, DUE, read_plan, write_plan
from ecert.app.network.plan import Plan as Network
from ecert.app.network.processes import is_up, stop
from ecert.app.network.raising import lay, raise_all, tell
from ecert.app.regions.plan import FIRST_PORT, Plan, plan_of, ports_from
from ecert.app.regions.running import raised
from ecert.app.wiring import account
from ecert.domain.errors import Conflict, NotFound
from ecert.runtime.clock import Clock
from ecert.runtime.keys import open_keys
from ecert.runtime.settings import Settings, load_settings

__all__ = ["found", "on_network", "up"]


def up(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    """Make what is missing, start what is down, and return when block 3 is final."""
    is_bare = args.bare or args.founder is not None
    network = _bare(settings, args.founder) if is_bare else _of_regions(settings)
    raise_all(network, now=clock.now)
    tell(network)
    return 0


def found(settings: Settings, clock: Clock) -> int:
    """Let the regions found their consortium on a network that runs; once it is done there is nothing to do.

    NotFound("network.absent"), Conflict("network.bare"), and Unavailable("ledger.*") where the validators are down.
    """
    network = read_plan(settings.home / "network")
    if network is None:
        raise NotFound("network.absent", "ecert network up")
    _hold_ours(network)
    if network.founding == DUE:
        laid = plan_of(settings, ports_from(FIRST_PORT), chain=network.settings())
        with raised(laid, clock) as delta:
            bootstrap_delta(delta)
            furnish_people(delta)
        write_plan(replace(network, founding=DONE))
    print(f"各地区已以自己的密钥建立联盟 / the regions founded it, each by its own key: {network.consortium}")
    print(f"  ECERT_HOME={settings.home}/regions/31 ECERT_REGIONS=31 ecert consortium show    make regions")
    return 0


@contextmanager
def on_network(settings: Settings, clock: Clock) -> Iterator[Mapping[str, str]]:
    """Stand on the network of this machine, with its settings; what was down before is ended afterwards.

    Conflict("network.bare") where it was made for other founders than the regions.
    """
    network = _of_regions(settings)
    _hold_ours(network)
    down = [node for node in network.nodes if not is_up(network, node)]
    try:
        raise_all(network, now=clock.now)
        yield network.settings()
    finally:
        for node in down:
            stop(network, node)


def _hold_ours(network: Network) -> None:
    if network.founding == BARE:
        raise Conflict("network.bare", str(network.root))


def _of_regions(settings: Settings) -> Network:
    """Take the network that is there, or make one whose founders are the regions' own keys in their homes."""
    laid = plan_of(settings, ports_from(FIRST_PORT))
    return _laid(settings, lambda: [_admin(region, _signer(laid, region)) for region in laid.ports], founding=DUE)


def _bare(settings: Settings, founders: list[str] | None) -> Network:
    regions = ports_from(FIRST_PORT)
    return _laid(settings, lambda: founders or [_admin(region, settings.signer) for region in regions], founding=BARE)


def _laid(settings: Settings, founders: Callable[[], list[str]], *, founding: str) -> Network:
    return lay(settings.home / "network", founders, founding=founding, heartbeat=settings.heartbeat)


def _signer(laid: Plan, region: int) -> str:
    return load_settings(laid.environments[region]).signer


def _admin(region: int, signer: str) -> str:
    """Return the address of a region's admin key, which is made on first use."""
    return "0x" + account(open_keys(signer).secret(f"chain-{region}-admin")).address.hex()

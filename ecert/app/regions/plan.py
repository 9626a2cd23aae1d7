"""What each region's deployment is told: its own home (database, keys, replica), its port and its neighbours."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ecert.runtime.settings import REGIONS, Settings, load_settings

__all__ = ["FIRST_PORT", "Plan", "free_ports", "plan", "plan_of", "ports_from"]

FIRST_PORT: Final = 8031
HOST: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Plan:
    """Every region's environment (ECERT_*), but for the Consortium's address, which is known once it is founded."""

    home: Path
    environments: Mapping[int, Mapping[str, str]]
    ports: Mapping[int, int]

    @property
    def ledger(self) -> str:
        """The one chain that all of them stand on."""
        return next(iter(self.environments.values()))["ECERT_LEDGER"]

    def environment(self, region: int, consortium: bytes) -> dict[str, str]:
        """Give a region's environment, whole."""
        return {**self.environments[region], "ECERT_CONSORTIUM": "0x" + consortium.hex()}

    def settings(self, region: int, consortium: bytes) -> Settings:
        """Give a region's settings."""
        return load_settings(self.environment(region, consortium))

    def url(self, region: int) -> str:
        """Tell where a region answers."""
        return f"http://{HOST}:{self.ports[region]}"


def plan(
    home: Path,
    ports: Mapping[int, int],
    *,
    chain: Mapping[str, str] | None = None,
    more: Mapping[str, str] | None = None,
) -> Plan:
    """Lay out one deployment a region under `home`; `more` is set for each of them alike.

    `chain` are the settings of a network: each region asks its own validator first, in the order of the regions.
    """
    urls = {region: f"http://{HOST}:{port}" for region, port in ports.items()}
    told = chain or {"ECERT_LEDGER": f"embedded:{home}/chain.sqlite"}
    environments = {
        region: {
            **_turned(told, list(ports).index(region)),
            **(more or {}),
            "ECERT_HOME": str(home / str(region)),
            "ECERT_REGIONS": str(region),
            "ECERT_PUBLIC_URL": urls[region],
            "ECERT_PEERS": ",".join(f"{other}={url}" for other, url in urls.items() if other != region),
        }
        for region in ports
    }
    return Plan(home, environments, ports)


def plan_of(settings: Settings, ports: Mapping[int, int], *, chain: Mapping[str, str] | None = None) -> Plan:
    """Lay out this machine's four deployments under its home, which share what `settings` say of pace and words."""
    shared = {
        "ECERT_HEARTBEAT": str(settings.heartbeat),
        "ECERT_CODE_SECONDS": str(settings.code_seconds),
        "ECERT_BATCH_SIZE": str(settings.batch_size),
        "ECERT_BATCH_SECONDS": str(settings.batch_seconds),
        "ECERT_DEMO": "1" if settings.demo else "0",
        "ECERT_LOG": settings.log,
    }
    return plan(settings.home / "regions", ports, chain=chain, more=shared)


def _turned(chain: Mapping[str, str], place: int) -> dict[str, str]:
    """Put a region's own validator first; a chain that is embedded has none."""
    scheme, found, places = chain["ECERT_LEDGER"].partition("://")
    if not found:
        return dict(chain)
    turned = {"ECERT_LEDGER": f"{scheme}://{_from(places, place)}"}
    if "ECERT_CONSENSUS" in chain:
        turned["ECERT_CONSENSUS"] = _from(chain["ECERT_CONSENSUS"], place)
    return {**chain, **turned}


def _from(places: str, place: int) -> str:
    every = places.split(",")
    first = place % len(every)
    return ",".join([*every[first:], *every[:first]])


def ports_from(first: int) -> dict[int, int]:
    """Give each region a port, in their order."""
    return {int(region): first + place for place, region in enumerate(REGIONS)}


def free_ports(regions: Iterable[str] = REGIONS) -> dict[int, int]:
    """Find a free loopback port for each region; another process may still be first."""
    with ExitStack() as held:
        found = {int(region): held.enter_context(socket.socket()) for region in regions}
        for each in found.values():
            each.bind((HOST, 0))
        return {region: each.getsockname()[1] for region, each in found.items()}

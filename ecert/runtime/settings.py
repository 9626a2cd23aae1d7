"""What an operator may set: every ECERT_* variable, read once at the start and refused by name when wrong.

>>> load_settings({"ECERT_HOME": "/srv/ecert"}).database
'sqlite:////srv/ecert/ecert.sqlite'
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ecert.domain.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Mapping

REGIONS: Final = ("31", "32", "33", "34")
FOLLOWER: Final = "follower"
ROLES: Final = ("issuer", "wallet", "verifier", FOLLOWER)
"""What a process may do: answer for a room, or run the loop that closes batches, sends and follows."""
LOG_LEVELS: Final = ("debug", "info", "warning", "error")

_PREFIX: Final = "ECERT_"
_LEDGER: Final = re.compile(r"embedded:.+|rpc\+https?://[^\s,]+(,[^\s,]+)*")
_CONSENSUS: Final = re.compile(r"([^\s,/]+(,[^\s,/]+)*)?")
_DATABASE: Final = re.compile(r"sqlite:///.+|postgresql\+psycopg://\S+")
_SIGNER: Final = re.compile(r"[a-z][a-z0-9]*:\S+")
_URL: Final = r"https?://[^\s/?#@,=]+"
_PUBLIC_URL: Final = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*[^\s?#/])?")
_PEERS: Final = re.compile(rf"({'|'.join(REGIONS)})={_URL}(,({'|'.join(REGIONS)})={_URL})*")
_NETWORK: Final = r"[0-9a-f.:]+/[0-9]{1,3}"
_NETWORKS: Final = re.compile(rf"({_NETWORK}(,{_NETWORK})*)?")
_AGREED: Final = re.compile(r"([1-9][0-9]=[1-9][0-9]{0,17}(,[1-9][0-9]=[1-9][0-9]{0,17})*)?")
_CONSORTIUM: Final = re.compile(r"0x[0-9a-f]{40}")
_ANY: Final = re.compile(r".+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process; paths are relative to the working directory, durations are seconds."""

    home: Path
    ledger: str
    consensus: tuple[str, ...]
    genesis: Path
    ledger_tls: Path | None
    database: str = field(repr=False)
    database_connections: int
    signer: str = field(repr=False)
    replica: Path
    regions: tuple[str, ...]
    roles: frozenset[str]
    public_url: str
    peers: Mapping[int, str]
    ca_file: str | None
    consortium: bytes | None
    audit_agreed: frozenset[tuple[int, int]]
    heartbeat: int
    callback_networks: tuple[IPv4Network | IPv6Network, ...]
    code_seconds: int
    batch_size: int
    batch_seconds: int
    demo: bool
    log: str


def load_settings(env: Mapping[str, str]) -> Settings:
    """Read ECERT_* of `env`, an empty value as unset; Malformed `settings.unknown` or `settings.value`."""
    read = _Reader({name: text for name, text in env.items() if name.startswith(_PREFIX) and text})
    home = read.text("HOME", _ANY, "var")
    regions, peers = read.several("REGIONS", REGIONS), read.peers()
    consortium = read.maybe("CONSORTIUM", _CONSORTIUM)
    settings = Settings(
        home=Path(home),
        ledger=read.text("LEDGER", _LEDGER, f"embedded:{home}/chain.sqlite"),
        consensus=tuple(filter(None, read.text("CONSENSUS", _CONSENSUS, "").split(","))),
        genesis=Path(read.text("GENESIS", _ANY, f"{home}/genesis.json")),
        ledger_tls=read.folder("LEDGER_TLS"),
        database=read.text("DATABASE", _DATABASE, f"sqlite:///{home}/ecert.sqlite"),
        database_connections=read.number("DATABASE_CONNECTIONS", 40, range(2, 1001)),
        signer=read.text("SIGNER", _SIGNER, f"file:{home}/keys"),
        replica=Path(read.text("REPLICA", _ANY, f"{home}/replica")),
        regions=regions,
        roles=frozenset(read.several("ROLES", ROLES)),
        public_url=read.text("PUBLIC_URL", _PUBLIC_URL, "http://127.0.0.1:8000"),
        peers={region: url for region, url in peers.items() if str(region) not in regions},
        ca_file=read.maybe("CA_FILE", _ANY),
        consortium=bytes.fromhex(consortium[2:]) if consortium else None,
        audit_agreed=read.agreed("AUDIT_AGREED"),
        heartbeat=read.number("HEARTBEAT", 60, range(1, 3601)),
        callback_networks=read.networks("CALLBACK_NETWORKS"),
        code_seconds=read.number("CODE_SECONDS", 60, range(5, 601)),
        batch_size=read.number("BATCH_SIZE", 1000, range(1, 1_000_001)),
        batch_seconds=read.number("BATCH_SECONDS", 1, range(3601)),
        demo=read.text("DEMO", re.compile("0|1"), "0") == "1",
        log=read.text("LOG", re.compile("|".join(LOG_LEVELS)), "info"),
    )
    read.hold_nothing_left()
    if FOLLOWER not in settings.roles and settings.ledger.startswith("embedded:"):
        raise Malformed("settings.value", "ECERT_ROLES without follower: an embedded chain has one process alone")
    return settings


class _Reader:
    """Reads each variable once, so that what is left is unknown; errors show no value: it may be secret."""

    def __init__(self, values: dict[str, str]) -> None:
        self._left = values

    def text(self, name: str, form: re.Pattern[str], default: str) -> str:
        text = self._left.pop(_PREFIX + name, default)
        if not form.fullmatch(text):
            raise Malformed("settings.value", f"{_PREFIX}{name} is not of its form")
        return text

    def folder(self, name: str) -> Path | None:
        return Path(self.text(name, _ANY, "")) if _PREFIX + name in self._left else None

    def maybe(self, name: str, form: re.Pattern[str]) -> str | None:
        return self.text(name, form, "") if _PREFIX + name in self._left else None

    def peers(self) -> dict[int, str]:
        listed = (self.maybe("PEERS", _PEERS) or "").split(",")
        pairs = [pair.partition("=") for pair in listed if pair]
        if len({region for region, _, _ in pairs}) < len(pairs):
            raise Malformed("settings.value", f"{_PREFIX}PEERS names a region twice")
        return {int(region): url for region, _, url in pairs}

    def agreed(self, name: str) -> frozenset[tuple[int, int]]:
        pairs = [each.partition("=") for each in self.text(name, _AGREED, "").split(",") if each]
        return frozenset((int(region), int(number)) for region, _, number in pairs)

    def networks(self, name: str) -> tuple[IPv4Network | IPv6Network, ...]:
        try:
            return tuple(ip_network(each) for each in self.text(name, _NETWORKS, "").split(",") if each)
        except ValueError:
            raise Malformed("settings.value", f"{_PREFIX}{name} is not of its form") from None

    def number(self, name: str, default: int, bounds: range) -> int:
        digits = self.text(name, _ANY, str(default))
        if not re.fullmatch(r"[0-9]{1,9}", digits) or int(digits) not in bounds:
            raise Malformed("settings.value", f"{_PREFIX}{name} is not {bounds.start} to {bounds.stop - 1}")
        return int(digits)

    def several(self, name: str, known: tuple[str, ...]) -> tuple[str, ...]:
        text = self.text(name, _ANY, "all")
        chosen = known if text == "all" else tuple(text.split(","))
        if not set(chosen) <= set(known) or len(set(chosen)) < len(chosen):
            raise Malformed("settings.value", f"{_PREFIX}{name} is not all or some of {','.join(known)}")
        return chosen

    def hold_nothing_left(self) -> None:
        if self._left:
            raise Malformed("settings.unknown", ", ".join(sorted(self._left)))

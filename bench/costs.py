"""What things cost, as last measured: seconds by `make bench` and `make bench-network`, gas by docs/contracts.md.

Bytes of a house are bench/weights.py's, bytes on a validator `make bench-network`'s.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from bench.network.names import ANCHOR, BLOCK, BUSY, CHANGE, EMPTY, FURTHER, UNDER_LOAD
from bench.table import PAGE, ROOT, marks
from bench.weights import Weights, load

__all__ = ["Chain", "Costs", "Following", "committed", "newest"]

_CONTRACTS: Final = ROOT / "docs" / "contracts.md"
_CHAIN: Final = Path(__file__).with_name("chain.toml")
_VERDICTS: Final = "API verifications, 2 workers"
_REDEEM: Final = "redeem it and judge the answer"
_ISSUED: Final = "issue and anchor 100,000 certificates, 1 process"


@dataclass(frozen=True, slots=True)
class Chain:
    """What a validator keeps: bytes a block, an anchor, a status change, and a further validator's part of a block.

    `block_seconds` is the time between two blocks under load.
    """

    block: float
    anchor: float
    change: float
    block_seconds: float
    block_gas: int
    validator_block: int


@dataclass(frozen=True, slots=True)
class Following:
    """What following takes, microseconds: an empty block, one with a transaction, each further one in a block."""

    empty: float
    busy: float
    further: float


@dataclass(frozen=True, slots=True)
class Costs:
    """Everything that the simulation counts with; rates are per second and process."""

    run: str
    network: str
    verdicts: float
    redemptions: float
    issued: float
    anchor_gas: int
    change_gas: int
    weights: Weights
    chain: Chain
    following: Following


def newest() -> Costs:
    """Take the newest runs' figures where var/ has them, else the committed ones."""
    return _costs(_newest("bench"), _newest("bench-network"))


def committed() -> Costs:
    """Take the figures of docs/performance.md, whatever was measured since."""
    return _costs(_committed("bench"), _committed("bench-network"))


Run = tuple[str, dict[str, float]]
"""Where and when, and each row's median by its name."""


def _newest(name: str) -> Run:
    path = ROOT / "var" / f"{name}.json"
    if not path.exists():
        return _committed(name)
    return f"var/{name}.json", {row["name"]: row["median"] for row in orjson.loads(path.read_bytes())}


def _committed(name: str) -> Run:
    begin, end = marks(name)
    table = PAGE.read_text("utf-8").partition(begin)[2].partition(end)[0]
    cells = [[cell.strip() for cell in line.split("|")[1:3]] for line in table.splitlines() if line.startswith("| ")]
    medians = {name: float(number.replace(",", "")) for name, number in cells if re.fullmatch(r"[\d,.]+", number)}
    return table.partition(":")[0].strip(), medians


def _costs(house: Run, network: Run) -> Costs:
    (run, times), (other, found) = house, network
    constants = tomllib.loads(_CHAIN.read_text("utf-8"))
    return Costs(
        run=run,
        network=other,
        verdicts=times[_VERDICTS] / 2,
        redemptions=1e3 / times[_REDEEM],
        issued=times[_ISSUED],
        anchor_gas=_gas("CertificateAnchor.anchor", "the next"),
        change_gas=_gas("StatusRegistry.setStatus", "one index, a fresh word"),
        weights=load(),
        chain=Chain(found[BLOCK], found[ANCHOR], found[CHANGE], found[UNDER_LOAD], **constants),
        following=Following(found[EMPTY], found[BUSY], found[FURTHER]),
    )


def _gas(call: str, case: str) -> int:
    (found,) = re.findall(
        rf"(?m)^\| `{re.escape(call)}` \| {re.escape(case)} \| ([\d,]+) \|$", _CONTRACTS.read_text("utf-8")
    )
    return int(found.replace(",", ""))

"""What things cost, as last measured: seconds by `make bench`, bytes by bench/weights.py, gas by docs/contracts.md."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from bench.table import PAGE, ROOT, marks
from bench.weights import Weights, load

__all__ = ["Chain", "Costs", "committed", "newest"]

NEWEST: Final = ROOT / "var" / "bench.json"
_CONTRACTS: Final = ROOT / "docs" / "contracts.md"
_CHAIN: Final = Path(__file__).with_name("chain.toml")
_VERDICTS: Final = "API verifications, 2 workers"
_REDEEM: Final = "redeem it and judge the answer"
_ISSUED: Final = "issue and anchor 100,000 certificates, 1 process"


@dataclass(frozen=True, slots=True)
class Chain:
    """What a validator keeps: bytes a block, an anchor, a status change, and a further validator's part of a block."""

    run: str
    block: int
    anchor: int
    change: int
    block_seconds: float
    block_gas: int
    validator_block: int


@dataclass(frozen=True, slots=True)
class Costs:
    """Everything that the simulation counts with; rates are per second and process."""

    run: str
    verdicts: float
    redemptions: float
    issued: float
    anchor_gas: int
    change_gas: int
    weights: Weights
    chain: Chain


def newest() -> Costs:
    """Take the newest run's times where var/bench.json has one, else the committed ones."""
    if not NEWEST.exists():
        return committed()
    return _costs({row["name"]: row["median"] for row in orjson.loads(NEWEST.read_bytes())}, "var/bench.json")


def committed() -> Costs:
    """Take the times of docs/performance.md, whatever was measured since."""
    begin, end = marks("bench")
    table = PAGE.read_text("utf-8").partition(begin)[2].partition(end)[0]
    cells = [[cell.strip() for cell in line.split("|")[1:3]] for line in table.splitlines() if line.startswith("| ")]
    times = {name: float(number.replace(",", "")) for name, number in cells if re.fullmatch(r"[\d,.]+", number)}
    return _costs(times, table.partition(":")[0].strip())


def _costs(times: dict[str, float], run: str) -> Costs:
    return Costs(
        run=run,
        verdicts=times[_VERDICTS] / 2,
        redemptions=1e3 / times[_REDEEM],
        issued=times[_ISSUED],
        anchor_gas=_gas("CertificateAnchor.anchor", "the next"),
        change_gas=_gas("StatusRegistry.setStatus", "one index, a fresh word"),
        weights=load(),
        chain=Chain(**_table(_CHAIN)),
    )


def _gas(call: str, case: str) -> int:
    (found,) = re.findall(
        rf"(?m)^\| `{re.escape(call)}` \| {re.escape(case)} \| ([\d,]+) \|$", _CONTRACTS.read_text("utf-8")
    )
    return int(found.replace(",", ""))


def _table(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))

"""`make scale`: what 400 million certificates, 50 million verifications a day and 31 regions take; also docs/scale.md.

python -m bench.scale              by the newest times, on the screen; by the committed ones, into the page
python -m bench.scale --measure    weigh a small house first
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Final

from bench.costs import Costs, committed, newest
from bench.table import ROOT
from bench.volumes import CADENCES, SCENARIOS, Year, year
from bench.weights import measure, write

__all__ = ["main", "page", "tables"]

PAGE: Final = ROOT / "docs" / "scale.md"
BEGIN, END = "<!-- scale: begin -->\n", "<!-- scale: end -->\n"


def main(words: list[str]) -> None:
    """Show the tables and write the page."""
    if "--measure" in words:
        write(measure())
    print(tables(newest()))
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")


def page(text: str) -> str:
    """Put the tables of the committed costs between the page's marks."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}{tables(committed())}{END}{rest.partition(END)[2]}"


def tables(costs: Costs) -> str:
    """Write what was measured when, and both tables."""
    years = [[year(scenario, costs, cadence=cadence) for cadence in CADENCES] for scenario in SCENARIOS]
    names = [scenario.name for scenario in SCENARIOS]
    told = (
        f"Times: {costs.run}. The network: {costs.network}. Bytes of a certificate and the like: {costs.weights.run}"
        " Gas: contracts.md.\n"
    )
    volume = _table(["", *names], [(name, [write_(of[0]) for of in years]) for name, write_ in _VOLUME])
    columns = [f"{name}, {cadence} s" for name in names for cadence in CADENCES]
    chain = _table(["", *columns], [(name, [write_(one) for of in years for one in of]) for name, write_ in _CHAIN])
    return f"{told}\n{volume}\n{chain}"


def _table(head: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *([name, *cells] for name, cells in rows)]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _bytes(number: float) -> str:
    return _scaled(number, ("B", "kB", "MB", "GB", "TB", "PB"))


def _bits(number: float) -> str:
    return _scaled(number, ("bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"))


def _count(number: float) -> str:
    return _scaled(number, ("", "thousand", "million", "billion")).strip()


def _span(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{_three(seconds / size)} {unit}"
    return f"{_three(seconds)} s"


def _scaled(number: float, units: Sequence[str]) -> str:
    step = 0
    while number >= _THOUSAND and step < len(units) - 1:
        number, step = number / _THOUSAND, step + 1
    return f"{_three(number)} {units[step]}"


def _three(number: float) -> str:
    """Round to three digits: nothing here is known better."""
    return f"{number:,.0f}" if number >= _THOUSAND / 10 else f"{number:.3g}"


_THOUSAND: Final = 1000

_VOLUME: Final[tuple[tuple[str, Callable[[Year], str]], ...]] = (
    ("verifications a second, mean", lambda y: _count(y.verdicts_second)),
    ("verifications a second, peak", lambda y: _count(y.verdicts_peak)),
    ("processes that judge files and offline codes at the peak", lambda y: _count(y.verdict_processes)),
    ("processes that redeem online codes at the peak", lambda y: _count(y.redeem_processes)),
    ("certificates issued a second, mean", lambda y: _count(y.issued_second)),
    ("processes that issue at the peak", lambda y: _count(y.issue_processes)),
    ("databases of all regions, the certificates that stand", lambda y: _bytes(y.database)),
    ("databases of all regions, growth a year", lambda y: _bytes(y.database_year)),
    ("one region's database, growth a year", lambda y: _bytes(y.region_database_year)),
    ("status bits of the certificates that stand, in each replica", lambda y: _bytes(y.bitmap)),
    ("verification requests and answers at the peak, all regions", lambda y: _bits(y.verification_bits)),
    ("redeem answers between regions at the peak", lambda y: _bits(y.abroad_bits)),
)
_CHAIN: Final[tuple[tuple[str, Callable[[Year], str]], ...]] = (
    ("batches of certificates a year", lambda y: _count(y.batches)),
    ("states of audit logs a year", lambda y: _count(y.audits)),
    ("status changes a year", lambda y: _count(y.changes)),
    ("blocks a year", lambda y: _count(y.blocks)),
    ("share of the chain's gas", lambda y: f"{_three(y.gas_share * 100)} %"),
    ("one validator's disk, growth a year", lambda y: _bytes(y.chain_year)),
    ("one validator's votes while blocks go on", lambda y: _bits(y.vote_bits)),
    ("one replica, growth a year", lambda y: _bytes(y.replica_year)),
    ("one reader's memory for roots, growth a year", lambda y: _bytes(y.reader_memory_year)),
    ("a follower catches up a day", lambda y: _span(y.catch_up_day)),
    ("a follower catches up a year", lambda y: _span(y.catch_up_year)),
)

if __name__ == "__main__":
    main(sys.argv[1:])

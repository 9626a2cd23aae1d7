"""No byte of an evidence bundle can be turned: a turned one shows nothing, whichever it is.

Every bundle is turned at every 49th byte, from another on in each run. All bytes of all of them are
turned by `python -m tests.hostile.test_flips_of_evidence`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from random import randrange
from typing import TYPE_CHECKING

import pytest

from ledger.evidence import checker
from ledger.evidence.checker import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.hostile.conftest import Tell

VECTORS = Path(__file__).parents[1] / "vectors" / "evidence"
GENESIS = checker.read_genesis((VECTORS / "genesis.json").read_bytes())
NAMES = sorted(json.loads((VECTORS / "cases.json").read_bytes())["reports"])
STRIDE = 49


@pytest.mark.parametrize("name", NAMES)
def test_a_turned_byte_shows_nothing(name: str, tell: Tell) -> None:
    whole = (VECTORS / f"{name}.bundle.json").read_bytes()
    places = range(randrange(STRIDE), len(whole), STRIDE)  # noqa: S311 - other ones in each run

    assert checker.judge(whole, GENESIS)
    assert len(places) > 300
    assert list(survivors(whole, places)) == []
    tell(f"{len(places)} bytes of {name} turned, none of it believed")


def survivors(whole: bytes, places: Iterable[int]) -> Iterable[int]:
    for place in places:
        bent = bytearray(whole)
        bent[place] ^= 1 << place % 7
        try:
            checker.judge(bytes(bent), GENESIS)
        except Refused:
            continue
        yield place


if __name__ == "__main__":
    every = 0
    for each in sys.argv[1:] or NAMES:
        told = (VECTORS / f"{each}.bundle.json").read_bytes()
        checker.judge(told, GENESIS)
        passed = list(survivors(told, range(len(told))))
        every += len(passed)
        sys.stdout.write(f"{each}: {len(told)} bytes turned, {len(passed)} believed\n")
    sys.exit(1 if every else 0)

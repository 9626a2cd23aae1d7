"""What each province accepts from each at the start: 4 accepting x 37 types x 4 issuing cells, the noes as data.

The chain's TrustRegistry holds what counts; this seeds it. Rules and reasons: recognition.toml.

>>> len(cells())
592
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from itertools import product
from typing import Any, Final, NamedTuple

from ecert.domain.catalogue import CATALOGUE
from ecert.runtime.settings import REGIONS

__all__ = ["NOES", "Cell", "No", "cells", "parse_noes", "why_not"]


class Cell(NamedTuple):
    """One cell of the matrix; divisions as parsed, the type by its 21-character code."""

    accepting: str
    type_code: str
    issuing: str
    accepted: bool


@dataclass(frozen=True, slots=True)
class No:
    """Types that these provinces take from no other, and why."""

    accepting: frozenset[str]
    types: frozenset[str]
    reason: Mapping[str, str]
    """By language: `zh`, `en`."""


def cells(regions: tuple[str, ...] = REGIONS) -> tuple[Cell, ...]:
    """Give the whole matrix: yes, but for the noes; a province's own certificates are always accepted."""
    refused = {pair for no in NOES for pair in product(no.accepting, no.types)}
    return tuple(
        Cell(accepting, kind.code, issuing, accepting == issuing or (accepting, kind.code) not in refused)
        for accepting, kind, issuing in product(regions, CATALOGUE.types, regions)
    )


def why_not(*, accepting: str, type_code: str) -> Mapping[str, str] | None:
    """Give the reason that the first matrix states, by language; None where it states none.

    The chain keeps no reasons: a no that is said anew is given the same one.
    """
    return next((no.reason for no in NOES if accepting in no.accepting and type_code in no.types), None)


def parse_noes(text: str) -> tuple[No, ...]:
    """Read the TOML of noes; a number outside the catalogue is our defect (NotFound)."""
    return tuple(_no(row) for row in tomllib.loads(text)["no"])


def _no(row: dict[str, Any]) -> No:
    types = frozenset(CATALOGUE.by_no(number).code for number in row["types"])
    return No(frozenset(row["accepting"]), types, {"zh": row["reason_zh"], "en": row["reason_en"]})


NOES: Final = parse_noes((files("verifier") / "recognition.toml").read_text("utf-8"))

"""Every code that the house utters, with its sentence in Chinese and English; codes are frozen and append-only.

>>> explain("licence_id.check").en
"The licence identifier's check character does not match"
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

__all__ = ["REASONS", "Reason", "explain"]


@dataclass(frozen=True, slots=True)
class Reason:
    """What a person reads for a code; `basis` names the article relied on, if any, and `basis_en` glosses it."""

    code: str
    zh: str
    en: str
    basis: str | None = None
    basis_en: str | None = None


def _merged(tables: Iterable[str]) -> Mapping[str, Reason]:
    """Read tables of {code: {zh, en, basis}}; ValueError for a code that stands in two."""
    reasons: dict[str, Reason] = {}
    for table in tables:
        for code, fields in tomllib.loads(table).items():
            if code in reasons:
                raise ValueError(code)
            reasons[code] = Reason(code, **fields)
    return MappingProxyType(reasons)


REASONS = _merged(entry.read_bytes().decode() for entry in files(__name__).iterdir() if entry.name.endswith(".toml"))


def explain(code: str) -> Reason:
    """Return the sentence of `code`; an unlisted code is a defect and raises KeyError."""
    return REASONS[code]

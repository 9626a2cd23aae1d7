"""Every code that the house utters, with its sentence in Chinese and English; codes are frozen and append-only.

>>> explain("licence_id.check").en
"The licence identifier's check character does not match"
"""

from __future__ import annotations

import tomllib
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


def _load() -> MappingProxyType[str, Reason]:
    reasons: dict[str, Reason] = {}
    for entry in sorted(files(__name__).iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".toml"):
            for code, fields in tomllib.loads(entry.read_text("utf-8")).items():
                if code in reasons:
                    message = f"reason {code} is listed twice"
                    raise ValueError(message)
                reasons[code] = Reason(code, **fields)
    return MappingProxyType(reasons)


REASONS = _load()


def explain(code: str) -> Reason:
    """Return the sentence of `code`; an unlisted code is a defect and raises KeyError."""
    return REASONS[code]

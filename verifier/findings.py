"""What a check answers and what a verdict is, as closed sets: no outcome can be forgotten (docs/spec/verdict.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

__all__ = ["Evidenced", "Finding", "Group", "Outcome", "Verdict", "error", "invalid", "skipped", "valid"]

Evidenced = str | int


class Group(StrEnum):
    """The questions, in the order in which a report gives them."""

    CODE = "code"
    HOLDER = "holder"
    FORM = "form"
    SIGNATURE = "signature"
    AUTHORITY = "authority"
    ANCHOR = "anchor"
    STATUS = "status"
    VALIDITY = "validity"
    RECOGNITION = "recognition"
    FRESHNESS = "freshness"


class Outcome(StrEnum):
    """VALID and INVALID are answers; ERROR names a dependency that failed; SKIPPED was not to be asked."""

    VALID = "VALID"
    INVALID = "INVALID"
    ERROR = "ERROR"
    SKIPPED = "SKIPPED"


class Verdict(StrEnum):
    """What the clerk does, with its words."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    CANNOT_DECIDE = "cannot_decide"

    @property
    def zh(self) -> str:
        """The word in Chinese."""
        return _WORDS[self]

    @property
    def en(self) -> str:
        """The word in English, lower case."""
        return self.value.replace("_", " ")


_WORDS: Final = {Verdict.ACCEPT: "接受", Verdict.REFUSE: "不接受", Verdict.CANNOT_DECIDE: "无法判定"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's answer; `code` is frozen and listed in ecert.domain.reasons, `evidence` holds nothing personal."""

    check: Group
    outcome: Outcome
    code: str
    evidence: Mapping[str, Evidenced] = field(default_factory=dict)


def valid(check: Group, code: str, **evidence: Evidenced) -> Finding:
    """Answer yes."""
    return Finding(check, Outcome.VALID, code, evidence)


def invalid(check: Group, code: str, **evidence: Evidenced) -> Finding:
    """Answer no, for certain."""
    return Finding(check, Outcome.INVALID, code, evidence)


def error(check: Group, code: str, **evidence: Evidenced) -> Finding:
    """Answer that it cannot be told now; absence and outage are never forgery."""
    return Finding(check, Outcome.ERROR, code, evidence)


def skipped(check: Group, code: str, **evidence: Evidenced) -> Finding:
    """Say why the question was not asked."""
    return Finding(check, Outcome.SKIPPED, code, evidence)

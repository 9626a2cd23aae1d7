"""Why a status may change, as a table: each ground names the changes that it allows (grounds.toml)."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from ecert.domain.errors import Malformed
from ecert.domain.status import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["GROUNDS", "REPLACED", "RESULTS", "Action", "check_ground", "code_of"]

Action = Literal["revoke", "suspend", "restore"]

RESULTS: Final[Mapping[Action, Status]] = MappingProxyType(
    {"revoke": Status.INVALID, "suspend": Status.SUSPENDED, "restore": Status.VALID}
)
"""What each change of status makes of a certificate."""

REPLACED: Final = "replaced"
"""The ground on which a renewal supersedes."""

GROUNDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        code.removeprefix("ground."): tuple(allowed)
        for code, allowed in tomllib.loads(files(__package__).joinpath("grounds.toml").read_text("utf-8")).items()
    }
)
"""By a ground's short name: the changes that it allows."""


def check_ground(ground: str, action: Action) -> None:
    """Hold that a ground exists and allows the change; Malformed("change.ground")."""
    if action not in GROUNDS.get(ground, ()):
        raise Malformed("change.ground", f"{action}: one of {', '.join(g for g in GROUNDS if action in GROUNDS[g])}")


def code_of(ground: str) -> str:
    """Give the code whose sentence `ecert.domain.reasons.explain` tells."""
    return f"ground.{ground}"

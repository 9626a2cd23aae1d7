"""The deployment loses its database and goes on from its backup, on a chain that has moved on since."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

from ecert.app.backup import back_up, restore
from tests.crash.housing import NOTES, time_of, told_settings
from tests.crash.judging import judge_restored
from tests.crash.processes import ask_in_a_process, in_a_process
from tests.databases import lose

__all__ = ["restored", "save"]

_BACKUP = "backup"
_TOLD = f"{_BACKUP}-{NOTES}"


def save(home: Path) -> list[str]:
    """Back the house up, of which nothing runs; what was told until now must be there for ever."""
    shutil.copy(home / NOTES, home / _TOLD)
    ended = in_a_process(lambda: back_up(told_settings(home), time_of(home), home / _BACKUP))
    return [f"the backup ended with {ended}"] if ended else []


def restored(home: Path) -> list[str]:
    """Lose the database, restore it and tell what is wrong then."""
    lose(home / "ecert.sqlite")
    ended = in_a_process(lambda: restore(told_settings(home), time_of(home), home / _BACKUP))
    if ended:
        return [f"the restore ended with {ended}"]
    return [f"restored: {wrong}" for wrong in ask_in_a_process(home, partial(judge_restored, told=home / _TOLD))]

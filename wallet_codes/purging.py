"""What codes leave behind goes in time: answers after ten minutes, tries after one, codes after a day.

A code's row outlives the code so that *used* and *expired* can still be told apart; uses and objections stay for as
long as docs/retention.md says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wallet_codes import answers, store, tries

if TYPE_CHECKING:
    from wallet_codes.home import Home

CODES_KEPT: Final = 24 * 3600
"""Seconds after a code's end."""


def end_all(home: Home, *, now: int) -> int:
    """End every code that is still alive; return how many. After a restore nobody knows which were used since."""
    with home.database.transaction() as connection:
        return store.end_codes(connection, now=now)


def purge(home: Home, *, now: int) -> int:
    """Delete what is due; return how many rows went. Call it every minute or so."""
    with home.database.transaction() as connection:
        return store.purge(connection, answers=now - answers.KEPT, tries=now - tries.PERIOD, codes=now - CODES_KEPT)

"""Typed codes can be guessed, so wrong ones are counted: five for a window, fifty for whoever was let in, a minute.

Ten million codes a region: with a thousand live at once, a window that always errs meets somebody's code once in
2,000 minutes. A window says its own name; fifty for its access key or partner keep invented names from helping.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ecert.domain.errors import NotAllowed
from ecert.runtime.storage import queue_behind
from wallet_codes import store

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ecert.domain.use import Use
    from wallet_codes.home import Home

WINDOW_LIMIT: Final = 5
ASKER_LIMIT: Final = 50
PERIOD: Final = 60
"""Seconds."""


def hold(connection: Connection, home: Home, use: Use, *, asker: str, now: int) -> None:
    """Raise NotAllowed `code.too_many_tries` for a window, or an asker, that erred too often.

    Until the caller's transaction ends, the asker's other tries wait.
    """
    window, blinded = _names(home, use, asker)
    queue_behind(connection, f"tries {blinded.hex()}")
    here, there = store.tries(connection, window=window, asker=blinded, since=now - PERIOD)
    if here >= WINDOW_LIMIT or there >= ASKER_LIMIT:
        raise NotAllowed("code.too_many_tries")


def count(connection: Connection, home: Home, use: Use, *, region: int, asker: str, now: int) -> None:
    """Count a wrong try, inside the caller's transaction; the refusal that follows it must not undo it."""
    window, blinded = _names(home, use, asker)
    store.add_try(connection, region=region, window=window, asker=blinded, now=now)


def _names(home: Home, use: Use, asker: str) -> tuple[bytes, bytes]:
    window = f"{len(asker)}:{asker}{use.device}"
    return home.vault.blind(b"wallet window", window), home.vault.blind(b"wallet asker", asker)

"""Typed codes can be guessed, so wrong ones are counted: five for a window, fifty for its organisation, a minute.

Ten million codes a region: with a thousand live at once, a window that always errs meets somebody's code once in
2,000 minutes, and each try stands under its organisation's name. Fifty keeps invented device names from helping.
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
REQUESTER_LIMIT: Final = 50
PERIOD: Final = 60
"""Seconds."""


def hold(connection: Connection, home: Home, use: Use, *, requester: str, now: int) -> None:
    """Raise NotAllowed `code.too_many_tries` for a window, or an organisation, that erred too often.

    Until the caller's transaction ends, the organisation's other tries wait.
    """
    window, organisation = _names(home, use, requester)
    queue_behind(connection, f"tries {organisation.hex()}")
    here, there = store.tries(connection, window=window, requester=organisation, since=now - PERIOD)
    if here >= WINDOW_LIMIT or there >= REQUESTER_LIMIT:
        raise NotAllowed("code.too_many_tries")


def count(connection: Connection, home: Home, use: Use, *, region: int, requester: str, now: int) -> None:
    """Count a wrong try, inside the caller's transaction; the refusal that follows it must not undo it."""
    window, organisation = _names(home, use, requester)
    store.add_try(connection, region=region, window=window, requester=organisation, now=now)


def _names(home: Home, use: Use, requester: str) -> tuple[bytes, bytes]:
    window = f"{len(requester)}:{requester}{use.device}"
    return home.vault.blind(b"wallet window", window), home.vault.blind(b"wallet requester", requester)

"""Running an exchange to its end or its limit, also where names are not resolved: nobody waits for a resolver.

`asyncio.run` resolves names in the loop's executor and, before it returns, waits for that executor without limit. A
resolver that hangs would so outlast every limit of the exchange; here it is left behind in a thread of its own.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Coroutine
from concurrent.futures import Future
from functools import partial
from typing import Any, Final, TypeAlias, TypeVar

__all__ = ["run"]

T = TypeVar("T")
_Asked: TypeAlias = tuple[Any, ...]

_SHARED: Final = 5.0
"""Seconds for which a lookup under way is joined: a dead resolver costs a thread a name and so long, whoever asks."""

_turn = threading.Lock()
_under_way: dict[_Asked, tuple[float, Future[Any]]] = {}


def run(exchange: Coroutine[Any, Any, T]) -> T:
    """Run to the end like `asyncio.run`, with names resolved anew and in threads that nobody waits for."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(exchange)


class _Loop(asyncio.SelectorEventLoop):
    """Connects as ever, so that names in TLS and Host stay; only its resolver may be left behind."""

    async def getaddrinfo(self, host: Any, port: Any, **more: int) -> Any:  # noqa: ANN401 - the base's own shapes
        return await asyncio.wrap_future(_look_up((host, port, *sorted(more.items()))), loop=self)


def _look_up(asked: _Asked) -> Future[Any]:
    now = time.monotonic()
    with _turn:
        since, found = _under_way.get(asked, (now, None))
        if found is None or now - since > _SHARED:
            found = Future()
            found.set_running_or_notify_cancel()  # one who gives up waiting takes it from nobody else
            threading.Thread(target=_resolve, args=(asked, found), name="resolver", daemon=True).start()
            _under_way[asked] = now, found
        return found


def _resolve(asked: _Asked, found: Future[Any]) -> None:
    host, port, *more = asked
    try:
        tell = partial(found.set_result, socket.getaddrinfo(host, port, **dict(more)))
    except Exception as fault:  # noqa: BLE001 - whatever it is, it is told to whoever asked
        tell = partial(found.set_exception, fault)
    with _turn:
        if _under_way.get(asked, (0, None))[1] is found:
            del _under_way[asked]
    tell()

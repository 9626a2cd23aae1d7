"""A machine's resolver as a test wants it: every name leads to loopback, and one hangs until it is let go."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["HANGS", "Resolver", "resolver"]

HANGS = "hangs.example"


@dataclass
class Resolver:
    """Which names were asked for, and whether the hanging one is let go."""

    asked: list[str] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    made, resolve = Resolver(), socket.getaddrinfo

    def getaddrinfo(host: bytes | str, *args: Any, **more: int) -> Any:  # noqa: ANN401 - its form
        name = host.decode() if isinstance(host, bytes) else host
        made.asked.append(name)
        if name == HANGS:
            made.let_go.wait(20)
        return resolve("127.0.0.1" if name.endswith(".example") else host, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield made
    made.let_go.set()

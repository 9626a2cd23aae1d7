"""One process owns an embedded chain: a lock beside the file says who holds it and where that one answers.

flock(2): the kernel gives the lock up when its holder dies, however it dies; no stale lock needs clearing.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from ecert.domain.errors import Unavailable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Ownership", "server_of"]


class Ownership:
    """The lock on a chain file, held from construction until `release`."""

    def __init__(self, path: Path) -> None:
        """Take the lock; Unavailable("ledger.locked") names the process that holds it."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(_lock_path(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as fault:
            raise Unavailable("ledger.unavailable", str(fault.strerror)) from fault
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _read(self._descriptor)
            os.close(self._descriptor)
            raise Unavailable("ledger.locked", f"held by process {holder.get('pid', 'unknown')}") from None
        try:
            self._write({"pid": os.getpid()})
        except OSError as fault:
            os.close(self._descriptor)  # a disk may be full, and the next attempt find it emptied
            raise Unavailable("ledger.unavailable", str(fault.strerror)) from fault

    def announce(self, url: str) -> None:
        """Tell other processes where the holder answers."""
        self._write({"pid": os.getpid(), "url": url})

    def release(self) -> None:
        """Give the lock up; twice is once."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.ftruncate(descriptor, 0)
            os.close(descriptor)

    def _write(self, holder: dict[str, int | str]) -> None:
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, json.dumps(holder).encode(), 0)


def server_of(path: Path) -> str | None:
    """Return the URL of the server that holds the chain; None when nobody does, or it has not said."""
    try:
        descriptor = os.open(_lock_path(path), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        url = _read(descriptor).get("url")
        return None if url is None else str(url)
    else:
        return None
    finally:
        os.close(descriptor)


def _lock_path(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def _read(descriptor: int) -> dict[str, int | str]:
    with suppress(ValueError):  # the holder may be writing at this moment
        holder = json.loads(os.pread(descriptor, 4096, 0))
        if isinstance(holder, dict):
            return holder
    return {}

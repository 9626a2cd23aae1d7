"""Processes that the benchmark starts: an HTTP server at a free port each, awaited, weighed, ended by its own id."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

__all__ = ["MIB", "PLAIN", "Child", "resident", "serving"]

MIB: Final = 1 << 20
PLAIN: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For plain HTTP: to load the system's authorities would cost each question a tenth of a second."""
_PATIENCE: Final = 900.0
_TICK: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Child:
    """A server of the benchmark's own."""

    pid: int
    url: str

    def processor_time(self) -> float:
        """Give the seconds that it has computed so far (proc(5), stat, fields 14 and 15)."""
        fields = Path(f"/proc/{self.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK


@contextmanager
def serving(
    words: Sequence[str], environment: Mapping[str, str], *, port: int | None = None, path: str = "/"
) -> Iterator[Child]:
    """Run `python WORDS... --port PORT` until the block ends; its words go to the screen only where it fails."""
    taken = _free_port() if port is None else port
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ECERT_")}
    command = [sys.executable, *words, "--port", str(taken)]
    process = subprocess.Popen(command, env=clean | dict(environment))  # noqa: S603 - our own command
    try:
        _await(process, f"http://127.0.0.1:{taken}{path}")
        yield Child(process.pid, f"http://127.0.0.1:{taken}")
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def resident(pid: int) -> int:
    """Give the bytes of memory that a process holds now (proc(5), statm)."""
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _await(process: subprocess.Popen[bytes], url: str) -> None:
    give_up = time.monotonic() + _PATIENCE
    while time.monotonic() < give_up and process.poll() is None:
        with suppress(httpx.TransportError):
            httpx.get(url, trust_env=False, verify=PLAIN)
            return
        time.sleep(0.1)
    raise TimeoutError(f"{url}: exit code {process.poll()}")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])

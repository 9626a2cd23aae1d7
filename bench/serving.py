"""The API under load: verifications a second against bare P-256 verifications on the same server (wrk, two workers)."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

import httpx
import orjson

from bench.served import ANSWERED, CONTAINER, FOLDER, SPKI
from bench.shapes import ASKING, shapes
from bench.timing import SHORT, Row, row
from ecert.domain.receipt import format_container

__all__ = ["measure"]

_SECONDS, _ROUNDS = (1, 1) if SHORT else (5, 5)
_RATE: Final = re.compile(r"Requests/sec:\s+([0-9.]+)")
_FAULTS: Final = re.compile(r"Non-2xx|Socket errors")
_API, _YARDSTICK = "/api/v1/verifications", "/yardstick"


def measure(folder: Path) -> list[Row]:
    """Load both doors in turn; nothing where wrk is not installed."""
    wrk = shutil.which("wrk")
    if wrk is None:
        return []
    shaped = shapes(folder)
    body = orjson.dumps(
        {
            "container": orjson.loads(format_container(shaped.presentation)),
            "division": ASKING.division,
            "holder": {"id_type": "001", "id": ASKING.holder.id} if ASKING.holder else None,
        }
    )
    (folder / CONTAINER).write_bytes(format_container(shaped.presentation))
    (folder / SPKI).write_bytes(shaped.spki)
    (folder / ANSWERED).write_text("0", "ascii")
    with _served(folder) as url:
        answer = httpx.post(url + _API, content=body, headers={"content-type": "application/json"})
    if answer.json()["verdict"] != "accept":
        raise RuntimeError(answer.text)
    (folder / ANSWERED).write_text(str(len(answer.content)), "ascii")
    script = _script(folder, body)
    rates: dict[str, list[float]] = {_YARDSTICK: [], _API: []}
    with _served(folder) as url:
        for _ in range(_ROUNDS):
            for door, seen in rates.items():
                seen.append(_load(wrk, script, url + door))
    bare = ("the same server's bare P-256 verify", median(rates[_YARDSTICK]))
    return [
        row(bare[0], bare[1], "per s"),
        row("API verifications, 2 workers", median(rates[_API]), "per s", yardstick=bare, aim=">= 0.65"),
    ]


def _script(folder: Path, body: bytes) -> Path:
    script = folder / "post.lua"
    script.write_text(
        f'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = [==[{body.decode()}]==]\n',
        "utf-8",
    )
    return script


def _load(wrk: str, script: Path, url: str) -> float:
    command = [wrk, "-t2", "-c32", f"-d{_SECONDS}s", "-s", str(script), url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own command
    found = _RATE.search(said)
    if found is None or _FAULTS.search(said):
        raise RuntimeError(said)
    return float(found[1])


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """Serve on a free port of loopback; ended by its own process, never by a name."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "--factory", "bench.served:make", "--port", str(port)]
    command += ["--workers", "2", "--no-access-log", "--log-level", "error", "--no-server-header"]
    environment = os.environ | {FOLDER: str(folder)}
    server = subprocess.Popen(command, env=environment)  # noqa: S603 - our own command
    try:
        _wait(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def _wait(url: str) -> None:
    for _ in range(300):
        try:
            httpx.get(url)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(url)

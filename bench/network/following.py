"""Following from nothing: a chain of the benchmark's own over HTTP, and a live one.

The driver verifies every header by its hash up to a block whose commit it verified, every block's results by the next
header, and each contract's running hash by storage proofs; the follower writes a new replica. Nothing is left out.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, thread_time
from typing import Final, Self

import httpx

from bench.network import children, state
from bench.network.chain import grown
from bench.network.endpoint import BEGUN, STRETCHES
from bench.network.names import BUSY, EMPTY, FURTHER
from bench.timing import Row, counted, row, scaled
from ecert.app.wiring import DRIVERS
from ecert.runtime.clock import WallClock
from ecert.runtime.settings import load_settings
from ledger.following import Follower
from ledger.port import Head
from ledger.replica import ReplicaWriter

__all__ = ["live", "made"]

BLOCKS: Final = 100_000
_MANY: Final = 50
REAL: Final = 1_000
_ENDPOINT: Final = ("-m", "uvicorn", "--factory", "bench.network.endpoint:make", "--no-access-log")
_QUIET: Final = ("--log-level", "error", "--no-server-header")


def made(folder: Path) -> list[Row]:
    """Follow a hundred thousand blocks of our own over one endpoint: half are empty, most others carry a batch."""
    count = scaled(BLOCKS)
    shape = {0: count // 2, 1: count - count // 2 - count // 100, _MANY: count // 100}
    begun = int(time.time()) - count
    folder.mkdir(parents=True)
    (folder / "genesis.json").write_bytes(grown([], begun=begun).genesis)
    told = {STRETCHES: ",".join(f"{blocks}x{batches}" for batches, blocks in shape.items()), BEGUN: str(begun)}
    with children.serving([*_ENDPOINT, *_QUIET], told) as endpoint:
        taken = _stretches(folder, endpoint, list(shape.values()))
    each = {batches: span.wall / shape[batches] * 1e6 for batches, span in zip(shape, taken, strict=True)}
    wall, own = sum(span.wall for span in taken), sum(span.own for span in taken)
    return [
        row(f"follow {counted(count)} blocks from nothing", wall, "s"),
        row("blocks followed", count / wall, "per s"),
        row("a block, the follower's own processor time", own / count * 1e6, "µs"),
        row(EMPTY, each[0], "µs"),
        row(BUSY, each[1], "µs"),
        row(FURTHER, (each[_MANY] - each[1]) / (_MANY - 1), "µs"),
    ]


def _stretches(folder: Path, endpoint: children.Child, counts: Sequence[int]) -> list[Span]:
    place = endpoint.url.removeprefix("http://")
    settings = {
        "ECERT_LEDGER": f"rpc+http://{place}/eth",
        "ECERT_CONSENSUS": place,
        "ECERT_GENESIS": str(folder / "genesis.json"),
        "ECERT_HOME": str(folder),
    }
    taken, top = [], 0
    with _Following(settings, state.CONSORTIUM) as following:
        for count in counts:
            if top:
                httpx.post(endpoint.url, json={"grow": True}, trust_env=False, verify=children.PLAIN)
            top += count
            taken.append(following.through(top))
    return taken


def live(settings: Mapping[str, str], folder: Path, consortium: bytes) -> list[Row]:
    """Follow what four live validators made, from nothing, into a new home."""
    folder.mkdir(parents=True)
    with _Following({**settings, "ECERT_HOME": str(folder)}, consortium) as following:
        taken, blocks = following.through(scaled(REAL)), following.height
    return [
        row(f"follow {counted(blocks)} real blocks from nothing", taken.wall, "s"),
        row("a real block", taken.wall / blocks * 1e6, "µs"),
        row("a real block, the follower's own processor time", taken.own / blocks * 1e6, "µs"),
    ]


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds by the wall, and of this thread's own."""

    wall: float
    own: float


class _Following:
    """A follower of a ledger into a new replica."""

    def __init__(self, environment: Mapping[str, str], consortium: bytes) -> None:
        self._settings = load_settings(environment)
        self._consortium = consortium

    def __enter__(self) -> Self:
        settings = self._settings
        scheme, _, rest = settings.ledger.partition(":")
        self._ledger = DRIVERS[scheme](rest, settings, WallClock())
        identity = self._ledger.identity()
        start = Head(0, identity.genesis, 0)
        self._writer = ReplicaWriter(settings.replica, chain=identity, consortium=self._consortium, genesis=start)
        self._follower = Follower(self._ledger, self._writer, self._consortium)
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()
        self._ledger.close()

    @property
    def height(self) -> int:
        return self._writer.header.head.number

    def through(self, height: int) -> Span:
        """Follow until a block, or the last before it that is sealed, is in the replica."""
        begun, own = perf_counter(), thread_time()
        while self.height < height - 1:
            self._follower.step()
        return Span(perf_counter() - begun, thread_time() - own)

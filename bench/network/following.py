"""Following from nothing: a chain of the benchmark's own over HTTP, and a live one.

The driver verifies every header by its hash up to a block whose commit it verified, every block's results by the next
header, and each contract's running hash by storage proofs; the follower writes a new replica. Nothing is left out.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Final, Self

import httpx

from bench.network import children, state
from bench.network.chain import grown
from bench.network.endpoint import BEGUN, BUSY, COUNT
from bench.timing import Row, counted, row, scaled
from ecert.app.wiring import DRIVERS
from ecert.runtime.clock import WallClock
from ecert.runtime.settings import load_settings
from ledger.following import Follower
from ledger.port import Head
from ledger.replica import ReplicaWriter

__all__ = ["live", "made"]

BLOCKS: Final = 100_000
REAL: Final = 1_000
_ENDPOINT: Final = ("-m", "uvicorn", "--factory", "bench.network.endpoint:make", "--no-access-log")
_QUIET: Final = ("--log-level", "error", "--no-server-header")


def made(folder: Path) -> list[Row]:
    """Follow a hundred thousand blocks of our own, the second half with a batch each, over one endpoint."""
    count = scaled(BLOCKS)
    busy, begun = count // 2, int(time.time()) - count
    told = {COUNT: str(count), BUSY: str(busy), BEGUN: str(begun)}
    folder.mkdir(parents=True)
    (folder / "genesis.json").write_bytes(grown(0, busy=0, begun=begun).genesis)
    with children.serving([*_ENDPOINT, *_QUIET], told) as endpoint:
        place = endpoint.url.removeprefix("http://")
        settings = {
            "ECERT_LEDGER": f"rpc+http://{place}/eth",
            "ECERT_CONSENSUS": place,
            "ECERT_GENESIS": str(folder / "genesis.json"),
            "ECERT_HOME": str(folder),
        }
        with _Following(settings, state.CONSORTIUM) as following:
            empty = following.through(busy)
            httpx.post(endpoint.url, json={"grow": True}, trust_env=False)
            full = following.through(count)
    whole = f"follow {counted(count)} blocks from nothing"
    return [
        row(whole, empty + full, "s"),
        row("blocks followed", count / (empty + full), "per s"),
        row("of them, an empty block", empty / busy * 1e6, "µs"),
        row("a block with a batch", full / (count - busy) * 1e6, "µs"),
    ]


def live(settings: Mapping[str, str], folder: Path, consortium: bytes) -> list[Row]:
    """Follow what four live validators made, from nothing, into a new home."""
    folder.mkdir(parents=True)
    with _Following({**settings, "ECERT_HOME": str(folder)}, consortium) as following:
        taken, blocks = following.through(scaled(REAL)), following.height
    return [
        row(f"follow {counted(blocks)} real blocks from nothing", taken, "s"),
        row("a real block", taken / blocks * 1e6, "µs"),
    ]


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

    def through(self, height: int) -> float:
        """Follow until a block, or the last before it that is sealed, is in the replica; return the seconds."""
        begun = perf_counter()
        while self.height < height - 1:
            self._follower.step()
        return perf_counter() - begun

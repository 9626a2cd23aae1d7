"""The validators seen from outside: each new height when it came, and whether all hold one chain."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import httpx
import orjson

from tests.validators import Network

__all__ = ["longest_gap", "record", "split", "standing_at", "until_all_have"]

HEIGHTS = "heights.jsonl"
_LOOK = 0.05
_PAGE = 20
_PATIENCE = 90.0


def record(network: Network, home: Path) -> None:
    """Note every new height of whichever validator is first, until killed."""
    newest, doors = -1, [httpx.Client(base_url=url, timeout=1, trust_env=False) for url in network.addresses.consensus]
    with (home / HEIGHTS).open("ab") as told:
        while True:
            height = max(map(_height, doors))
            if height > newest:
                newest = height
                told.write(orjson.dumps([time.time(), height]) + b"\n")
                told.flush()
            time.sleep(_LOOK)


def longest_gap(home: Path, *, since: float, until: float) -> float:
    """Return the longest time without a new block, seconds: from the last before `since` to `until`."""
    came = [at for at, _ in _noted(home)]
    inside = [max([at for at in came if at <= since], default=since), *(at for at in came if since < at < until), until]
    return max(two - one for one, two in pairwise(inside))


def standing_at(home: Path, at: float) -> int:
    """Return the newest height that was seen until a moment."""
    return max(height for came, height in _noted(home) if came <= at)


def until_all_have(network: Network, height: int) -> list[str]:
    """Wait until every validator has a height; tell which do not come so far."""
    give_up = time.monotonic() + _PATIENCE
    while (behind := [n for n in range(len(network.names)) if network.height(n) < height]) and (
        time.monotonic() < give_up
    ):
        time.sleep(0.1)
    return [f"validators: {network.names[n]} did not come to block {height}" for n in behind]


def split(network: Network) -> Iterator[str]:
    """Tell at which heights the validators hold different blocks, from the first to the newest that all have."""
    every = range(len(network.names))
    height = min(network.height(n) for n in every)
    chains = [list(_hashes(network.addresses.consensus[n], height)) for n in every]
    for place, blocks in enumerate(zip(*chains, strict=True)):
        if len(set(blocks)) > 1:
            yield f"validators: they hold {len(set(blocks))} blocks {height - place}"


def _hashes(url: str, height: int) -> Iterator[str]:
    """Read the hashes of blocks from `height` down to 1."""
    with httpx.Client(base_url=url, timeout=10, trust_env=False) as door:
        for last in range(height, 0, -_PAGE):
            asked = {"minHeight": max(1, last - _PAGE + 1), "maxHeight": last}
            metas = door.get("/blockchain", params=asked).json()["result"]["block_metas"]
            yield from (meta["block_id"]["hash"] for meta in metas)


def _height(door: httpx.Client) -> int:
    try:
        return int(door.get("/status").json()["result"]["sync_info"]["latest_block_height"])
    except httpx.HTTPError:
        return -1


def _noted(home: Path) -> list[tuple[float, int]]:
    lines = (home / HEIGHTS).read_bytes().splitlines(keepends=True)
    return [tuple(orjson.loads(line)) for line in lines if line.endswith(b"\n")]

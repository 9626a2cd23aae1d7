"""A tree of a million leaves against its bare hashes, and one proof out of it."""

from __future__ import annotations

from functools import partial
from hashlib import sha256

from bench.timing import Row, counted, interleaved, row, scaled
from ecert.domain import ids
from ecert.domain.merkle import Tree, verify_inclusion

__all__ = ["measure"]

LEAVES = 1_000_000
_ROUNDS = 5


def measure() -> list[Row]:
    """Build, prove, verify."""
    count = scaled(LEAVES)
    blob = ids.random_bytes(32 * count)
    leaves = [blob[at : at + 32] for at in range(0, len(blob), 32)]
    build = interleaved({"bare": partial(_bare, leaves), "tree": partial(Tree, leaves)}, rounds=_ROUNDS)
    tree = Tree(leaves)
    index = count // 3
    path = tree.path(index)
    prove = interleaved(
        {
            "bare": partial(_bare, leaves[: len(path) // 2]),
            "prove": partial(tree.path, index),
            "follow": lambda: verify_inclusion(
                fingerprint=leaves[index], index=index, size=tree.size, path=path, root=tree.root
            ),
        },
        rounds=101,
        calls=100,
    )
    hashes = f"{counted(2 * count)} bare SHA-256 calls"
    few = f"{len(path) // 2 * 2} bare SHA-256 calls"
    return [
        row(hashes, build["bare"] * 1e3, "ms"),
        row(
            f"Merkle tree of {counted(count)} leaves",
            build["tree"] * 1e3,
            "ms",
            yardstick=(hashes, build["bare"] * 1e3),
            aim="<= 1.5",
        ),
        row("one inclusion proof out of it", prove["prove"] * 1e6, "µs"),
        row(f"follow a path of {len(path)}", prove["follow"] * 1e6, "µs", yardstick=(few, prove["bare"] * 1e6)),
    ]


def _bare(leaves: list[bytes]) -> None:
    """Hash as often as a tree of so many leaves has nodes: once each 33 bytes, once each 65."""
    zero, one, twice = b"\x00", b"\x01" + bytes(32), sha256
    for leaf in leaves:
        twice(zero + leaf).digest()
    for leaf in leaves:
        twice(one + leaf).digest()

"""The audit log's growing tree by its full subtrees, so that no root and no proof reads the whole log (RFC 9162 2.1).

Of every full subtree of 256 leaves and more the hash is kept when a state of the log is closed; what is smaller, or
newer than the last closed state, is hashed from its leaves. A root reads a few hundred leaves and one hash a level.
"""

from __future__ import annotations

from itertools import count
from typing import Final

from sqlalchemy import Connection

from ecert.domain.merkle import Tree, consistency_spans, middle_of, node_hash
from ledger.store import audit as audit_rows

__all__ = ["consistency", "grow", "root"]

_TILE: Final = 8
"""The level of the smallest subtree whose hash is kept: 2^8 leaves."""


def grow(connection: Connection, region: int, *, size: int) -> None:
    """Keep the hash of every subtree that the log's first `size` entries fill and that is not kept yet."""
    for level in count(_TILE):
        known, full = audit_rows.audit_nodes(connection, region, level), size >> level
        if not full:
            return
        hashes = {index: _full(connection, region, level, index) for index in range(known, full)}
        audit_rows.add_audit_nodes(connection, region, level, hashes)


def root(connection: Connection, region: int, *, size: int) -> bytes:
    """Return the root, 32 bytes, of the log's first `size` entries, at least one."""
    return _span(connection, region, 0, size)


def consistency(connection: Connection, region: int, *, first: int, second: int) -> list[bytes]:
    """Prove that the log of `second` entries continues that of `first`; 0 < first <= second."""
    return [_span(connection, region, *span) for span in consistency_spans(first=first, second=second)]


def _span(connection: Connection, region: int, start: int, end: int) -> bytes:
    """Hash leaves start..end-1, which are one node of the tree."""
    size = end - start
    if size == 1 << size.bit_length() - 1:
        return _full(connection, region, size.bit_length() - 1, start // size)
    middle = middle_of(start, end)
    return node_hash(_span(connection, region, start, middle), _span(connection, region, middle, end))


def _full(connection: Connection, region: int, level: int, index: int) -> bytes:
    if level < _TILE:
        return _hashed(connection, region, level, index)
    kept = audit_rows.audit_node(connection, region, level, index)
    if kept is not None:
        return kept
    if level == _TILE:
        return _hashed(connection, region, level, index)
    left, right = (_full(connection, region, level - 1, 2 * index + side) for side in (0, 1))
    return node_hash(left, right)


def _hashed(connection: Connection, region: int, level: int, index: int) -> bytes:
    return Tree(audit_rows.audit_leaves(connection, region, index << level, index + 1 << level)).root

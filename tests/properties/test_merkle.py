"""Every leaf proves, any flipped bit fails, and the fast tree equals RFC 9162's recursive definition."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecert.domain.errors import VerificationFailed
from ecert.domain.merkle import Frontier, Tree, verify_consistency, verify_inclusion


def recursive_root(leaves: list[bytes]) -> bytes:
    """MTH of section 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    left, right = recursive_root(leaves[:split]), recursive_root(leaves[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def made(size: int) -> list[bytes]:
    return [hashlib.sha256(number.to_bytes(4)).digest() for number in range(size)]


def flip(draw: st.DrawFn, path: list[bytes]) -> list[bytes]:
    entry, bit = draw(st.integers(0, len(path) - 1)), draw(st.integers(0, 255))
    flipped = (int.from_bytes(path[entry]) ^ 1 << bit).to_bytes(32)
    return [*path[:entry], flipped, *path[entry + 1 :]]


@settings(deadline=None)
@given(st.lists(st.binary(max_size=64), max_size=200))
def test_the_flat_tree_and_the_frontier_equal_the_recursive_one(leaves: list[bytes]) -> None:
    frontier = Frontier()
    for leaf in leaves:
        frontier = frontier.append(leaf)
    assert Tree(leaves).root == frontier.root == recursive_root(leaves)


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_leaves_of_large_trees_prove_and_a_flipped_bit_fails(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 20_000))
    index = data.draw(st.integers(0, size - 1))
    leaves = made(size)
    tree = Tree(leaves)
    path = tree.path(index)
    verify_inclusion(fingerprint=leaves[index], index=index, size=size, path=path, root=tree.root)
    flipped = flip(data.draw, path)
    with pytest.raises(VerificationFailed):
        verify_inclusion(fingerprint=leaves[index], index=index, size=size, path=flipped, root=tree.root)
    wrong = flip(data.draw, [leaves[index], tree.root])
    with pytest.raises(VerificationFailed):
        verify_inclusion(fingerprint=wrong[0], index=index, size=size, path=path, root=wrong[1])


@settings(deadline=None)
@given(st.data())
def test_earlier_trees_are_consistent_and_a_flipped_bit_fails(data: st.DataObject) -> None:
    second = data.draw(st.integers(2, 2_000))
    first = data.draw(st.integers(1, second - 1))
    leaves = made(second)
    tree, root = Tree(leaves), Tree(leaves[:first]).root
    path = tree.consistency(first)
    verify_consistency(first=first, second=second, first_root=root, second_root=tree.root, path=path)
    *flipped, first_root, second_root = flip(data.draw, [*path, root, tree.root])
    with pytest.raises(VerificationFailed):
        verify_consistency(first=first, second=second, first_root=first_root, second_root=second_root, path=flipped)


@settings(deadline=None)
@given(st.data())
def test_a_changed_history_is_never_consistent(data: st.DataObject) -> None:
    second = data.draw(st.integers(2, 300))
    first = data.draw(st.integers(1, second - 1))
    changed = data.draw(st.integers(0, first - 1))
    leaves = made(second)
    earlier = Tree(leaves[:first]).root
    leaves[changed] = hashlib.sha256(b"rewritten").digest()
    tree = Tree(leaves)
    with pytest.raises(VerificationFailed):
        verify_consistency(
            first=first,
            second=second,
            first_root=earlier,
            second_root=tree.root,
            path=tree.consistency(first),
        )

"""The tree is RFC 9162's: it agrees with the reference tree, and every proof of every small tree holds."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from ecert.domain import merkle
from ecert.domain.errors import Malformed, VerificationFailed
from ecert.domain.merkle import Frontier, Tree, verify_consistency, verify_inclusion

VECTOR = json.loads((Path(__file__).parents[2] / "vectors" / "rfc9162_tree.json").read_text("utf-8"))
LEAVES = [bytes.fromhex(leaf) for leaf in VECTOR["leaves"]]
FINGERPRINTS = [hashlib.sha256(bytes([number])).digest() for number in range(100)]


def hexes(path: list[bytes]) -> list[str]:
    return [entry.hex() for entry in path]


def test_roots_are_the_reference_tree_s() -> None:
    assert merkle.root([]).hex() == Frontier().root.hex() == VECTOR["empty_root"]
    assert [merkle.root(LEAVES[:size]).hex() for size in range(1, 9)] == VECTOR["roots"]


@pytest.mark.parametrize("proof", VECTOR["inclusion"])
def test_inclusion_paths_are_the_reference_tree_s(proof: dict) -> None:
    assert hexes(Tree(LEAVES[: proof["size"]]).path(proof["index"])) == proof["path"]


@pytest.mark.parametrize("proof", VECTOR["consistency"])
def test_consistency_paths_are_the_reference_tree_s(proof: dict) -> None:
    assert hexes(Tree(LEAVES[: proof["second"]]).consistency(proof["first"])) == proof["path"]


@pytest.mark.parametrize("hash_alg", [1, 2])
def test_every_leaf_of_every_small_tree_proves(hash_alg: int) -> None:
    for size in range(1, 73):
        tree = Tree(FINGERPRINTS[:size], hash_alg)
        for index in range(size):
            verify_inclusion(
                fingerprint=FINGERPRINTS[index],
                index=index,
                size=size,
                path=tree.path(index),
                root=tree.root,
                hash_alg=hash_alg,
            )


def test_every_pair_of_small_trees_is_consistent() -> None:
    trees = [Tree(FINGERPRINTS[:size]) for size in range(42)]
    for second in range(1, 42):
        for first in range(1, second + 1):
            verify_consistency(
                first=first,
                second=second,
                first_root=trees[first].root,
                second_root=trees[second].root,
                path=trees[second].consistency(first),
            )


def test_a_frontier_grows_as_the_tree_does() -> None:
    frontier = Frontier()
    for size, fingerprint in enumerate(FINGERPRINTS, start=1):
        frontier = frontier.append(fingerprint)
        assert frontier.root == merkle.root(FINGERPRINTS[:size])
        assert Frontier(frontier.size, tuple(frontier.peaks)) == frontier


def test_a_leaf_is_never_taken_for_a_node() -> None:
    left, right = (merkle.leaf_hash(leaf) for leaf in FINGERPRINTS[:2])
    assert merkle.node_hash(left, right) == merkle.root(FINGERPRINTS[:2])
    assert merkle.leaf_hash(left + right) != merkle.node_hash(left, right)


def test_the_hash_algorithm_is_part_of_the_proof() -> None:
    tree = Tree(FINGERPRINTS[:5], hash_alg=2)
    assert tree.root != merkle.root(FINGERPRINTS[:5])
    with pytest.raises(VerificationFailed):
        verify_inclusion(fingerprint=FINGERPRINTS[3], index=3, size=5, path=tree.path(3), root=tree.root, hash_alg=1)
    with pytest.raises(Malformed, match=r"^suite\.hash_alg\b"):
        Tree([], hash_alg=0)


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (0, 0), (2, 5), (3, 4), (3, 500), (3, 2**63 + 1)])
def test_a_path_proves_no_other_place(index: int, size: int) -> None:
    tree = Tree(FINGERPRINTS[:5])
    with pytest.raises(VerificationFailed):
        verify_inclusion(fingerprint=FINGERPRINTS[3], index=index, size=size, path=tree.path(3), root=tree.root)


@pytest.mark.parametrize("path", [[bytes(32)] * 64, [bytes(31)], [bytes(32), b""]])
def test_paths_are_bounded(path: list[bytes]) -> None:
    with pytest.raises(Malformed, match=r"^merkle\.path\b"):
        verify_inclusion(fingerprint=bytes(32), index=0, size=5, path=path, root=bytes(32))
    with pytest.raises(Malformed, match=r"^merkle\.path\b"):
        verify_consistency(first=1, second=5, first_root=bytes(32), second_root=bytes(32), path=path)


@pytest.mark.parametrize(("first", "second"), [(0, 5), (6, 5), (-1, 5), (3, 2**64)])
def test_sizes_out_of_order_are_not_consistent(first: int, second: int) -> None:
    tree = Tree(FINGERPRINTS[:5])
    with pytest.raises(VerificationFailed):
        verify_consistency(
            first=first, second=second, first_root=tree.root, second_root=tree.root, path=tree.consistency(3)
        )


def test_two_roots_of_one_size_are_one_root_and_need_no_path() -> None:
    tree = Tree(FINGERPRINTS[:5])
    verify_consistency(first=5, second=5, first_root=tree.root, second_root=tree.root, path=[])
    with pytest.raises(VerificationFailed):
        verify_consistency(first=5, second=5, first_root=tree.root, second_root=bytes(32), path=[])
    with pytest.raises(VerificationFailed):
        verify_consistency(first=5, second=5, first_root=tree.root, second_root=tree.root, path=[bytes(32)])
    with pytest.raises(VerificationFailed):
        verify_consistency(first=3, second=5, first_root=tree.root, second_root=tree.root, path=[])


def test_a_tree_proves_only_what_it_has() -> None:
    tree = Tree(FINGERPRINTS[:5])
    for ask in (lambda: tree.path(5), lambda: tree.path(-1), lambda: tree.consistency(0)):
        with pytest.raises(Malformed, match=r"^merkle\.index\b"):
            ask()


@pytest.mark.parametrize(("size", "peaks"), [(-1, ()), (1, ()), (2, (bytes(32),) * 2), (1, (bytes(31),))])
def test_a_stored_frontier_that_no_tree_has_is_refused(size: int, peaks: tuple[bytes, ...]) -> None:
    with pytest.raises(Malformed, match=r"^merkle\.frontier\b"):
        Frontier(size, peaks)


def test_a_path_has_the_length_that_its_tree_has() -> None:
    above = bytes(32)
    tall = merkle.node_hash(above, merkle.leaf_hash(FINGERPRINTS[0]))
    with pytest.raises(VerificationFailed):
        verify_inclusion(fingerprint=FINGERPRINTS[0], index=0, size=1, path=[above], root=tall)
    with pytest.raises(VerificationFailed):
        verify_inclusion(
            fingerprint=FINGERPRINTS[0],
            index=0,
            size=3,
            path=Tree(FINGERPRINTS[:2]).path(0),
            root=merkle.root(FINGERPRINTS[:2]),
        )


def test_a_consistency_path_has_the_length_that_its_trees_have() -> None:
    one, two, three, four = (merkle.root(FINGERPRINTS[:size]) for size in range(1, 5))
    short = Tree(FINGERPRINTS[:2]).consistency(1)
    with pytest.raises(VerificationFailed):
        verify_consistency(first=1, second=3, first_root=one, second_root=two, path=short)
    above = bytes(32)
    tall = {"first_root": merkle.node_hash(above, three), "second_root": merkle.node_hash(above, four)}
    path = [*Tree(FINGERPRINTS[:4]).consistency(3), above]
    with pytest.raises(VerificationFailed):
        verify_consistency(first=3, second=4, **tall, path=path)


def test_a_tree_in_sm3_is_one_throughout() -> None:
    tree, frontier = Tree(FINGERPRINTS[:5], 2), Frontier(hash_alg=2)
    for fingerprint in FINGERPRINTS[:5]:
        frontier = frontier.append(fingerprint)
    assert frontier.root == merkle.root(FINGERPRINTS[:5], 2) == tree.root
    assert frontier.hash_alg == 2


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_the_place_behind_the_last_leaf_is_none(size: int) -> None:
    tree = Tree(FINGERPRINTS[:size])
    for index in (size, size + 1):
        with pytest.raises(VerificationFailed, match="outside"):
            verify_inclusion(
                fingerprint=FINGERPRINTS[size - 1], index=index, size=size, path=tree.path(size - 1), root=tree.root
            )


def test_a_tree_may_have_2_to_the_63_leaves() -> None:
    sisters = [hashlib.sha256(bytes([level])).digest() for level in range(63)]
    root = merkle.leaf_hash(FINGERPRINTS[0])
    for sister in sisters:
        root = merkle.node_hash(root, sister)
    verify_inclusion(fingerprint=FINGERPRINTS[0], index=0, size=1 << 63, path=sisters, root=root)
    verify_consistency(first=1 << 63, second=1 << 63, first_root=root, second_root=root, path=[])
    with pytest.raises(VerificationFailed, match="outside"):
        verify_inclusion(fingerprint=FINGERPRINTS[0], index=0, size=(1 << 63) + 1, path=sisters, root=root)
    with pytest.raises(VerificationFailed, match="larger"):
        verify_consistency(first=(1 << 63) + 1, second=(1 << 63) + 1, first_root=root, second_root=root, path=[])


def test_every_pair_of_small_trees_in_sm3_is_consistent() -> None:
    trees = [Tree(FINGERPRINTS[:size], 2) for size in range(14)]
    for second in range(1, 14):
        for first in range(1, second + 1):
            verify_consistency(
                first=first,
                second=second,
                first_root=trees[first].root,
                second_root=trees[second].root,
                path=trees[second].consistency(first),
                hash_alg=2,
            )

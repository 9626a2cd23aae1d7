"""Presence and absence in an IAVL tree (ICS 23): every leaf, every gap, and none other."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from ledger.evidence import checker
from ledger.evidence.checker import Refused

CONTRACT = b"\xcc" * 20
SLOTS = (3, 10, 11, 20, 300, 301, 900)
VALUE = {slot: sha256(f"value {slot}".encode()).digest() for slot in SLOTS}


def key_of(slot: int) -> bytes:
    return b"\x02" + CONTRACT + slot.to_bytes(32, "big")


class Tree:
    """An IAVL tree over sorted keys, as deep on the left as on the right or one more."""

    def __init__(self, keys: dict[bytes, bytes]) -> None:
        self.keys = keys
        self.paths: dict[bytes, list[str]] = {key: [] for key in keys}
        self.root, self.height = self._grow(sorted(keys))

    def _grow(self, keys: list[bytes]) -> tuple[bytes, int]:
        if len(keys) == 1:
            leaf = b"\0\2\4" + bytes([len(keys[0])]) + keys[0] + b"\x20" + sha256(self.keys[keys[0]]).digest()
            return sha256(leaf).digest(), 0
        middle = len(keys) // 2
        (left, low), (right, high) = self._grow(keys[:middle]), self._grow(keys[middle:])
        height = max(low, high) + 1
        meta = bytes([2 * height, 2 * len(keys), 4])
        for key in keys[:middle]:
            self.paths[key].append("r" + meta.hex() + right.hex())
        for key in keys[middle:]:
            self.paths[key].append("l" + meta.hex() + left.hex())
        return sha256(meta + b"\x20" + left + b"\x20" + right).digest(), height

    def present(self, slot: int) -> dict[str, Any]:
        key = key_of(slot)
        return {"leaf": "000204", "path": self.paths[key], "value": self.keys[key].hex()}

    def neighbour(self, key: bytes | None) -> dict[str, Any] | None:
        if key is None:
            return None
        digest = sha256(self.keys[key]).hexdigest()
        return {"key": key.hex(), "digest": digest, "leaf": "000204", "path": self.paths[key]}

    def absent(self, slot: int) -> dict[str, Any]:
        below = [key for key in self.keys if key < key_of(slot)]
        above = [key for key in self.keys if key > key_of(slot)]
        low, high = max(below, default=None), min(above, default=None)
        return {"left": self.neighbour(low), "right": self.neighbour(high)}


@pytest.fixture(params=range(1, len(SLOTS) + 1))
def tree(request: pytest.FixtureRequest) -> Tree:
    return Tree({key_of(slot): VALUE[slot] for slot in SLOTS[: request.param]})


def value(tree: Tree, proof: object, slot: int, contract: bytes = CONTRACT) -> bytes:
    return checker.slot_value(proof, tree.root, contract=contract, slot=slot)


def refused(tree: Tree, proof: object, slot: int, contract: bytes = CONTRACT) -> bool:
    try:
        value(tree, proof, slot, contract)
    except Refused:
        return True
    return False


def standing(tree: Tree) -> list[int]:
    return [slot for slot in SLOTS if key_of(slot) in tree.keys]


def test_every_leaf_is_present_with_its_value_and_no_other(tree: Tree) -> None:
    for slot in standing(tree):
        proof = tree.present(slot)
        assert value(tree, proof, slot) == VALUE[slot]
        assert refused(tree, proof, slot + 1)
        assert refused(tree, proof, slot, contract=b"\xcd" * 20)
        assert refused(tree, {**proof, "value": bytes(31).hex() + "01"}, slot)


def test_every_gap_is_absent(tree: Tree) -> None:
    gaps = [slot for slot in (0, 5, 15, 100, 500, 1000) if slot not in standing(tree)]

    assert [value(tree, tree.absent(slot), slot) for slot in gaps] == [bytes(32)] * len(gaps)


def test_no_two_leaves_but_neighbours_prove_an_absence(tree: Tree) -> None:
    """All pairs, and each edge: only true neighbours around a gap pass, and never around a key that stands."""
    keys = [None, *sorted(tree.keys)]
    slots = [*SLOTS, 0, 5, 15, 100, 500, 1000]
    passing = {
        (low, high, slot)
        for low in keys
        for high in keys
        for slot in slots
        if not refused(tree, {"left": tree.neighbour(low), "right": tree.neighbour(high)}, slot)
    }

    assert passing == {(*_around(tree, slot), slot) for slot in slots if slot not in standing(tree)}


def test_a_present_leaf_of_zero_is_no_proof() -> None:
    tree = Tree({key_of(3): bytes(32), key_of(10): VALUE[10]})

    assert refused(tree, tree.present(3), 3)


def test_every_turned_character_of_a_proof_is_refused() -> None:
    tree = Tree({key_of(slot): VALUE[slot] for slot in SLOTS})
    present, absent = tree.present(11), tree.absent(15)
    bent = [(other, 11) for other in _bent(present)] + [(other, 15) for other in _bent(absent)]

    assert len(bent) > 1_000
    assert all(refused(tree, other, slot) for other, slot in bent)


@pytest.mark.parametrize("leaf", ["", "00", "0002", "000280", "00020480", "0002040404", "0104", "000404", 7, None])
def test_a_leaf_with_another_prefix_is_refused(leaf: object) -> None:
    tree = Tree({key_of(3): VALUE[3]})

    assert refused(tree, {**tree.present(3), "leaf": leaf}, 3)


def test_an_inner_node_never_passes_for_a_leaf() -> None:
    """A step whose height is 0, or whose prefix runs on into a child, is no inner node."""
    tree = Tree({key_of(slot): VALUE[slot] for slot in SLOTS})
    proof = tree.present(11)
    for step in ("l000204" + "ab" * 32, "l0204" + "ab" * 32, "l02040420" + "ab" * 32, "x020404" + "ab" * 32):
        assert refused(tree, {**proof, "path": [step, *proof["path"][1:]]}, 11)


def _around(tree: Tree, slot: int) -> tuple[bytes | None, bytes | None]:
    below = [key for key in tree.keys if key < key_of(slot)]
    above = [key for key in tree.keys if key > key_of(slot)]
    return max(below, default=None), min(above, default=None)


def _bent(told: Any) -> list[Any]:  # noqa: ANN401 - JSON
    if isinstance(told, dict):
        return [{**told, name: bent} for name, each in told.items() for bent in _bent(each)]
    if isinstance(told, list):
        return [[*told[:at], bent, *told[at + 1 :]] for at, each in enumerate(told) for bent in _bent(each)]
    return [told[:at] + chr(ord(each) ^ 1) + told[at + 1 :] for at, each in enumerate(told)]

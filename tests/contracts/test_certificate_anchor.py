"""Numbered batches, their chain, and inclusion proved on chain."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from eth_abi import encode
from eth_utils import keccak

from ecert.domain.merkle import Tree
from tests.contracts.consortium_world import (
    ANCHOR,
    DEPLOYER,
    STRANGER,
    Ask,
    Refused,
    Send,
    World,
    admin,
    clerk,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contracts.evm import Account, Receipt

ROOT, NONE = keccak(text="root"), b"\0" * 32
FIRST = (31, 1, 1, ROOT, 1, 7, NONE)
AUDIT_FIRST = (31, 2, 1, ROOT, 1, 7, NONE)


def hash_of(*batch: object) -> bytes:
    return keccak(encode(["uint32", "uint8", "uint64", "bytes32", "uint8", "uint64", "bytes32"], batch))


@pytest.fixture
def anchor(world: World) -> Send:
    def write(region: int, kind: int, *batch: object, caller: Account | None = None) -> Receipt:
        sender = caller or clerk(region, "audit" if kind == 2 else "anchor")
        return world.chain.send(sender, world.anchor, "anchor", region, kind, *batch)

    return write


@pytest.fixture
def ask(world: World) -> Ask:
    return lambda function, *arguments: world.chain.ask(world.anchor, function, *arguments)


@pytest.mark.parametrize(
    ("batch", "callers"),
    [
        (FIRST, [STRANGER, admin(31), clerk(32, "anchor"), clerk(31, "status"), clerk(31, "audit")]),
        (AUDIT_FIRST, [STRANGER, admin(31), clerk(32, "audit"), clerk(31, "status"), clerk(31, "anchor")]),
    ],
    ids=["certificates", "audit log"],
)
def test_each_kind_has_its_own_accounts(
    world: World, anchor: Send, refused: Refused, batch: tuple[Any, ...], callers: list[Account]
) -> None:
    for caller in callers:
        with refused("AppointedNotAllowed"):
            anchor(*batch, caller=caller)
    before = world.chain.snapshot()
    world.decide("removeMember", 31, voters=(32, 33, 34))
    with refused("AppointedNotAllowed"):
        anchor(*batch)
    world.chain.revert(before)
    anchor(*batch)


def test_batches_are_chained_by_region_and_kind(anchor: Send, ask: Ask) -> None:
    first = anchor(*FIRST)
    second = (31, 1, 2, keccak(text="second"), 2, 3, hash_of(*FIRST))
    receipt = anchor(*second)
    anchor(*AUDIT_FIRST)
    anchor(32, *FIRST[1:])
    assert tuple(receipt.events[0].values.values()) == second
    assert ask("batchOf", 31, 1, 1) == (ROOT, 1, 7, NONE, first.block, first.time)
    assert ask("batchOf", 31, 1, 2) == (second[3], 2, 3, second[6], receipt.block, receipt.time)
    assert ask("batchHash", 31, 1, 2) == hash_of(*second)
    assert [ask("batchCount", 31, 1), ask("batchCount", 31, 2), ask("batchCount", 33, 1)] == [2, 1, 0]


@pytest.mark.parametrize("number", [0, 1, 3])
def test_numbers_leave_no_gap_and_none_comes_twice(anchor: Send, refused: Refused, number: int) -> None:
    anchor(*FIRST)
    with refused("AnchorWrongNumber", 2, number):
        anchor(31, 1, number, ROOT, 1, 7, hash_of(*FIRST))


@pytest.mark.parametrize("change", range(7))
def test_previous_is_the_hash_of_every_field(anchor: Send, refused: Refused, change: int) -> None:
    anchor(*FIRST)
    other = [32, 2, 9, keccak(text="x"), 2, 8, ROOT]
    wrong = hash_of(*(other[i] if i == change else value for i, value in enumerate(FIRST)))
    with refused("AnchorWrongPrevious", hash_of(*FIRST), wrong):
        anchor(31, 1, 2, ROOT, 1, 7, wrong)


@pytest.mark.parametrize(
    ("batch", "error"),
    [
        ((31, 1, 1, ROOT, 1, 7, ROOT), "AnchorWrongPrevious"),
        ((31, 0, 1, ROOT, 1, 7, NONE), "AnchorUnknownKind"),
        ((31, 3, 1, ROOT, 1, 7, NONE), "AnchorUnknownKind"),
        ((31, 1, 1, ROOT, 0, 7, NONE), "AnchorUnsupportedHash"),
        ((31, 1, 1, ROOT, 3, 7, NONE), "AnchorUnsupportedHash"),
        ((31, 1, 1, ROOT, 1, 0, NONE), "AnchorEmpty"),
    ],
)
def test_a_batch_that_makes_no_sense_is_refused(
    anchor: Send, refused: Refused, batch: tuple[Any, ...], error: str
) -> None:
    with refused(error):
        anchor(*batch)


def test_the_audit_log_never_shrinks_and_batches_of_certificates_may(anchor: Send, refused: Refused) -> None:
    anchor(*AUDIT_FIRST)
    with refused("AnchorShrunk", 7, 6):
        anchor(31, 2, 2, ROOT, 1, 6, hash_of(*AUDIT_FIRST))
    anchor(31, 2, 2, ROOT, 1, 7, hash_of(*AUDIT_FIRST))
    anchor(*FIRST)
    anchor(31, 1, 2, ROOT, 1, 1, hash_of(*FIRST))


def test_after_succession_old_batches_stay_readable_and_nothing_is_added(
    world: World, anchor: Send, ask: Ask, refused: Refused
) -> None:
    fingerprints = [hashlib.sha256(bytes([i])).digest() for i in range(7)]
    tree = Tree(fingerprints)
    batch = (31, 1, 1, tree.root, 1, 7, NONE)
    anchor(*batch)
    second, _ = world.chain.deploy(DEPLOYER, "CertificateAnchor", world.consortium.address)
    with refused("AppointedNotCurrent", ANCHOR):
        world.chain.send(clerk(31, "anchor"), second, "anchor", *FIRST)
    world.decide("appointContract", ANCHOR, second.address)
    with refused("AppointedNotCurrent", ANCHOR):
        anchor(31, 1, 2, ROOT, 1, 7, hash_of(*batch))
    world.chain.send(clerk(31, "anchor"), second, "anchor", *FIRST)
    assert ask("batchOf", 31, 1, 1)[0] == tree.root
    assert ask("verifyInclusion", 31, 1, 1, fingerprints[3], 3, tree.path(3))


def test_an_unknown_batch_is_refused_not_false(ask: Ask, refused: Refused) -> None:
    for function, rest in (("batchOf", ()), ("batchHash", ()), ("verifyInclusion", (ROOT, 0, []))):
        with refused("AnchorUnknownBatch", 31, 1, 1):
            ask(function, 31, 1, 1, *rest)


def test_sm3_cannot_be_verified_on_chain(anchor: Send, ask: Ask, refused: Refused) -> None:
    anchor(31, 1, 1, ROOT, 2, 1, NONE)
    with refused("AnchorUnsupportedHash", 2):
        ask("verifyInclusion", 31, 1, 1, ROOT, 0, [])


@pytest.mark.parametrize("size", [*range(1, 18), 31, 33, 64, 100])
def test_inclusion_agrees_with_rfc_9162(anchor: Send, ask: Ask, size: int) -> None:
    fingerprints = [hashlib.sha256(i.to_bytes(2, "big")).digest() for i in range(size)]
    tree = Tree(fingerprints)
    anchor(31, 1, 1, tree.root, 1, size, NONE)
    for index in range(size) if size < 18 else (0, 1, size // 2, size - 2, size - 1):
        path = tree.path(index)
        assert ask("verifyInclusion", 31, 1, 1, fingerprints[index], index, path)
        for other in {0, index + 1, index ^ 1, size, 2**63} - {index}:
            assert not ask("verifyInclusion", 31, 1, 1, fingerprints[index], other, path)
        for wrong in _bent(path):
            assert not ask("verifyInclusion", 31, 1, 1, fingerprints[index], index, wrong)
        assert not ask("verifyInclusion", 31, 1, 1, ROOT, index, path)


def _bent(path: list[bytes]) -> Iterator[list[bytes]]:
    """Paths that prove nothing: too long, too short, one bit flipped."""
    yield [*path, ROOT]
    if path:
        yield path[:-1]
        yield [bytes([path[0][0] ^ 1]) + path[0][1:], *path[1:]]


def test_a_node_does_not_pass_for_a_leaf(anchor: Send, ask: Ask) -> None:
    pair = [hashlib.sha256(bytes([i])).digest() for i in range(4)]
    tree = Tree(pair)
    anchor(31, 1, 1, tree.root, 1, 4, NONE)
    inner = Tree(pair[:2]).root
    assert not ask("verifyInclusion", 31, 1, 1, inner, 0, tree.path(0)[1:])


def test_a_path_that_stops_below_the_root_of_so_large_a_batch_proves_nothing(anchor: Send, ask: Ask) -> None:
    fingerprint = hashlib.sha256(b"alone").digest()
    anchor(31, 1, 1, Tree([fingerprint]).root, 1, 4, NONE)
    assert not ask("verifyInclusion", 31, 1, 1, fingerprint, 0, [])

"""Each contract's slots 0 and 1 count and hash all that it ever emitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from eth_abi import encode
from eth_utils import keccak

from contracts import NAMES, load
from tests.contracts.consortium_world import FIFTH, IDENTITY, World, admin, clerk

if TYPE_CHECKING:
    from tests.contracts.evm import Event

OFFICE = b"11993100MB00000011"


@pytest.fixture
def busy(world: World) -> World:
    """A world in which every contract has emitted something."""
    world.decide("admitMember", FIFTH, "江西", admin(FIFTH).address)
    world.chain.send(admin(31), world.trust, "registerAuthority", OFFICE, 310118, "示例局", 1)
    world.chain.send(admin(31), world.trust, "grant", OFFICE, [IDENTITY], 1)
    world.chain.send(clerk(31, "anchor"), world.anchor, "anchor", 31, 1, 1, b"\1" * 32, 1, 1, b"\0" * 32)
    world.chain.send(clerk(31, "status"), world.status, "createList", 31, 1, 1024)
    world.chain.send(clerk(31, "status"), world.status, "setStatus", 31, 1, [1, 700], 2, 1)
    return world


def folded(events: list[Event]) -> bytes:
    head = b"\0" * 32
    for event in events:
        head = keccak(encode(["bytes32", "bytes32", "bytes32"], [head, event.topics[0], keccak(event.data)]))
    return head


@pytest.mark.parametrize("name", NAMES)
def test_the_running_hash_is_that_of_the_logs(busy: World, name: str) -> None:
    contract = busy.contracts[name]
    events = [event for event in busy.chain.events if event.contract == contract.address]
    assert events
    assert all(len(event.topics) == 1 for event in events)
    assert busy.chain.ask(contract, "chronicle") == (len(events), folded(events))
    assert busy.chain.storage(contract, 0) == len(events)
    assert busy.chain.storage(contract, 1).to_bytes(32, "big") == folded(events)


@pytest.mark.parametrize("name", NAMES)
def test_a_log_left_out_changed_or_swapped_is_seen(busy: World, name: str) -> None:
    contract = busy.contracts[name]
    events = [event for event in busy.chain.events if event.contract == contract.address]
    _, head = busy.chain.ask(contract, "chronicle")
    assert folded(events[:-1]) != head
    assert folded(events[1:]) != head
    assert len(events) == 1 or folded([*events[:-2], events[-1], events[-2]]) != head


@pytest.mark.parametrize("name", NAMES)
def test_no_event_has_an_indexed_field_and_nothing_is_payable(name: str) -> None:
    for entry in load(name).abi:
        assert not any(field.get("indexed") for field in entry.get("inputs", []))
        assert entry.get("stateMutability") != "payable"
        assert entry["type"] not in {"fallback", "receive"}

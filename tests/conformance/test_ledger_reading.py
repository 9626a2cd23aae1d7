"""What the ledger port promises about reading: head, blocks, events, states, slots."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import eth_abi
import pytest
from eth_hash.auto import keccak
from eth_utils.abi import collapse_if_tuple

from contracts import artifacts
from ecert.domain.errors import NotAllowed, NotFound
from ledger.drivers import calls
from ledger.port import Call
from tests.conformance.ledgers import NOWHERE, Consortium, admin, grant, role, until

if TYPE_CHECKING:
    from ledger.port import FinalBlock


def all_blocks(house: Consortium) -> list[FinalBlock]:
    head = house.ledger.head().number
    return list(house.ledger.blocks(first=0, last=head, contracts=house.by_address))


def test_the_head_never_goes_back(house: Consortium) -> None:
    seen = [house.ledger.head()]
    for _ in range(3):
        until(lambda: house.ledger.head().number > seen[-1].number)
        seen.append(house.ledger.head())
    pairs = list(pairwise(seen))
    assert all(a.number < b.number and a.time <= b.time and a.hash != b.hash for a, b in pairs)


def test_blocks_are_linked_and_their_times_never_fall(house: Consortium) -> None:
    blocks = all_blocks(house)
    assert [block.number for block in blocks] == list(range(len(blocks)))
    for parent, child in pairwise(blocks):
        assert child.parent == parent.hash
        assert child.time >= parent.time


def test_blocks_read_again_are_the_same(house: Consortium) -> None:
    blocks = all_blocks(house)
    again = list(house.ledger.blocks(first=0, last=len(blocks) - 1, contracts=house.by_address))
    assert again == blocks


def test_only_the_contracts_asked_for_are_heard(house: Consortium) -> None:
    address = house.contracts["StatusRegistry"]
    house.new_list()
    head = house.ledger.head().number
    heard = house.ledger.blocks(first=0, last=head, contracts={address: "StatusRegistry"})
    names = {event.name for block in heard for event in block.events}
    assert names == {"StatusListCreated", "StatusChanged"} & names
    assert "StatusListCreated" in names


def test_nothing_is_read_beyond_the_head(house: Consortium) -> None:
    beyond = house.ledger.head().number + 10**6
    with pytest.raises(NotFound, match=r"ledger\.no_block"):
        list(house.ledger.blocks(first=beyond, last=beyond, contracts={}))
    with pytest.raises(NotFound, match=r"ledger\.no_block"):
        house.ask("Consortium", "members", block=beyond)


def test_events_are_decoded_and_equal_their_bytes(house: Consortium) -> None:
    """Compared with the artefacts and the plain codec, not with the driver's own."""
    events = [event for block in all_blocks(house) for event in block.events]
    assert {event.contract for event in events} >= {"Consortium"}
    for event in events:
        assert house.contracts[event.contract] == event.address
        (entry,) = (e for e in artifacts.load(event.contract).abi if e.get("name") == event.name)
        types = [collapse_if_tuple(field) for field in entry["inputs"]]
        assert list(event.args) == [field["name"] for field in entry["inputs"]]
        assert event.topic == keccak(f"{event.name}({','.join(types)})".encode())
        assert event.payload == eth_abi.encode(types, list(event.args.values()))


def test_addresses_and_bytes_are_bytes(house: Consortium) -> None:
    outcome = house.do("Consortium", *grant(34, "status", NOWHERE), by=admin(34))
    (event,) = house.events_of(outcome.block)
    assert event.name == "AccountSet"
    assert dict(event.args) == {"region": 34, "role": role("status"), "account": NOWHERE, "allowed": True}


@pytest.mark.parametrize("contract", artifacts.NAMES)
def test_the_running_hash_proves_that_no_event_is_missing(house: Consortium, contract: str) -> None:
    house.new_list()
    blocks = all_blocks(house)
    count, running = 0, bytes(32)
    for event in (event for block in blocks for event in block.events if event.contract == contract):
        count += 1
        running = keccak(running + event.topic + keccak(event.payload))
    address, last = house.contracts[contract], blocks[-1].number
    assert house.ledger.slot(address, 0, block=last) == count.to_bytes(32, "big")
    assert house.ledger.slot(address, 1, block=last) == running


def test_older_states_still_answer(house: Consortium) -> None:
    account = calls.account(keccak(b"older")).address
    question = ("Consortium", "mayAct", 31, role("audit"), account)
    granted = house.do("Consortium", *grant(31, "audit", account), by=admin(31))
    taken = house.do("Consortium", *grant(31, "audit", account, allowed=False), by=admin(31))
    told = [house.ask(*question, block=n) for n in (granted.block - 1, granted.block, taken.block)]
    assert told == [(False,), (True,), (False,)]
    assert house.ask(*question) == (False,)


def test_a_view_that_reverts_is_refused(house: Consortium) -> None:
    with pytest.raises(NotAllowed, match=r"ledger\.refused: ConsortiumUnknownRelease"):
        house.ask("Consortium", "release", 999)


def test_where_no_contract_stands_nothing_answers(house: Consortium) -> None:
    with pytest.raises(NotFound, match=r"ledger\.no_contract"):
        house.ledger.ask(Call("Consortium", NOWHERE, "members"))


def test_one_call_changes_three_thousand_certificates(house: Consortium) -> None:
    number = house.new_list(2**17)
    indices = tuple(range(3, 129_000, 43))
    at = house.ledger.head().time
    outcome = house.do("StatusRegistry", "setStatus", 31, number, indices, 1, at, by=house.clerk)
    (event,) = house.events_of(outcome.block)
    assert len(indices) == 3000
    assert event.args["indices"] == indices
    assert house.ask("StatusRegistry", "statusOf", 31, number, indices[-1]) == (1,)

"""What the network's driver says of an honest chain, and what it keeps over a restart."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ecert.domain.errors import Conflict, Malformed, NotFound, Unavailable
from ecert.runtime.metrics import Registry
from ledger.drivers import outcomes, proven
from ledger.drivers.network import Addresses
from ledger.port import Call, HasValidators, SignedTransaction
from tests.hostile_endpoint import CHAIN, CLERK, CONSORTIUM, grant
from tests.unit.ledger.network import Net, network, some_chain


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Net]:
    with network(tmp_path) as opened:
        opened.add(4)
        yield opened


def test_blocks_logs_and_outcomes_come_from_what_is_signed(net: Net) -> None:
    with closing(net.open()) as ledger:
        blocks = list(ledger.blocks(first=0, last=12, contracts={CONSORTIUM: "Consortium"}))
        heard = [(b.number, e.args["account"]) for b in blocks for e in b.events]
        assert heard == [(3, b"\x01" * 20), (5, b"\x02" * 20), (8, b"\x03" * 20)]
        assert blocks[0].hash == ledger.identity().genesis == blocks[1].parent
        granted, refused = (ledger.outcome(each.hash) for each in net.chain.transactions[8])
        assert granted is not None
        assert refused is not None
        assert (granted.block, granted.index, granted.succeeded, granted.created) == (8, 0, True, None)
        assert (refused.index, refused.succeeded, refused.error) == (1, False, "ConsortiumNotMember")
        assert ledger.outcome(bytes(32)) is None
        asked = {method for endpoint in net.endpoints for method in endpoint.asked}
        assert "eth_getLogs" not in asked


def test_slots_are_proven_at_the_head_and_before(net: Net) -> None:
    with closing(net.open()) as ledger:
        for block in (5, 8, 12):
            assert tuple(ledger.slot(CONSORTIUM, slot, block=block) for slot in (0, 1)) == net.chain.slots(block)
        with pytest.raises(NotFound, match=r"ledger\.no_block"):
            ledger.slot(CONSORTIUM, 0, block=13)


def test_the_head_waits_for_the_seal_of_a_block_with_transactions(tmp_path: Path) -> None:
    with network(tmp_path) as net:
        (endpoint,) = net.add()
        endpoint.top = 8
        with closing(net.open()) as ledger:
            assert ledger.head().number == 7
            assert ledger.outcome(net.chain.transactions[8][0].hash) is None
        endpoint.top = 9
        with closing(net.open()) as ledger:
            assert ledger.head().number == 9
            assert ledger.outcome(net.chain.transactions[8][0].hash) is not None


def test_views_and_nonces_are_asked_of_two_about_one_block(net: Net) -> None:
    with closing(net.open()) as ledger:
        assert ledger.next_nonce(CLERK.address) == 4
        assert ledger.ask(Call("Consortium", CONSORTIUM, "proposalCount")) == (7,)
        with pytest.raises(NotFound, match=r"ledger\.no_contract"):
            ledger.ask(Call("Consortium", b"\x01" * 20, "proposalCount"))
        assert sum("eth_getTransactionCount" in each.asked for each in net.endpoints) == 2


def test_a_restart_goes_on_from_the_block_trusted_last(net: Net) -> None:
    with closing(net.open()) as ledger:
        identity, head = ledger.identity(), ledger.head()
    for endpoint in net.endpoints:
        endpoint.asked.clear()
    with closing(net.open()) as ledger:
        assert (ledger.identity(), ledger.head()) == (identity, head)
    assert {m for each in net.endpoints for m in each.asked} <= {"commit", "blockchain"}


def test_it_opens_without_any_validator_once_it_has_trusted(net: Net) -> None:
    with closing(net.open()) as ledger:
        identity = ledger.identity()
        ledger.head()
    for endpoint in net.endpoints:
        endpoint.close()
    with closing(net.open()) as ledger:
        assert ledger.identity() == identity
        with pytest.raises(Unavailable, match=r"ledger\.silent"):
            ledger.head()
    net.endpoints.clear()


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"genesis": 1, "chain_id": 31, "trusted": 7}'])
def test_a_spoilt_trusted_block_is_refused(net: Net, content: bytes) -> None:
    (net.home / "light.json").write_bytes(content)
    with pytest.raises(Conflict, match=r"ledger\.light_state"):
        net.open()


def test_what_was_trusted_from_another_genesis_is_refused(net: Net) -> None:
    with closing(net.open()) as ledger:
        ledger.head()
    net.chain = some_chain(sets={1: (4, 5, 6)})
    with pytest.raises(Conflict, match=r"ledger\.genesis"):
        net.open()


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"validators": []}'])
def test_a_genesis_file_that_is_none_is_refused(net: Net, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    spoilt = net.home / "spoilt.json"
    spoilt.write_bytes(content)
    monkeypatch.setattr(Net, "genesis", spoilt)
    with pytest.raises(Malformed, match=r"ledger\.genesis_file"):
        net.open()
    monkeypatch.setattr(Net, "genesis", net.home / "missing.json")
    with pytest.raises(Malformed, match=r"ledger\.genesis_file"):
        net.open()


@pytest.mark.parametrize(
    ("rpc", "consensus"), [(["http://a"], []), (["http://a"], ["http://a"]), (["http://a"] * 2, ["http://b"] * 2)]
)
def test_each_validator_has_two_doors_of_its_own(rpc: list[str], consensus: list[str]) -> None:
    with pytest.raises(Malformed, match=r"ledger\.addresses"):
        Addresses(rpc, consensus).endpoints(silence=1)


def test_what_is_sent_goes_out_once_in_four_seconds(net: Net) -> None:
    sent = grant(4, b"\x05" * 20)
    with closing(net.open()) as ledger:
        for _ in range(3):
            ledger.submit(SignedTransaction(sent.raw, sent.hash))
    assert [each.received for each in net.endpoints if each.received] == [[sent.raw]]


def test_what_is_final_is_not_sent_and_another_with_its_nonce_is_refused(net: Net) -> None:
    final, other = net.chain.transactions[3][0], grant(0, b"\x09" * 20)
    with closing(net.open()) as ledger:
        ledger.submit(SignedTransaction(final.raw, final.hash))
        with pytest.raises(Conflict, match=r"ledger\.nonce_used"):
            ledger.submit(SignedTransaction(other.raw, other.hash))
    assert not any(each.received for each in net.endpoints)


def test_a_transaction_is_found_again_after_a_lost_answer(tmp_path: Path) -> None:
    sent = grant(4, b"\x05" * 20)
    later = {**some_chain().transactions, 10: [sent]}
    with network(tmp_path, some_chain(transactions=later)) as net:
        (endpoint,) = net.add()
        endpoint.top = 9
        endpoint.bend = lose_answers_to_what_is_sent
        transaction = SignedTransaction(sent.raw, sent.hash)
        with closing(net.open()) as ledger:
            assert ledger.head().number == 9
            with pytest.raises(Unavailable, match=r"ledger\.silent"):
                ledger.submit(transaction)
        endpoint.top = 12
        with closing(net.open()) as ledger:  # after a restart, and without the bytes
            found = ledger.outcome(sent.hash)
            assert found is not None
            assert found.block == 10
            ledger.submit(transaction)
        assert endpoint.received == [sent.raw]


def test_after_a_long_pause_the_blocks_between_are_read_when_asked_for(
    net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proven, "WINDOW", 3)
    monkeypatch.setattr(outcomes, "WINDOW", 3)
    for endpoint in net.endpoints:
        endpoint.top = 2
    with closing(net.open()) as ledger:
        final = net.chain.transactions[5][0]
        assert ledger.outcome(final.hash) is None
        for endpoint in net.endpoints:
            endpoint.top = 12
        time.sleep(0.25)  # longer than a head is believed without asking
        found = ledger.outcome(final.hash)
        assert found is not None
        assert found.block == 5
        blocks = list(ledger.blocks(first=0, last=12, contracts={CONSORTIUM: "Consortium"}))
        assert [len(each.events) for each in blocks] == [0, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0]


def lose_answers_to_what_is_sent(method: str, _params: object, honest: object) -> object:
    if method == "eth_sendRawTransaction":
        raise ConnectionResetError
    return honest


def test_an_operator_sees_validators_and_counts(net: Net) -> None:
    registry = Registry()
    with closing(net.open()) as ledger:
        ledger.measure(registry)
        ledger.head()
        assert isinstance(ledger, HasValidators)
        names = [each.url.partition("://")[2] + "/rpc" for each in net.endpoints]
        assert [(v.name, v.is_up) for v in ledger.validators()] == [(name, True) for name in names]
        assert ledger.validators()[0].block == 12
        text = registry.text()
    assert "ecert_chain_head 12" in text
    assert f'ecert_chain_left_out{{validator="{names[0]}"}} 0' in text
    assert f'ecert_chain_requests_total{{result="answered",validator="{names[0]}"}}' in text
    assert ledger.identity().chain_id == CHAIN

"""The codec between house and chain, against the plain libraries and against arbitrary bytes."""

from __future__ import annotations

import eth_abi
import pytest
from eth_account import Account as EthAccount
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st
from web3 import Web3

from contracts import artifacts
from ecert.domain.errors import Malformed, Unavailable
from ledger.drivers import calls
from ledger.drivers.evm import CHAIN_ID, CancunVM, parse_transaction
from ledger.port import Call

HERE = b"\x11" * 20
SENDER = calls.account(keccak(b"sender"))


def signed(payload: bytes, *, nonce: int = 0, to: bytes | None = HERE, gas: int = 90_000) -> bytes:
    return calls.sign(SENDER, chain_id=CHAIN_ID, nonce=nonce, gas=gas, to=to, payload=payload).raw


def typed(**fields: object) -> bytes:
    """Sign with eth-account, which knows the other transaction types."""
    transaction = {"chainId": CHAIN_ID, "nonce": 0, "gas": 90_000, "to": HERE, "value": 0, "data": b""}
    return bytes(EthAccount.sign_transaction(transaction | fields, SENDER.secret).raw_transaction)


def test_the_account_is_ethereums() -> None:
    assert SENDER.address.hex() == EthAccount.from_key(SENDER.secret).address[2:].lower()


@pytest.mark.parametrize("secret", [b"", bytes(32), b"\xff" * 32, b"\x01" * 31])
def test_what_is_no_secret_is_malformed(secret: bytes) -> None:
    with pytest.raises(Malformed, match=r"ledger\.secret"):
        calls.account(secret)


@given(st.integers(0, 2**40), st.binary(max_size=200), st.one_of(st.none(), st.binary(min_size=20, max_size=20)))
def test_signatures_equal_those_of_eth_account(nonce: int, payload: bytes, to: bytes | None) -> None:
    assert signed(payload, nonce=nonce, to=to) == typed(nonce=nonce, data=payload, to=to or b"", gasPrice=0)


@given(st.binary(min_size=1, max_size=80), st.data())
def test_a_flipped_bit_is_another_senders_or_no_transaction(payload: bytes, data: st.DataObject) -> None:
    raw = bytearray(signed(payload))
    place = data.draw(st.integers(0, 8 * len(raw) - 1))
    raw[place // 8] ^= 1 << place % 8
    try:
        found = parse_transaction(bytes(raw))
    except Malformed:
        return
    assert found.sender != SENDER.address


@given(st.binary(max_size=300))
def test_any_bytes_are_a_transaction_or_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        parse_transaction(raw)


@pytest.mark.parametrize(
    "fields",
    [
        {"gasPrice": 1},
        {"gasPrice": 0, "value": 1},
        {"gasPrice": 0, "gas": 100_000_001},
        {"gasPrice": 0, "gas": 20_999},
        {"gasPrice": 0, "chainId": CHAIN_ID + 1},
        {"maxFeePerGas": 1, "maxPriorityFeePerGas": 0},
    ],
)
def test_what_this_chain_cannot_run_is_malformed(fields: dict[str, object]) -> None:
    with pytest.raises(Malformed, match=r"ledger\.transaction"):
        parse_transaction(typed(**fields))


def test_a_free_transaction_of_the_newer_type_runs_too() -> None:
    raw = typed(maxFeePerGas=0, maxPriorityFeePerGas=0)
    assert parse_transaction(raw).sender == SENDER.address


def test_the_mirrored_signature_is_malformed() -> None:
    """The other `s` of the pair (EIP-2) would let anyone give a transaction a second hash."""
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    good = parse_transaction(signed(b""))
    mirrored = good.as_dict() | {"s": order - good.s, "v": 4 * CHAIN_ID + 71 - good.v}
    raw = CancunVM.get_transaction_builder().legacy_signed(**mirrored).encode()
    with pytest.raises(Malformed, match=r"ledger\.transaction"):
        parse_transaction(raw)


def test_the_chain_runs_what_the_contracts_were_compiled_for() -> None:
    assert {artifacts.load(name).evm_version for name in artifacts.NAMES} == {CancunVM.fork}


def test_a_call_is_selector_and_arguments() -> None:
    call = Call("Consortium", HERE, "mayAct", (31, b"\x05" * 32, HERE))
    expected = keccak(b"mayAct(uint32,bytes32,address)")[:4]
    assert calls.encode_call(call) == expected + eth_abi.encode(("uint32", "bytes32", "address"), call.args)


@pytest.mark.parametrize(
    ("contract", "function", "args"),
    [
        ("Consortium", "mayAct", (31, b"\x05" * 32, HERE)),
        ("Consortium", "setValidators", ((31, 32), (b"\x06" * 32, b"\x07" * 32))),
        ("StatusRegistry", "setStatus", (31, 7, (1, 4_000), 1, 1_750_000_000)),
        ("TrustRegistry", "withdrawGrant", (b"9" * 18, (b"1" * 21, b"2" * 21), 1_750_000_000)),
    ],
)
def test_calls_are_encoded_as_by_web3(contract: str, function: str, args: tuple[object, ...]) -> None:
    foreign = Web3().eth.contract(abi=artifacts.load(contract).abi).encode_abi(function, args=args)
    assert "0x" + calls.encode_call(Call(contract, HERE, function, args)).hex() == foreign


def test_results_are_plain_values() -> None:
    output = eth_abi.encode(["(uint32,string,address)[]"], [[(31, "沪", HERE)]])
    assert calls.decode_result(Call("Consortium", HERE, "members"), output) == (((31, "沪", HERE),),)


@given(st.binary(max_size=100))
def test_an_answer_that_does_not_fit_is_unavailable(output: bytes) -> None:
    with pytest.raises(Unavailable, match=r"ledger\.answer"):
        calls.decode_result(Call("Consortium", HERE, "directory", (bytes(32),)), output[:31])


def test_an_unknown_log_keeps_its_bytes() -> None:
    event = calls.decode_event("Consortium", HERE, [b"\x09" * 32], b"\x01\x02")
    assert (event.name, dict(event.args), event.topic, event.payload) == ("", {}, b"\x09" * 32, b"\x01\x02")


@pytest.mark.parametrize(
    ("revert", "name"),
    [
        (keccak(b"ConsortiumNotMember(address)")[:4] + bytes(32), "ConsortiumNotMember"),
        (keccak(b"Error(string)")[:4] + eth_abi.encode(["string"], ["no"]), "no"),
        (keccak(b"Panic(uint256)")[:4] + eth_abi.encode(["uint256"], [0x11]), "Panic(17)"),
        (keccak(b"Error(string)")[:4], "Revert"),
        (b"", "Revert"),
        (b"\x01\x02\x03\x04", "Revert"),
    ],
)
def test_refusals_have_a_name(revert: bytes, name: str) -> None:
    assert calls.error_name(revert) == name


@given(st.binary(max_size=120))
def test_naming_a_refusal_never_fails(revert: bytes) -> None:
    assert calls.error_name(revert)
    assert calls.error_name(keccak(b"Error(string)")[:4] + revert)


def test_the_created_address_is_known_beforehand() -> None:
    """Vector: EIP-1014's companion in the Ethereum tests, first creation of a well-known account."""
    sender = bytes.fromhex("6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0")
    expected = ["cd234a471b72ba2f1ccf0a70fcaba648a5eecd8d", "343c43a37d37dff08ae8c4a11544c718abb4fcf8"]
    assert [calls.created_address(sender, nonce).hex() for nonce in (0, 1)] == expected

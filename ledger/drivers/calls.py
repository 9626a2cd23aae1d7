"""What travels between the house and an EVM chain: calls, results, events, refusals and signatures.

Contract ABI specification 0.8; RLP and EIP-155 for transactions. Pure functions, for every driver.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import rlp
from eth_abi.codec import ABICodec
from eth_abi.decoding import BytesDecoder, StringDecoder
from eth_abi.exceptions import DecodingError, EncodingError
from eth_abi.registry import registry
from eth_hash.auto import keccak
from eth_keys.datatypes import PrivateKey
from eth_utils.abi import collapse_if_tuple

from contracts import artifacts
from ecert.domain.errors import Malformed, Unavailable
from ledger.port import Account, Call, Event, SignedTransaction

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from eth_abi.registry import ABIRegistry

__all__ = [
    "account",
    "created_address",
    "decode_event",
    "decode_result",
    "encode_call",
    "encode_deployment",
    "error_name",
    "sign",
]

_REVERTED_WITH_TEXT = keccak(b"Error(string)")[:4]
_PANICKED = keccak(b"Panic(uint256)")[:4]


def account(secret: bytes) -> Account:
    """Derive the account of a 32-byte secp256k1 secret. Malformed("ledger.secret") when it is none."""
    try:
        return Account(PrivateKey(secret).public_key.to_canonical_address(), secret)
    except Exception as fault:  # the backends answer a bad secret with errors of many kinds
        raise Malformed("ledger.secret", "not a secp256k1 secret") from fault


def encode_call(call: Call) -> bytes:
    """Encode selector and arguments. Malformed("ledger.call") when they do not fit the artefact."""
    function = _function(call.contract, call.function)
    return function.selector + _encode(function.inputs, call.args)


def encode_deployment(contract: str, args: tuple[object, ...]) -> bytes:
    """Join the artefact's bytecode and the constructor's arguments."""
    return _interface(contract).bytecode + _encode(_interface(contract).constructor, args)


def decode_result(call: Call, output: bytes) -> tuple[object, ...]:
    """Decode what a function returned: bytesN and addresses as bytes, lists and structs as tuples."""
    return _decode(_function(call.contract, call.function).outputs, output)


def decode_event(contract: str, address: bytes, topics: Sequence[bytes], payload: bytes) -> Event:
    """Decode one log; an event that the artefact does not know keeps its bytes and has no name."""
    topic = topics[0] if topics else b""
    kind = _interface(contract).events.get(topic)
    if kind is None:
        return Event(address, contract, "", MappingProxyType({}), topic, payload)
    args = dict(zip(kind.names, _decode(kind.inputs, payload), strict=True))
    return Event(address, contract, kind.name, MappingProxyType(args), topic, payload)


def error_name(revert: bytes) -> str:
    """Name what a contract refused with: its own error, the text of a `require`, or Panic."""
    selector = revert[:4]
    try:
        if selector == _REVERTED_WITH_TEXT:
            return str(_decode(("string",), revert[4:])[0])
        if selector == _PANICKED:
            return f"Panic({_decode(('uint256',), revert[4:])[0]})"
    except Unavailable:
        return "Revert"
    return _errors().get(selector, "Revert")


def sign(
    sender: Account, *, chain_id: int, nonce: int, gas: int, to: bytes | None, payload: bytes
) -> SignedTransaction:
    """Sign at gas price zero (EIP-155); `to` None creates a contract. The same input gives the same bytes."""
    fields = [nonce, 0, gas, to or b"", 0, payload]
    signature = PrivateKey(sender.secret).sign_msg(rlp.encode([*fields, chain_id, 0, 0]))
    raw = rlp.encode([*fields, signature.v + 35 + 2 * chain_id, signature.r, signature.s])
    return SignedTransaction(raw, keccak(raw))


def created_address(sender: bytes, nonce: int) -> bytes:
    """Compute the address at which `sender`'s creation with `nonce` stands (Yellow Paper, section 7)."""
    return keccak(rlp.encode([sender, nonce]))[12:]


@dataclass(frozen=True, slots=True)
class _Function:
    selector: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _EventKind:
    name: str
    names: tuple[str, ...]
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Interface:
    bytecode: bytes
    constructor: tuple[str, ...]
    functions: Mapping[str, _Function]
    events: Mapping[bytes, _EventKind]
    errors: Mapping[bytes, str]


@lru_cache(maxsize=64)
def _interface(contract: str) -> _Interface:
    constructor: tuple[str, ...] = ()
    functions: dict[str, _Function] = {}
    events: dict[bytes, _EventKind] = {}
    errors: dict[bytes, str] = {}
    artifact = _load(contract)
    for entry in artifact.abi:
        match entry["type"]:
            case "constructor":
                constructor = _types(entry["inputs"])
            case "function":
                outputs = _types(entry["outputs"])
                functions[entry["name"]] = _Function(_digest(entry)[:4], _types(entry["inputs"]), outputs)
            case "event":
                names = tuple(field["name"] for field in entry["inputs"])
                events[_digest(entry)] = _EventKind(entry["name"], names, _types(entry["inputs"]))
            case "error":
                errors[_digest(entry)[:4]] = entry["name"]
            case _:
                continue
    return _Interface(artifact.bytecode, constructor, functions, events, errors)


def _load(contract: str) -> artifacts.Artifact:
    try:
        return artifacts.load(contract)
    except KeyError:
        raise Malformed("ledger.call", f"no contract {contract}") from None


@lru_cache(maxsize=1)
def _errors() -> Mapping[bytes, str]:
    """Gather every contract's errors, because a refusal bubbles up through the contracts that called."""
    known = [_interface(contract).errors for contract in artifacts.NAMES]
    return {selector: name for errors in known for selector, name in errors.items()}


def _function(contract: str, name: str) -> _Function:
    try:
        return _interface(contract).functions[name]
    except KeyError:
        raise Malformed("ledger.call", f"{contract} has no function {name}") from None


def _types(fields: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(collapse_if_tuple(dict(field)) for field in fields)


def _digest(entry: Mapping[str, Any]) -> bytes:
    return keccak(f"{entry['name']}({','.join(_types(entry['inputs']))})".encode())


def _codec() -> ABICodec:
    """Take the standard codec, but let addresses stay the 20 bytes that they are.

    Contracts do not look into a text's bytes: one that is no UTF-8 is shown with escapes and stops nobody who follows.
    """
    own: ABIRegistry = copy(registry)
    own.unregister_decoder("address")
    raw = BytesDecoder(value_bit_size=160, is_big_endian=True)  # type: ignore[no-untyped-call] # eth_abi has no types
    own.register_decoder("address", raw, label="address")
    own.unregister_decoder("string")
    text = StringDecoder(handle_string_errors="backslashreplace")  # type: ignore[no-untyped-call] # eth_abi has no types
    own.register_decoder("string", text, label="string")
    return ABICodec(own)


_CODEC = _codec()


def _encode(types: tuple[str, ...], values: tuple[object, ...]) -> bytes:
    if len(types) != len(values):
        raise Malformed("ledger.call", f"{len(values)} arguments where {len(types)} are due")
    try:
        return _CODEC.encode(types, values)
    except (EncodingError, TypeError, ValueError, OverflowError) as fault:
        raise Malformed("ledger.call", type(fault).__name__) from fault


def _decode(types: tuple[str, ...], payload: bytes) -> tuple[object, ...]:
    try:
        return _CODEC.decode(types, payload)
    except (DecodingError, OverflowError, UnicodeDecodeError) as fault:
        raise Unavailable("ledger.answer", "the chain's answer does not fit the artefact") from fault

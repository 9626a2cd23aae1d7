"""What a block's transactions did, proven by the header of the block after it: outcomes and every log, complete.

CometBFT hashes each transaction's result into the next header's `last_results_hash` (v0.38 data structures: code, data,
gas wanted, gas used), and the EVM module writes into that data its response with the transaction's hash, its logs,
what it returned and its error (protobuf `cosmos.evm.vm.v1.MsgEthereumTxResponse`). So one endpoint suffices: it can
neither add, change, move nor leave out a log or an outcome of a block whose successor's commit is verified.
"""

from __future__ import annotations

import base64
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ecert.domain.errors import VerificationFailed
from ecert.domain.merkle import Tree
from ledger.drivers.calls import error_name
from ledger.evidence.checker import bytes_field, number_field
from ledger.evidence.protobuf import fields

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["NO_RESULTS", "Log", "Result", "prove_results", "raw_transactions"]

NO_RESULTS: Final = Tree([]).root
"""The hash in a header of no transactions, and of no results."""

_RESPONSE: Final = b"/cosmos.evm.vm.v1.MsgEthereumTxResponse"
_REVERTED: Final = "execution reverted"
_RESPONSES, _LOGS, _TOPICS = 2, 2, 2  # numbers of repeated fields, each in its own message
_WORD, _ADDRESS = 32, 20


@dataclass(frozen=True, slots=True)
class Log:
    """A log as emitted: address of 20 bytes, topics of 32, data."""

    address: bytes
    topics: tuple[bytes, ...]
    payload: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """What one transaction did, by its place in the block. `error` None where it succeeded."""

    hash: bytes
    index: int
    error: str | None
    logs: tuple[Log, ...]


def prove_results(told: object, *, results_hash: bytes) -> tuple[Result, ...]:
    """Read the result of `/block_results` against `results_hash` of the *next* header, 32 bytes.

    A transaction that was refused before it ran left no response and is passed over. VerificationFailed where what is
    told is not what was signed.
    """
    try:
        listed = [_Told(each) for each in _list(_dict(told)["txs_results"])]
        if Tree([each.leaf for each in listed]).root != results_hash:
            raise VerificationFailed("results differ from those in the next header")
        found = [_result(each.response, index) for index, each in enumerate(listed) if each.response]
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError) as fault:
        raise VerificationFailed(f"no results of a block: {type(fault).__name__}") from fault
    return tuple(found)


def raw_transactions(told: object) -> Iterator[bytes]:
    """Yield the Ethereum transactions in the result of `/block`, as signed; each proves itself by its hash."""
    try:
        listed = [base64.b64decode(str(text)) for text in _list(_dict(_dict(_dict(told)["block"])["data"])["txs"])]
    except (KeyError, TypeError, ValueError, RecursionError) as fault:
        raise VerificationFailed(f"no transactions of a block: {type(fault).__name__}") from fault
    for transaction in listed:
        with suppress(ValueError, IndexError):  # of another kind, or broken
            yield _first(_first(_first(_first(transaction, 1), 1), 2), 6)


class _Told:
    """One entry of the answer: the leaf that its deterministic part makes, and the EVM's response in it."""

    def __init__(self, told: object) -> None:
        entry = _dict(told)
        content = base64.b64decode(str(entry.get("data") or ""), validate=True)
        numbers = [int(str(entry.get(name) or 0)) for name in ("code", "gas_wanted", "gas_used")]
        code, wanted, used = numbers
        self.leaf = number_field(1, code) + bytes_field(2, content) + number_field(5, wanted) + number_field(6, used)
        self.response = _response(content) if code == 0 else b""


def _response(content: bytes) -> bytes:
    for number, message in fields(content):
        if number == _RESPONSES and isinstance(message, bytes) and _first(message, 1) == _RESPONSE:
            return _first(message, 2)
    return b""


def _result(response: bytes, index: int) -> Result:
    found = list(fields(response))
    single = {number: content for number, content in found if isinstance(content, bytes)}
    logs = tuple(_log(content) for number, content in found if number == _LOGS and isinstance(content, bytes))
    fault = single.get(4, b"").decode()
    return Result(_hex(single[1], _WORD), index, _error(fault, single.get(3, b"")), logs)


def _error(fault: str, returned: bytes) -> str | None:
    """Name the contract's own error, or what else ended the run (OutOfGas and its kind); None for success."""
    if not fault:
        return None
    return error_name(returned) if fault == _REVERTED else fault.split(":", maxsplit=1)[0].title().replace(" ", "")


def _log(content: bytes) -> Log:
    found = list(fields(content))
    topics = tuple(_hex(text, _WORD) for number, text in found if number == _TOPICS)
    return Log(_hex(_first(content, 1), _ADDRESS), topics, _optional(content, 3))


def _hex(text: object, size: int) -> bytes:
    content = bytes.fromhex(bytes(text).decode().removeprefix("0x")) if isinstance(text, bytes) else b""
    if len(content) != size:
        raise ValueError(size)
    return content


def _dict(told: object) -> dict[str, object]:
    if not isinstance(told, dict):
        raise TypeError(type(told).__name__)
    return told


def _list(told: object) -> list[object]:
    if not isinstance(told, list | None):
        raise TypeError(type(told).__name__)
    return told or []


def _first(message: bytes, wanted: int) -> bytes:
    for number, content in fields(message):
        if number == wanted and isinstance(content, bytes):
            return content
    raise ValueError(wanted)


def _optional(message: bytes, wanted: int) -> bytes:
    return next((c for number, c in fields(message) if number == wanted and isinstance(c, bytes)), b"")

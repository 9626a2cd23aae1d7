"""What an endpoint answers about a state that nothing proves: views and nonces, in a form that two can be compared by.

Every question names its block, so two validators are asked about one state and never about two (Ethereum JSON-RPC).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ecert.domain.errors import Unavailable
from ledger.drivers.validators import Behind
from ledger.drivers.wire import Refusal

if TYPE_CHECKING:
    from ledger.drivers.validators import Endpoint

__all__ = ["Viewed", "chain_id", "has_code", "next_nonce", "receipt_block", "view"]

_QUANTITY: Final = re.compile(r"0x[0-9a-fA-F]{1,64}")


@dataclass(frozen=True, slots=True)
class Viewed:
    """What a call returned, or with what bytes the contract refused it."""

    output: bytes
    has_reverted: bool


def view(endpoint: Endpoint, to: bytes, payload: bytes, *, sender: bytes, block: int) -> Viewed:
    """Run a call on the state after a block."""
    call = {"from": _hex(sender), "to": _hex(to), "data": _hex(payload)}
    try:
        return Viewed(_bytes(_ask(endpoint, "eth_call", call, hex(block))), has_reverted=False)
    except Refusal as refusal:
        if "revert" not in refusal.message:
            raise
        return Viewed(_bytes(refusal.data or "0x"), has_reverted=True)


def has_code(endpoint: Endpoint, address: bytes, *, block: int) -> bool:
    """Tell whether a contract stands at an address."""
    return bool(_bytes(_ask(endpoint, "eth_getCode", _hex(address), hex(block))))


def next_nonce(endpoint: Endpoint, address: bytes, *, block: int) -> int:
    """Count an account's transactions up to a block."""
    return _number(_ask(endpoint, "eth_getTransactionCount", _hex(address), hex(block)))


def chain_id(endpoint: Endpoint) -> int:
    """Ask for the number that transactions are signed for (EIP-155)."""
    return _number(endpoint.eth("eth_chainId"))


def receipt_block(endpoint: Endpoint, transaction_hash: bytes) -> int | None:
    """Tell in which block an endpoint says that a transaction is; None where it knows of none."""
    match endpoint.eth("eth_getTransactionReceipt", _hex(transaction_hash)):
        case None:
            return None
        case {"blockNumber": number}:
            return _number(number)
        case _:
            raise Unavailable("ledger.answer_form", "a receipt without a block")


def _ask(endpoint: Endpoint, method: str, *params: object) -> object:
    try:
        return endpoint.eth(method, *params)
    except Refusal as refusal:
        if "height" in refusal.message or "not found" in refusal.message:
            raise Behind from refusal
        raise


def _hex(content: bytes) -> str:
    return "0x" + content.hex()


def _bytes(told: object) -> bytes:
    try:
        return bytes.fromhex(str(told).removeprefix("0x"))
    except ValueError as fault:
        raise Unavailable("ledger.answer_form", "not bytes in hexadecimal") from fault


def _number(told: object) -> int:
    if not isinstance(told, str) or not _QUANTITY.fullmatch(told):
        raise Unavailable("ledger.answer_form", "not a number in hexadecimal")
    return int(told, 16)

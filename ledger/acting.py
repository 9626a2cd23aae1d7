"""How a region's act, signed by its own key, reaches the chain: in this process, or through the server that owns the chain.

The command line takes the chain's lock where nobody holds it; where a server does, it signs here and the server queues the
bytes (docs/decisions, "One owner of an embedded chain"). The key never leaves this machine's custody.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from ecert.domain.errors import NotAllowed, Unavailable
from ledger import store
from ledger.directory import Directory
from ledger.port import Account, Call, SignedTransaction
from ledger.replica import Replica
from ledger.sending import Sending

__all__ = ["Acting", "act_here", "act_through"]

_PATIENCE = 60.0
_PAUSE = 0.2
_TIMEOUT = 3.0


@dataclass(frozen=True, slots=True)
class Acting:
    """What a command needs: the contracts, what the chain has said so far, and a way to act and be told the block."""

    directory: Directory
    replica: Replica
    act: Callable[[Call, str], int]
    encode: Callable[[Call], bytes]
    now: Callable[[], int]


def act_here(sending: Sending, settle: Callable[[], None], now: Callable[[], int]) -> Callable[[Call, str], int]:
    """Act through this process's own queue; the answer is the final block. NotAllowed("ledger.refused")."""

    def act(call: Call, account: str) -> int:
        with sending.database.transaction() as connection:
            number = sending.queue(connection, call, account=account, now=now())
        settle()
        with sending.database.reading() as connection:
            block, error = store.outcome_of(connection, number)
        return _final(block, error)

    return act


def act_through(
    url: str, *, account: Callable[[str], Account], sign: Callable[[Call, Account, int], SignedTransaction]
) -> Callable[[Call, str], int]:
    """Act through the server at `url`: sign here, let it queue the bytes, ask until they are final."""

    def act(call: Call, name: str) -> int:
        sender = account(name)
        with httpx.Client(base_url=url, timeout=_TIMEOUT) as client:
            nonce = int(_ask(client, "GET", f"/api/v1/chain/accounts/0x{sender.address.hex()}")["nonce"])
            signed = sign(call, sender, nonce)
            body = {
                "account": "0x" + sender.address.hex(),
                "nonce": nonce,
                "raw": "0x" + signed.raw.hex(),
                "hash": "0x" + signed.hash.hex(),
                "purpose": call.function,
            }
            _ask(client, "POST", "/api/v1/chain/transactions", json=body)
            return _wait(client, signed)

    return act


def _wait(client: httpx.Client, signed: SignedTransaction) -> int:
    give_up = time.monotonic() + _PATIENCE
    while time.monotonic() < give_up:
        told = _ask(client, "GET", f"/api/v1/chain/transactions/0x{signed.hash.hex()}")
        if told["block"] is not None:
            return _final(told["block"], told["error"])
        time.sleep(_PAUSE)
    raise Unavailable("ledger.unsettled", "the transaction is not final yet; the server goes on sending it")


def _final(block: int | None, error: str | None) -> int:
    if error is not None:
        raise NotAllowed("ledger.refused", error)
    if block is None:
        raise Unavailable("ledger.unsettled", "the transaction is not final yet")
    return block


def _ask(client: httpx.Client, method: str, path: str, *, json: object = None) -> dict[str, Any]:
    try:
        answer = client.request(method, path, json=json)
    except httpx.HTTPError as error:
        raise Unavailable("ledger.server_away", type(error).__name__) from error
    if not answer.is_success:
        raise Unavailable("ledger.server_refused", f"{answer.status_code} {answer.text[:200]}")
    told = answer.json()
    if not isinstance(told, dict):
        raise Unavailable("ledger.server_refused", "the server's answer is no object")
    return told

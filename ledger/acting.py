"""How a region's act, signed by its own key, reaches the chain: in this process, or through the server that owns it.

The command line takes the chain's lock where nobody holds it; where a server does, it signs here and the server queues
the bytes (docs/spec/consortium-cli.md, "Two ways to the chain"). The key never leaves this machine's custody.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from ecert.domain.errors import Conflict, EcertError, NotAllowed, Unavailable
from ledger.directory import Directory
from ledger.port import Account, Call, SignedTransaction
from ledger.replica import Replica
from ledger.sending import Sending
from ledger.store import queue as queue_rows

__all__ = ["Acting", "act_here", "act_through"]

_PATIENCE = 60.0
_PAUSE = 0.2
_TIMEOUT = 3.0
_NONCES = 3


@dataclass(frozen=True, slots=True)
class Acting:
    """What a command needs: the contracts, what the chain has said so far, and a way to act and be told the block."""

    directory: Directory
    replica: Replica
    act: Callable[[Call, str], int]
    encode: Callable[[Call], bytes]
    now: Callable[[], int]

    def do(self, call: Call, *, account: str) -> int:
        """Act, and return the final block once the replica has followed it.

        NotAllowed("ledger.refused") with the contract's error; Unavailable("ledger.unfollowed") when the act stands but
        the replica does not show it yet.
        """
        block = self.act(call, account)
        give_up = time.monotonic() + _PATIENCE
        self.replica.refresh()
        while self.replica.head.number < block:
            if time.monotonic() > give_up:
                raise Unavailable("ledger.unfollowed", f"final in block {block}")
            time.sleep(_PAUSE)
            self.replica.refresh()
        return block


def act_here(sending: Sending, settle: Callable[[], None], now: Callable[[], int]) -> Callable[[Call, str], int]:
    """Act through this process's own queue; the answer is the final block. NotAllowed("ledger.refused")."""

    def act(call: Call, account: str) -> int:
        with sending.database.transaction() as connection:
            number = sending.queue(connection, call, account=account, now=now())
        settle()
        with sending.database.reading() as connection:
            block, error = queue_rows.outcome_of(connection, number)
        return _final(block, error)

    return act


def act_through(
    url: str, *, account: Callable[[str], Account], sign: Callable[[Call, Account, int], SignedTransaction]
) -> Callable[[Call, str], int]:
    """Act through the server at `url`: sign here, let it queue the bytes, ask until they are final.

    An answer that was lost is asked for again with the same bytes, so nothing is done twice. Unavailable
    ("ledger.server_away" | "ledger.server_refused" | "ledger.unsettled"), NotAllowed("ledger.refused" |
    "ledger.not_admin"), Conflict("ledger.nonce_used") where others of this region act all the time.
    """

    def act(call: Call, name: str) -> int:
        sender = account(name)
        with httpx.Client(base_url=url, timeout=_TIMEOUT, trust_env=False) as client:
            for _ in range(_NONCES):
                signed = _signed(client, call, sender, sign)
                try:
                    _patiently(client, "POST", "/api/v1/chain/transactions", json=_body(call, sender, *signed))
                except Conflict:  # another command of this region was first; sign anew behind it
                    continue
                return _wait(client, signed[0])
        raise Conflict("ledger.nonce_used", "other commands act for this region at the same time")

    return act


def _signed(
    client: httpx.Client,
    call: Call,
    sender: Account,
    sign: Callable[[Call, Account, int], SignedTransaction],
) -> tuple[SignedTransaction, int]:
    nonce = _ask(client, "GET", f"/api/v1/chain/accounts/0x{sender.address.hex()}").get("nonce")
    if not isinstance(nonce, int):
        raise Unavailable("ledger.server_refused", "the server tells no nonce")
    return sign(call, sender, nonce), nonce


def _body(call: Call, sender: Account, signed: SignedTransaction, nonce: int) -> dict[str, object]:
    return {
        "account": "0x" + sender.address.hex(),
        "nonce": nonce,
        "raw": "0x" + signed.raw.hex(),
        "hash": "0x" + signed.hash.hex(),
        "purpose": call.function,
    }


def _wait(client: httpx.Client, signed: SignedTransaction) -> int:
    give_up = time.monotonic() + _PATIENCE
    while time.monotonic() < give_up:
        told = _patiently(client, "GET", f"/api/v1/chain/transactions/0x{signed.hash.hex()}")
        block, error = told.get("block"), told.get("error")
        if isinstance(block, int):
            return _final(block, None if error is None else str(error))
        time.sleep(_PAUSE)
    raise Unavailable("ledger.unsettled", "the transaction is not final yet; the server goes on sending it")


def _final(block: int | None, error: str | None) -> int:
    if error is not None:
        raise NotAllowed("ledger.refused", error)
    if block is None:
        raise Unavailable("ledger.unsettled", "the transaction is not final yet")
    return block


def _patiently(client: httpx.Client, method: str, path: str, *, json: object = None) -> Mapping[str, Any]:
    """Ask again while the server is away: once the bytes may have arrived, giving up would leave their end unknown."""
    give_up = time.monotonic() + _PATIENCE
    while True:
        try:
            return _ask(client, method, path, json=json)
        except Unavailable as error:
            if error.code != "ledger.server_away" or time.monotonic() > give_up:
                raise
            time.sleep(_PAUSE)


def _ask(client: httpx.Client, method: str, path: str, *, json: object = None) -> Mapping[str, Any]:
    try:
        answer = client.request(method, path, json=json)
        told = answer.json()
    except httpx.HTTPError as error:
        raise Unavailable("ledger.server_away", type(error).__name__) from error
    except ValueError:
        raise Unavailable("ledger.server_refused", "the server's answer is no JSON") from None
    if not isinstance(told, dict):
        raise Unavailable("ledger.server_refused", "the server's answer is no object")
    if not answer.is_success:
        raise _refusal(answer.status_code, str(told.get("code", "")))
    return told


def _refusal(status: int, code: str) -> EcertError:
    match status, code:
        case _, "ledger.nonce_used":
            return Conflict("ledger.nonce_used")
        case _, "ledger.not_admin":
            return NotAllowed("ledger.not_admin")
        case 503, _:
            return Unavailable("ledger.server_away", code)
        case _:
            return Unavailable("ledger.server_refused", f"{status} {code}".strip())

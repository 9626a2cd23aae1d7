"""The members of a live chain as its own tests drive it: transactions over JSON-RPC, votes, the set of validators."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
from eth_hash.auto import keccak

from ledger.drivers import calls
from ledger.port import Account, Call

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ADMINS", "MEMBERS", "Chain", "await_that"]

MEMBERS = (31, 32, 33, 34)
ADMINS = tuple(calls.account(keccak(f"admin {region}".encode())) for region in MEMBERS)
_PATIENCE = 300.0
_EXPIRES = 2_000_000_000


@dataclass(frozen=True)
class Chain:
    """One validator's two doors, and where the Consortium is to stand."""

    json_rpc: str
    consensus_rpc: str
    id: int
    consortium: bytes

    def rpc(self, method: str, *params: object) -> object:
        asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return httpx.post(self.json_rpc, json=asked, timeout=5, trust_env=False).json()

    def result(self, method: str, *params: object) -> object:
        answer = self.rpc(method, *params)
        assert isinstance(answer, dict)
        assert "error" not in answer, answer
        return answer["result"]

    def answers(self) -> bool:
        try:
            return bool(self.rpc("eth_chainId"))
        except httpx.HTTPError:
            return False

    def validators(self) -> set[str]:
        told = httpx.get(f"{self.consensus_rpc}/validators", timeout=5, trust_env=False).json()
        return {validator["address"] for validator in told["result"]["validators"]}

    def send(self, sender: Account, to: bytes | None, payload: bytes) -> object:
        nonce = int(str(self.result("eth_getTransactionCount", "0x" + sender.address.hex(), "pending")), 16)
        signed = calls.sign(sender, chain_id=self.id, nonce=nonce, gas=8_000_000, to=to, payload=payload)
        return self.rpc("eth_sendRawTransaction", "0x" + signed.raw.hex())

    def do(self, sender: Account, to: bytes | None, payload: bytes) -> dict[str, str]:
        sent = self.send(sender, to, payload)
        assert isinstance(sent, dict)
        assert "result" in sent, sent
        receipt: object = None

        def final() -> bool:
            nonlocal receipt
            receipt = self.result("eth_getTransactionReceipt", sent["result"])
            return receipt is not None

        await_that(final)
        assert isinstance(receipt, dict)
        assert receipt["status"] == "0x1", receipt
        return receipt

    def found(self) -> None:
        """Make the Consortium of the four admins, as the first founder's first transaction."""
        names = ["上海", "江苏", "浙江", "安徽"]
        args = (list(MEMBERS), names, [admin.address for admin in ADMINS])
        made = self.do(ADMINS[0], None, calls.encode_deployment("Consortium", args))
        assert bytes.fromhex(made["contractAddress"][2:]) == self.consortium

    def call(self, sender: Account, function: str, *args: object) -> dict[str, str]:
        return self.do(sender, self.consortium, self._encoded(function, *args))

    def propose(self, function: str, *args: object) -> int:
        """Have the first member propose a call; return the proposal's number."""
        self.call(ADMINS[0], "propose", self._encoded(function, *args), _EXPIRES)
        asked = {"to": "0x" + self.consortium.hex(), "data": "0x" + self._encoded("proposalCount").hex()}
        return int(str(self.result("eth_call", asked, "latest")), 16)

    def decide(self, function: str, *args: object) -> None:
        """Propose a call, vote for it by all four founding members, and execute it."""
        number = self.propose(function, *args)
        for admin in ADMINS:
            self.call(admin, "vote", number)
        self.call(ADMINS[0], "execute", number)

    def _encoded(self, function: str, *args: object) -> bytes:
        return calls.encode_call(Call("Consortium", self.consortium, function, args))


def await_that(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)

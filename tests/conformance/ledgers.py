"""The drivers that answer to the conformance suite, and a consortium of four standing on any of them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from eth_hash.auto import keccak

from ledger.drivers import calls
from ledger.drivers.embedded import open_embedded
from ledger.port import Account, Call, Event, Ledger, Outcome, SignedTransaction

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

ROLES = {"trust": "TrustRegistry", "anchor": "CertificateAnchor", "status": "StatusRegistry"}
REGIONS = (31, 32, 33, 34)
FAR = 4_000_000_000
NOWHERE = b"\x77" * 20
PATIENCE = 30  # seconds of the wall, for what takes milliseconds, or two blocks


def open_hurried(path: Path) -> Ledger:
    """An embedded chain whose seconds last ten milliseconds."""
    return open_embedded(path, clock=hurried_clock, wait=_doze)


def hurried_clock() -> float:
    return 1_800_000_000 + time.monotonic() * 100


def _doze(event: threading.Event, seconds: float) -> None:
    event.wait(min(seconds, 0.002))


def role(name: str) -> bytes:
    return keccak(name.encode())


def admin(region: int) -> Account:
    return calls.account(keccak(f"admin {region}".encode()))


def grant(region: int, name: str, address: bytes, *, allowed: bool = True) -> tuple[object, ...]:
    """Name the call and the arguments that give an account a role of a region, or take it away."""
    return ("setAccount", region, role(name), address, allowed)


@dataclass
class Consortium:
    """The four contracts, appointed by vote; `clerk` holds every role of region 31, `stranger` none there.

    On the network nobody may send whom no member has admitted: whoever only tries something is an account of region 33.
    """

    ledger: Ledger
    contracts: dict[str, bytes] = field(default_factory=dict)
    clerk: Account = field(default_factory=lambda: calls.account(keccak(b"clerk")))
    stranger: Account = field(default_factory=lambda: calls.account(keccak(b"stranger")))

    @classmethod
    def found(cls, ledger: Ledger) -> Consortium:
        house = cls(ledger)
        if ledger.next_nonce(house.stranger.address) >= len(house._order()):
            house._adopt()
            return house
        admins = tuple(admin(region).address for region in REGIONS)
        house._deploy("Consortium", (REGIONS, ("沪", "苏", "浙", "皖"), admins))
        house.admit(house.stranger)
        for number, (name, contract) in enumerate(ROLES.items(), start=1):
            house._deploy(contract, (house.contracts["Consortium"],))
            house._appoint(number, name, house.contracts[contract])
        for name in ("anchor", "status", "audit"):
            house.do("Consortium", *grant(31, name, house.clerk.address), by=admin(31))
        return house

    def admit(self, account: Account) -> Account:
        self.do("Consortium", *grant(33, "audit", account.address), by=admin(33))
        return account

    @property
    def by_address(self) -> dict[bytes, str]:
        return {address: name for name, address in self.contracts.items()}

    def call(self, contract: str, function: object, *args: object) -> Call:
        return Call(contract, self.contracts[contract], str(function), args)

    def ask(self, contract: str, function: object, *args: object, block: int | None = None) -> tuple[object, ...]:
        return self.ledger.ask(self.call(contract, function, *args), block=block)

    def prepare(self, contract: str, function: object, *args: object, by: Account) -> SignedTransaction:
        nonce = self.ledger.next_nonce(by.address)
        return self.ledger.prepare(self.call(contract, function, *args), by, nonce=nonce)

    def settle(self, transaction: SignedTransaction) -> Outcome:
        self.ledger.submit(transaction)
        return self.final(transaction)

    def final(self, transaction: SignedTransaction) -> Outcome:
        until(lambda: self.ledger.outcome(transaction.hash) is not None)
        outcome = self.ledger.outcome(transaction.hash)
        assert outcome is not None
        return outcome

    def do(self, contract: str, function: object, *args: object, by: Account) -> Outcome:
        outcome = self.settle(self.prepare(contract, function, *args, by=by))
        assert outcome.succeeded, outcome
        return outcome

    def events_of(self, block: int) -> tuple[Event, ...]:
        (found,) = self.ledger.blocks(first=block, last=block, contracts=self.by_address)
        return found.events

    def new_list(self, size: int = 1024) -> int:
        """Open the next status list of region 31."""
        (count,) = self.ask("StatusRegistry", "listCount", 31)
        number = int(str(count)) + 1
        self.do("StatusRegistry", "createList", 31, number, size, by=self.clerk)
        return number

    @staticmethod
    def _order() -> tuple[str, ...]:
        return ("Consortium", *ROLES.values())

    def _adopt(self) -> None:
        """Take over the contracts that an earlier founding left on this chain: a network is founded once a session."""
        for nonce, name in enumerate(self._order()):
            self.contracts[name] = calls.created_address(self.stranger.address, nonce)

    def _deploy(self, contract: str, args: tuple[object, ...]) -> None:
        nonce = self.ledger.next_nonce(self.stranger.address)
        outcome = self.settle(self.ledger.prepare_deployment(contract, args, self.stranger, nonce=nonce))
        assert outcome.created is not None, outcome
        self.contracts[contract] = outcome.created

    def _appoint(self, number: int, name: str, address: bytes) -> None:
        action = calls.encode_call(self.call("Consortium", "appointContract", role(name), address))
        self.do("Consortium", "propose", action, FAR, by=admin(31))
        for region in REGIONS[:3]:
            self.do("Consortium", "vote", number, by=admin(region))
        self.do("Consortium", "execute", number, by=admin(34))


def until(holds: Callable[[], bool]) -> None:
    """Wait for what must come; fail when it does not."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)

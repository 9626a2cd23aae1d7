"""Founding: the four contracts deployed, appointed by vote and given each region's sending accounts.

Every phase asks the chain, or the queue, what already stands, so a founding that was interrupted goes on where it
was. No single key holds all regions: each signs its own votes and accounts; only the creation of the contracts, which
gives no right to anybody, is paid for by the first region.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ecert.domain.errors import Conflict, Unavailable
from ledger import acts
from ledger.directory import ACCOUNT_ROLES, CONTRACTS, Directory, look_up
from ledger.port import Call
from ledger.sending import Sending
from ledger.store import queue as queue_rows

__all__ = ["Founding"]

_PROPOSAL_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Founding:
    """What a founding needs: the queue, the regions' names, and how to wait until everything queued is final."""

    sending: Sending
    names: Mapping[int, str]
    settle: Callable[[], None]
    now: Callable[[], int]

    def found(self) -> Directory:
        """Deploy and appoint whatever is missing; return the directory in force.

        Conflict("ledger.other_chain") where the database belongs to another one, Unavailable("ledger.unfounded") where
        the chain refused a part.
        """
        self._hold_chain()
        first = min(self.names)
        admins = [self.sending.account(f"{region}-admin").address for region in self.names]
        self._create("Consortium", (list(self.names), list(self.names.values()), admins), first)
        self.settle()
        consortium = self._created("Consortium", first)
        for name in CONTRACTS.values():
            self._create(name, (consortium,), first)
        self.settle()
        found = {role: self._created(name, first) for role, name in CONTRACTS.items()}
        by_name = {CONTRACTS[role]: address for role, address in found.items()}
        directory = Directory(
            consortium, by_name["TrustRegistry"], by_name["CertificateAnchor"], by_name["StatusRegistry"]
        )
        self._allow_accounts(directory)
        self._appoint(directory, found)
        if look_up(self.sending.ledger, consortium) != directory:
            raise Unavailable("ledger.unfounded", "the vote did not appoint every contract")
        self._bind(consortium)
        return directory

    def _hold_chain(self) -> None:
        with self.sending.database.reading() as connection:
            bound = queue_rows.chain(connection)
        if bound is not None and bound[0] != self.sending.ledger.identity():
            raise Conflict("ledger.other_chain", "the database belongs to another chain")

    def _create(self, contract: str, args: tuple[object, ...], region: int) -> None:
        account = f"{region}-admin"
        with self.sending.database.transaction() as connection:
            if queue_rows.transaction_for(connection, self.sending.account(account).address, contract) is None:
                self.sending.queue_deployment(connection, contract, args, account=account, now=self.now())

    def _created(self, contract: str, region: int) -> bytes:
        with self.sending.database.reading() as connection:
            queued = queue_rows.transaction_for(connection, self.sending.account(f"{region}-admin").address, contract)
        return self.sending.created(queued, contract)

    def _allow_accounts(self, directory: Directory) -> None:
        for region in self.names:
            for role in ACCOUNT_ROLES:
                address = self.sending.account(f"{region}-{role}").address
                may = Call("Consortium", directory.consortium, "mayAct", (region, ACCOUNT_ROLES[role], address))
                if self.sending.ledger.ask(may) != (True,):
                    call = acts.allow_account(directory, region=region, role=role, address=address, allowed=True)
                    self._queue(call, region)
        self.settle()

    def _appoint(self, directory: Directory, found: Mapping[bytes, bytes]) -> None:
        ask = self.sending.ledger.ask
        missing = [
            Call("Consortium", directory.consortium, "appointContract", (role, address))
            for role, address in found.items()
            if ask(directory.call("Consortium", "current", role)) != (address,)
        ]
        if not missing:
            return
        first = min(self.names)
        (count,) = ask(directory.call("Consortium", "proposalCount"))
        if not isinstance(count, int):
            raise Conflict("ledger.unfounded", "the Consortium does not count its proposals")
        ids = range(count + 1, count + 1 + len(missing))
        expires = self.now() + _PROPOSAL_SECONDS
        for call in missing:
            action = self.sending.ledger.encode(call)
            self._queue(directory.call("Consortium", "propose", action, expires), first)
        self.settle()
        for region in self.names:
            for number in ids:
                self._queue(directory.call("Consortium", "vote", number), region)
        self.settle()
        for number in ids:
            self._queue(directory.call("Consortium", "execute", number), first)
        self.settle()

    def _queue(self, call: Call, region: int) -> None:
        with self.sending.database.transaction() as connection:
            self.sending.queue(connection, call, account=f"{region}-admin", now=self.now())

    def _bind(self, consortium: bytes) -> None:
        with self.sending.database.transaction() as connection:
            if queue_rows.chain(connection) is None:
                queue_rows.bind_chain(connection, self.sending.ledger.identity(), consortium)

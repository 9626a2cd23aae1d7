"""The queue of signed transactions: one sending account per region and purpose, each with its nonces in order.

A transaction is signed and written down inside the caller's own transaction, so a state change and the promise to
record it on chain are one durable write. It is then sent, the same bytes, until the chain says that it is final; a
driver may forget it as often as it likes. Written names: `*.queue` by callers, `send.final` here
(docs/issuance-cycle.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from ecert.domain.errors import Conflict, Malformed, NotFound, Unavailable
from ecert.runtime.logs import log
from ecert.runtime.storage import Database, queue_behind
from ledger.port import Account, Call, Ledger, Outcome, SignedTransaction
from ledger.store import queue as queue_rows

__all__ = ["Sending"]

_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Sending:
    """One deployment's queue; `account` opens a sending account by name, such as `31-anchor`."""

    database: Database
    ledger: Ledger
    account: Callable[[str], Account]

    def queue(self, connection: Connection, call: Call, *, account: str, now: int) -> int:
        """Sign a call with the account's next nonce and queue it; return its number in the queue."""
        sender = self.account(account)
        nonce = self._take_nonce(connection, sender.address)
        signed = self.ledger.prepare(call, sender, nonce=nonce)
        return queue_rows.add_transaction(
            connection, signed, account=sender.address, nonce=nonce, purpose=call.function, now=now
        )

    def queue_deployment(
        self, connection: Connection, contract: str, args: tuple[object, ...], *, account: str, now: int
    ) -> int:
        """Queue the creation of a contract."""
        sender = self.account(account)
        nonce = self._take_nonce(connection, sender.address)
        signed = self.ledger.prepare_deployment(contract, args, sender, nonce=nonce)
        return queue_rows.add_transaction(
            connection, signed, account=sender.address, nonce=nonce, purpose=contract, now=now
        )

    def created(self, queued: int | None, contract: str) -> bytes:
        """Give the address (20 bytes) of a queued creation that is final; Unavailable("ledger.unfounded")."""
        with self.database.reading() as connection:
            sent = None if queued is None else queue_rows.hash_of(connection, queued)
        outcome = None if sent is None else self.ledger.outcome(sent)
        if outcome is None or outcome.created is None:
            raise Unavailable("ledger.unfounded", f"{contract} could not be created")
        return outcome.created

    def nonce_for(self, address: bytes) -> int:
        """Tell the nonce that comes after everything queued here for an account."""
        with self.database.reading() as connection:
            queued = queue_rows.next_nonce(connection, address)
        return self.ledger.next_nonce(address) if queued is None else queued

    def is_busy(self, connection: Connection, account: str, *, purpose: str) -> bool:
        """Tell whether anything that an account queued for a purpose is not final yet."""
        return queue_rows.has_unfinished(connection, self.account(account).address, purpose=purpose)

    def accept(self, signed: SignedTransaction, *, account: bytes, nonce: int, purpose: str) -> int:
        """Queue a transaction that was signed elsewhere; the same bytes again are the same entry.

        Conflict("ledger.nonce_used") where another transaction has the nonce; whatever else the chain would never take
        is refused before it is queued, for it would block the account's later ones. So would another's transaction
        under this account's name: Malformed("ledger.transaction").
        """
        if self.ledger.signer_of(signed) != (account, nonce):
            raise Malformed("ledger.transaction", "signed by another account, or with another nonce")
        with self.database.transaction() as connection:
            queue_behind(connection, f"account {account.hex()}")
            known = queue_rows.transaction_by_hash(connection, signed.hash)
            if known is not None:
                return known
            if nonce != self._take_nonce(connection, account):
                raise Conflict("ledger.nonce_used", "another transaction has this nonce, or one before it is missing")
            number = queue_rows.add_transaction(
                connection, signed, account=account, nonce=nonce, purpose=purpose, now=0
            )
            self.ledger.submit(signed)  # last: what could not be written down must not become final
            return number

    def outcome(self, transaction_hash: bytes) -> tuple[int | None, str | None]:
        """Return (final block or None, the contract's error or None); NotFound("ledger.unknown_transaction")."""
        with self.database.reading() as connection:
            number = queue_rows.transaction_by_hash(connection, transaction_hash)
            if number is None:
                raise NotFound("ledger.unknown_transaction")
            return queue_rows.outcome_of(connection, number)

    def push(self) -> int:
        """Send what is not final and record what became so; return how many are still under way.

        An account whose transaction the chain will not take (another has its nonce) waits for its operator and keeps
        nobody else waiting. Unavailable("ledger.*") where the chain is away; what was learnt until then is recorded.
        """
        with self.database.reading() as connection:
            unfinished = queue_rows.unfinished(connection, most=_AT_ONCE)
        final: list[tuple[int, Outcome]] = []
        stuck: set[bytes] = set()
        try:
            for number, account, transaction in unfinished:
                outcome = self.ledger.outcome(transaction.hash)
                if outcome is not None:
                    final.append((number, outcome))
                elif account not in stuck and not self._sends(transaction, account):
                    stuck.add(account)
        finally:
            self._record(final)
        return len(unfinished) - len(final)

    def _sends(self, transaction: SignedTransaction, account: bytes) -> bool:
        try:
            self.ledger.submit(transaction)
        except (Conflict, Malformed) as fault:
            log("ledger.stuck", code=fault.code, key=account.hex()[:8])
            return False
        return True

    def _record(self, final: list[tuple[int, Outcome]]) -> None:
        if final:
            with self.database.transaction() as connection:
                for number, outcome in final:
                    queue_rows.finish(connection, number, outcome)

    def hold(self, connection: Connection, account: str) -> None:
        """Let nobody else queue under an account until this transaction ends, and see all that was queued before."""
        queue_behind(connection, f"account {self.account(account).address.hex()}")

    def _take_nonce(self, connection: Connection, address: bytes) -> int:
        return queue_rows.take_nonce(connection, address, first=lambda: self.ledger.next_nonce(address))

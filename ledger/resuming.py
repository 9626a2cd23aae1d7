"""The ledger goes on after a restore: behind the chain's last batches, nonces and audit entries, never beside them.

A batch that the chain has and the backup has not was anchored by this deployment's own key. The same call, key and
nonce give the same bytes, so its transaction is made again and found by its hash: the rows come back, and only the
leaves under the root stay unknown. An entry of the audit log that is lost leaves its place to one that says so; the
next root then does not continue the last one, and every follower will name the region for it, as it must.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any, cast

from sqlalchemy import Connection

from ecert.domain.errors import Conflict
from ledger.anchoring import sending_account
from ledger.auditing import AuditLog
from ledger.directory import Directory
from ledger.port import Account, Outcome, SignedTransaction
from ledger.replica import AUDIT, CERTIFICATES
from ledger.sending import Sending
from ledger.store import audit as audit_rows
from ledger.store import batches as batch_rows
from ledger.store import queue as queue_rows
from ledger.store.batches import NewBatch

__all__ = ["LOST", "Resuming"]

LOST = "lost"
"""The kind of an audit entry that stands for one that is gone."""

_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Resuming:
    """A deployment's ledger, loaded from the backup `backup` (its id); everything queued is final already."""

    sending: Sending
    audit: AuditLog
    directory: Directory
    regions: tuple[int, ...]
    backup: str

    def resume(self, connection: Connection, *, now: int) -> None:
        """Take over what the chain knows more; safe to repeat. Conflict("backup.unknown_batch")."""
        for region in self.regions:
            for kind in (CERTIFICATES, AUDIT):
                self._take_over(connection, region, kind, now)
        for address, nonce in queue_rows.accounts(connection).items():
            queue_rows.set_nonce(connection, address, max(nonce, self.sending.ledger.next_nonce(address)))
        for region in self.regions:
            self._fill(connection, region, now)

    def _take_over(self, connection: Connection, region: int, kind: int, now: int) -> None:
        anchor = self.directory.anchor
        (count,) = self._ask("batchCount", region, kind)
        refused = {
            old.batch.number: old.id
            for old in batch_rows.refused_batches(connection, region=region, kind=kind)
            if old.contract == anchor and old.batch.number <= count
        }
        newest = batch_rows.newest_batch(connection, region=region, kind=kind, contract=anchor)
        first = newest.batch.number + 1 if newest else 1
        account = self.sending.account(sending_account(region, kind))
        nonce = queue_rows.next_nonce(connection, account.address) or 0
        for number in (*sorted(refused), *range(first, count + 1)):
            batch = self._on_chain(region, kind, number)
            nonce, signed, outcome = self._made_again(batch, account, first_nonce=nonce)
            transaction = queue_rows.add_transaction(
                connection, signed, account=account.address, nonce=nonce, purpose="anchor", now=now
            )
            queue_rows.finish(connection, transaction, outcome)
            if number in refused:
                batch_rows.resend_batch(connection, refused[number], batch, contract=anchor, transaction=transaction)
            else:
                batch_rows.add_batch(connection, batch, contract=anchor, transaction=transaction)
            nonce += 1

    def _on_chain(self, region: int, kind: int, number: int) -> NewBatch:
        (told,) = self._ask("batchOf", region, kind, number)
        root, hash_alg, size, previous, *_ = told
        return NewBatch(region, kind, number, root, hash_alg, size, previous)

    def _made_again(
        self, batch: NewBatch, account: Account, *, first_nonce: int
    ) -> tuple[int, SignedTransaction, Outcome]:
        """Find the transaction that anchored a batch among the account's own that are not known here."""
        call = self.directory.call("CertificateAnchor", "anchor", *astuple(batch))
        for nonce in range(first_nonce, self.sending.ledger.next_nonce(account.address)):
            signed = self.sending.ledger.prepare(call, account, nonce=nonce)
            outcome = self.sending.ledger.outcome(signed.hash)
            if outcome is not None and outcome.succeeded:
                return nonce, signed, outcome
        raise Conflict("backup.unknown_batch", f"region {batch.region}, kind {batch.kind}, batch {batch.number}")

    def _fill(self, connection: Connection, region: int, now: int) -> None:
        """Put an entry that says so in the place of each that is gone."""
        newest = batch_rows.newest_batch(connection, region=region, kind=AUDIT)
        have = audit_rows.audit_size(connection, region)
        size = max(newest.batch.size if newest else 0, have)
        for start in range(have, size, _AT_ONCE):
            records = [{"lost": place, "backup": self.backup} for place in range(start, min(start + _AT_ONCE, size))]
            self.audit.record_many(connection, region=region, kind=LOST, records=records, now=now)
        told = {"backup": self.backup, "lost": size - have}
        self.audit.record(connection, region=region, kind="restored", record=told, now=now)

    def _ask(self, view: str, *args: object) -> tuple[Any, ...]:
        answer = self.sending.ledger.ask(self.directory.call("CertificateAnchor", view, *args))
        return cast("tuple[Any, ...]", answer)

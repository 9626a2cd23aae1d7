"""Anchoring: fingerprints wait in an outbox, are closed into batches, and each batch's root goes on chain once.

Durable writes, in order (docs/issuance-cycle.md): `issue.store` puts the fingerprint into the outbox together with the
certificate; `batch.close` numbers the batch, orders its leaves and queues the signed transaction, all at once; the
queue sends it; once it is final the receipt can be computed from what is stored. The contract takes number n + 1
only, after the batch whose hash is given, so nothing is anchored twice and the chain of batches never forks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from functools import lru_cache

from eth_hash.auto import keccak
from sqlalchemy import Connection

from ecert.domain.errors import NotFound
from ecert.domain.merkle import Tree
from ecert.domain.receipt import AnchorReceipt
from ecert.runtime.storage import Database
from ledger import store
from ledger.directory import Directory
from ledger.replica import AUDIT, CERTIFICATES
from ledger.sending import Sending
from ledger.store import NewBatch

__all__ = ["Anchoring", "batch_hash"]

SHA256 = 1
_RETRY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Anchoring:
    """The outbox of a deployment's regions. A batch closes at `size` leaves, or when its oldest waited `seconds`."""

    database: Database
    sending: Sending
    directory: Directory
    chain_id: int
    regions: tuple[int, ...]
    size: int
    seconds: int

    def enqueue(self, connection: Connection, *, region: int, fingerprints: Iterable[bytes], now: int) -> None:
        """Put fingerprints into the outbox, inside the transaction that stores what they are of."""
        store.add_leaves(connection, region, fingerprints, now)

    def close_batches(self, now: int) -> int:
        """Close what is due in every region; return how many batches were closed."""
        return sum(self._close_region(region, now) for region in self.regions) + sum(
            self._close_audit(region, now) for region in self.regions
        )

    def is_idle(self) -> bool:
        """Tell whether nothing waits: no leaf in the outbox and no entry of an audit log beyond its anchored root."""
        with self.database.reading() as connection:
            return not any(
                store.waiting(connection, region)[0] or self._audit_grown(connection, region) for region in self.regions
            )

    def resend_refused(self, now: int) -> int:
        """Queue anew the anchoring of batches that the chain refused, at most once a minute; return how many."""
        again = 0
        for region in self.regions:
            for kind in (CERTIFICATES, AUDIT):
                again += self._resend(region, kind, now)
        return again

    def receipt(self, connection: Connection, *, region: int, fingerprint: bytes) -> AnchorReceipt | None:
        """Make the receipt of a fingerprint whose batch is final; None until then. NotFound("anchor.unknown")."""
        place = store.place_of(connection, region=region, fingerprint=fingerprint)
        if place is None:
            raise NotFound("anchor.unknown", "no such fingerprint was queued here")
        number, position = place
        if number is None or position is None:
            return None
        (closed,) = store.batches(connection, region=region, kind=CERTIFICATES, number=number)
        if closed.block is None or closed.error is not None:
            return None
        leaves = store.leaves_of(connection, region=region, batch=number)
        path = _tree(closed.batch.root, tuple(leaves)).path(position)
        contract = "0x" + self.directory.anchor.hex()
        return AnchorReceipt(self.chain_id, contract, number, position, closed.batch.size, tuple(path))

    def _close_region(self, region: int, now: int) -> int:
        closed = 0
        while True:
            with self.database.transaction() as connection:
                count, oldest = store.waiting(connection, region)
                if oldest is None or (count < self.size and now - oldest < self.seconds):
                    return closed
                number, previous = self._next(connection, region, CERTIFICATES)
                leaves = store.take_leaves(connection, region=region, batch=number, most=self.size)
                batch = NewBatch(region, CERTIFICATES, number, Tree(leaves).root, SHA256, len(leaves), previous)
                store.add_batch(connection, batch, transaction=self._send(connection, batch, now))
            closed += 1

    def _close_audit(self, region: int, now: int) -> int:
        with self.database.transaction() as connection:
            newest = store.batches(connection, region=region, kind=AUDIT)
            if (newest and newest[0].block is None) or not self._audit_grown(connection, region):
                return 0  # one state of the log at a time is under way
            size = store.audit_size(connection, region)
            number, previous = self._next(connection, region, AUDIT)
            root = Tree(store.audit_leaves(connection, region, size)).root
            batch = NewBatch(region, AUDIT, number, root, SHA256, size, previous)
            store.add_batch(connection, batch, transaction=self._send(connection, batch, now))
        return 1

    def _audit_grown(self, connection: Connection, region: int) -> bool:
        newest = store.batches(connection, region=region, kind=AUDIT)
        anchored = newest[0].batch.size if newest else 0
        return store.audit_size(connection, region) > anchored

    def _next(self, connection: Connection, region: int, kind: int) -> tuple[int, bytes]:
        newest = store.batches(connection, region=region, kind=kind)
        return (newest[0].batch.number + 1, batch_hash(newest[0].batch)) if newest else (1, bytes(32))

    def _send(self, connection: Connection, batch: NewBatch, now: int) -> int:
        account = f"{batch.region}-{'anchor' if batch.kind == CERTIFICATES else 'audit'}"
        call = self.directory.call("CertificateAnchor", "anchor", *astuple(batch))
        return self.sending.queue(connection, call, account=account, now=now)

    def _resend(self, region: int, kind: int, now: int) -> int:
        with self.database.transaction() as connection:
            refused = [b for b in store.batches(connection, region=region, kind=kind, most=100) if b.error]
            if any(now - old.queued_at < _RETRY_SECONDS for old in refused):
                return 0
            for old in reversed(refused):
                store.resend_batch(connection, old.batch, transaction=self._send(connection, old.batch, now))
        return len(refused)


def batch_hash(batch: NewBatch) -> bytes:
    """keccak256 of the ABI encoding of a batch's seven fields, as CertificateAnchor computes it (docs/contracts.md)."""
    return keccak(b"".join(w if isinstance(w, bytes) else w.to_bytes(32, "big") for w in astuple(batch)))


@lru_cache(maxsize=8)
def _tree(_root: bytes, leaves: tuple[bytes, ...]) -> Tree:
    return Tree(leaves)

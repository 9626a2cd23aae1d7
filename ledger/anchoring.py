"""Anchoring: fingerprints wait in an outbox, are closed into batches, and each batch's root goes on chain once.

Durable writes, in order (docs/issuance-cycle.md): `issue.store` puts the fingerprint into the outbox together with the
certificate; `batch.close` numbers the batch, orders its leaves and queues the signed transaction, all at once; the
queue sends it; once it is final the receipt can be computed from what is stored. The contract takes number n + 1
only, after the batch whose hash is given, so nothing is anchored twice and the chain of batches never forks. A contract
that succeeds another counts from 1; a batch keeps the contract that holds it, and its receipts name that one for ever.

Several processes may close batches of one database: each takes leaves that no other has taken (FOR UPDATE SKIP LOCKED),
and then they number their batches one after the other.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import astuple, dataclass, field, replace

from eth_hash.auto import keccak
from sqlalchemy import Connection

from ecert.domain.errors import NotFound
from ecert.domain.merkle import Tree
from ecert.domain.receipt import AnchorReceipt
from ecert.domain.suites import SHA256
from ecert.runtime.logs import log
from ecert.runtime.metrics import Counter
from ecert.runtime.storage import Database
from ledger import audit_tree
from ledger.directory import Directory
from ledger.replica import AUDIT, CERTIFICATES
from ledger.sending import Sending
from ledger.store import audit as audit_rows
from ledger.store import batches as batch_rows
from ledger.store.batches import ClosedBatch, NewBatch

__all__ = ["Anchoring", "batch_hash", "sending_account"]

_RETRY_SECONDS = 60
_TREES = 8


@dataclass(frozen=True, slots=True)
class Anchoring:
    """The outbox of a deployment's regions. A batch closes at `size` leaves, or when its oldest waited `seconds`.

    An audit log's next state closes when `seconds` have passed since the last one did. `refused` counts what the
    chain refused, by region, role of the account that sent it and the contract's error.
    """

    database: Database
    sending: Sending
    directory: Directory
    chain_id: int
    regions: tuple[int, ...]
    size: int
    seconds: int
    refused: Counter = field(default_factory=Counter, repr=False, compare=False)
    _trees: dict[bytes, Tree] = field(default_factory=dict, repr=False, compare=False)

    def enqueue(self, connection: Connection, *, region: int, fingerprints: Iterable[bytes], now: int) -> None:
        """Put fingerprints into the outbox, inside the transaction that stores what they are of.

        Conflict("anchor.known") for one that was queued before.
        """
        batch_rows.add_leaves(connection, region, fingerprints, now)

    def close_batches(self, now: int) -> int:
        """Close what is due in every region; return how many batches were closed."""
        return sum(self._close_region(region, now) for region in self.regions) + sum(
            self._close_audit(region, now) for region in self.regions
        )

    def is_idle(self) -> bool:
        """Tell whether nothing waits: no leaf in the outbox and no entry of an audit log beyond its anchored root."""
        with self.database.reading() as connection:
            return not any(
                batch_rows.waiting(connection, region)[0] or self._audit_grown(connection, region)
                for region in self.regions
            )

    def resend_refused(self, now: int) -> int:
        """Queue anew the anchoring of batches that the chain refused, at most once a minute; return how many.

        Each refusal is logged and counted once, when its batch is queued anew.
        """
        again = 0
        for region in self.regions:
            for kind in (CERTIFICATES, AUDIT):
                again += self._resend(region, kind, now)
        return again

    def receipt(self, connection: Connection, *, region: int, fingerprint: bytes) -> AnchorReceipt | None:
        """Make the receipt of a fingerprint whose batch is final; None until then. NotFound("anchor.unknown")."""
        place = batch_rows.place_of(connection, region=region, fingerprint=fingerprint)
        if place is None:
            raise NotFound("anchor.unknown", "no such fingerprint was queued here")
        number, position = place
        if number is None or position is None:
            return None
        closed = batch_rows.batch(connection, number)
        if closed.block is None or closed.error is not None:
            return None
        path = tuple(self._tree(connection, closed).path(position))
        contract = "0x" + closed.contract.hex()
        return AnchorReceipt(self.chain_id, contract, closed.batch.number, position, closed.batch.size, path)

    def _tree(self, connection: Connection, closed: ClosedBatch) -> Tree:
        """Build a batch's tree once for the many receipts that are asked for in turn."""
        tree = self._trees.get(closed.batch.root)
        if tree is None:
            tree = Tree(batch_rows.leaves_of(connection, closed.id))
            if len(self._trees) >= _TREES:
                self._trees.clear()
            self._trees[closed.batch.root] = tree
        return tree

    def _close_region(self, region: int, now: int) -> int:
        closed = 0
        while True:
            with self.database.transaction() as connection:
                count, oldest = batch_rows.waiting(connection, region)
                if not self._is_due(count, oldest, now):
                    return closed
                # Another process may have taken some, or all, since they were counted.
                leaves = batch_rows.take_leaves(connection, region, most=self.size)
                if not self._is_due(len(leaves), min((leaf.queued_at for leaf in leaves), default=None), now):
                    return closed
                self._hold(connection, region, CERTIFICATES)
                if self._is_held(connection, region, CERTIFICATES):
                    return closed
                root = Tree([leaf.fingerprint for leaf in leaves]).root
                number = self._close(connection, region, CERTIFICATES, root=root, size=len(leaves), now=now)
                batch_rows.place_leaves(connection, [leaf.id for leaf in leaves], batch=number)
            closed += 1

    def _is_due(self, count: int, oldest: int | None, now: int) -> bool:
        return oldest is not None and (count >= self.size or now - oldest >= self.seconds)

    def _hold(self, connection: Connection, region: int, kind: int) -> None:
        """Let one process at a time number a region's batches: what is read from here on includes all closed before."""
        self.sending.hold(connection, sending_account(region, kind))

    def _close_audit(self, region: int, now: int) -> int:
        with self.database.transaction() as connection:
            if not self._audit_grown(connection, region):
                return 0
            self._hold(connection, region, AUDIT)
            newest = batch_rows.newest_batch(connection, region=region, kind=AUDIT)
            if newest is not None and (newest.block is None or now - newest.queued_at < self.seconds):
                return 0  # one state of the log at a time is under way, and none sooner than a batch would close by age
            if not self._audit_grown(connection, region) or self._is_held(connection, region, AUDIT):
                return 0
            size = audit_rows.audit_size(connection, region)
            audit_tree.grow(connection, region, size=size)
            root = audit_tree.root(connection, region, size=size)
            self._close(connection, region, AUDIT, root=root, size=size, now=now)
        return 1

    def _audit_grown(self, connection: Connection, region: int) -> bool:
        newest = batch_rows.newest_batch(connection, region=region, kind=AUDIT)
        return audit_rows.audit_size(connection, region) > (newest.batch.size if newest else 0)

    def _is_held(self, connection: Connection, region: int, kind: int) -> bool:
        """Tell whether a refused batch stands before the next one, which would then be refused as well."""
        return bool(batch_rows.refused_batches(connection, region=region, kind=kind))

    def _close(self, connection: Connection, region: int, kind: int, *, root: bytes, size: int, now: int) -> int:
        number, previous = self._next(connection, region, kind)
        batch = NewBatch(region, kind, number, root, SHA256, size, previous)
        transaction = self._send(connection, batch, now)
        return batch_rows.add_batch(connection, batch, contract=self.directory.anchor, transaction=transaction)

    def _next(self, connection: Connection, region: int, kind: int) -> tuple[int, bytes]:
        anchor = self.directory.anchor
        newest = batch_rows.newest_batch(connection, region=region, kind=kind, contract=anchor)
        return (newest.batch.number + 1, batch_hash(newest.batch)) if newest else (1, bytes(32))

    def _send(self, connection: Connection, batch: NewBatch, now: int) -> int:
        call = self.directory.call("CertificateAnchor", "anchor", *astuple(batch))
        return self.sending.queue(connection, call, account=sending_account(batch.region, batch.kind), now=now)

    def _resend(self, region: int, kind: int, now: int) -> int:
        with self.database.transaction() as connection:
            if not self._is_held(connection, region, kind):
                return 0
            self._hold(connection, region, kind)
            refused = batch_rows.refused_batches(connection, region=region, kind=kind)
            if any(now - old.queued_at < _RETRY_SECONDS for old in refused):
                return 0
            for old in refused:
                batch = self._renumbered(connection, old)
                transaction = self._send(connection, batch, now)
                batch_rows.resend_batch(
                    connection, old.id, batch, contract=self.directory.anchor, transaction=transaction
                )
        for old in refused:
            self._tell_refused(old)
        return len(refused)

    def _tell_refused(self, old: ClosedBatch) -> None:
        region, role, error = str(old.batch.region), _role(old.batch.kind), old.error or ""
        log("anchor.refused", level=logging.WARNING, region=region, role=role, batch=old.batch.number, error=error)
        self.refused.add(region=region, role=role, error=error)

    def _renumbered(self, connection: Connection, old: ClosedBatch) -> NewBatch:
        """Give a batch the next number of the contract in force, where its own was succeeded before it took it."""
        if old.contract == self.directory.anchor:
            return old.batch
        number, previous = self._next(connection, old.batch.region, old.batch.kind)
        return replace(old.batch, number=number, previous=previous)


def sending_account(region: int, kind: int) -> str:
    """Name the account that anchors a region's batches of a kind."""
    return f"{region}-{_role(kind)}"


def _role(kind: int) -> str:
    return "anchor" if kind == CERTIFICATES else "audit"


def batch_hash(batch: NewBatch) -> bytes:
    """keccak256 of the ABI encoding of a batch's seven fields, as CertificateAnchor computes it (docs/contracts.md)."""
    return keccak(b"".join(w if isinstance(w, bytes) else w.to_bytes(32, "big") for w in astuple(batch)))

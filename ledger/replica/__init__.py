"""The replica: a deployment's own copy of what the chain says, a mapped file of one writer (docs/spec/replica.md)."""

from ledger.replica.reader import AUDIT, CERTIFICATES, Batch, Change, Replica, open_replica
from ledger.replica.writer import ReplicaWriter

__all__ = ["AUDIT", "CERTIFICATES", "Batch", "Change", "Replica", "ReplicaWriter", "open_replica"]

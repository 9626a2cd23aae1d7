"""What every use case of this room stands on, gathered once by the front door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ecert.domain.signer import Signer
from ecert.domain.trust import TrustState
from ecert.runtime.keys import Keys
from ecert.runtime.storage import Database
from ecert.runtime.vault import Vault
from ledger.anchoring import Anchoring
from ledger.auditing import AuditLog
from ledger.directory import Directory
from ledger.replica import Replica
from ledger.sending import Sending

__all__ = ["LIST_SIZE", "Issuer"]

LIST_SIZE = 2**17


@dataclass(frozen=True, slots=True)
class Issuer:
    """The issuing side of a deployment's regions.

    `signer` opens a region's status key; `trust` gives what this deployment has followed from the chain and judges in
    time, `followed` all of it; `public_url` has no slash at its end; `list_size` is a power of two from 1,024 on
    (docs/contracts.md, StatusRegistry).
    """

    database: Database
    vault: Vault
    keys: Keys
    signer: Callable[[int], Signer]
    anchoring: Anchoring
    sending: Sending
    directory: Directory
    audit: AuditLog
    regions: tuple[int, ...]
    trust: Callable[[], TrustState]
    followed: Callable[[], Replica]
    public_url: str
    list_size: int = LIST_SIZE

    def list_uri(self, *, region: int, number: int) -> str:
        """Name a status list, as certificates cite it."""
        return f"{self.public_url}/status-lists/{region}-{number}"

"""What the home regions of this deployment work with; the wiring makes one and hands it to every use case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ecert.domain.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection

    from ecert.domain.signer import Signer
    from ecert.runtime.storage import Database
    from ecert.runtime.vault import Vault
    from wallet_codes.holdings import Holdings


class Audit(Protocol):
    """The region's audit log, as `ledger.auditing.AuditLog.record` keeps it."""

    def __call__(
        self, connection: Connection, *, region: int, kind: str, record: Mapping[str, Any], now: int
    ) -> object:
        """Append a record inside the caller's transaction."""


@dataclass(frozen=True, slots=True)
class Home:
    """`signer` gives a region's code key, `holdings` every issuing region's; times to live in seconds."""

    database: Database
    vault: Vault
    signer: Callable[[int], Signer]
    holdings: Mapping[int, Holdings]
    audit: Audit
    regions: frozenset[int]
    code_seconds: int = 60
    offline_seconds: int = 3600

    def hold(self, region: int) -> None:
        """Raise NotFound("code.elsewhere") unless this deployment is the region's home."""
        if region not in self.regions:
            raise NotFound("code.elsewhere", str(region))

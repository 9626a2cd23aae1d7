"""How a certificate rests in the database: sealed for its own row, found by a keyed index of its holder's number."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from ecert.domain.holders import HolderRef
from ecert.domain.redeem import Mutable
from ecert.runtime.vault import Vault
from issuer.store.certificates import StoredCertificate

__all__ = ["blind_of", "open_certificate", "open_mutable", "seal_certificate", "seal_mutable"]


def seal_certificate(vault: Vault, identifier: str, text: str) -> bytes:
    """Seal an SD-JWT for the row of its licence identifier."""
    return vault.seal(text.encode("ascii"), context=f"certificate:{identifier}".encode())


def open_certificate(vault: Vault, row: StoredCertificate) -> str:
    """Open a row's SD-JWT; Unavailable("vault.unreadable")."""
    return vault.open(row.sealed, context=f"certificate:{row.id}".encode()).decode("ascii")


def seal_mutable(vault: Vault, identifier: str, mutable: Mapping[str, Mapping[str, object]]) -> bytes:
    """Seal mutable elements, {key: {value, at}}."""
    return vault.seal(orjson.dumps(mutable), context=f"mutable:{identifier}".encode())


def open_mutable(vault: Vault, row: StoredCertificate) -> dict[str, Mutable]:
    """Open a row's mutable elements, each with when it was so."""
    if row.mutable_sealed is None:
        return {}
    content = orjson.loads(vault.open(row.mutable_sealed, context=f"mutable:{row.id}".encode()))
    return {key: Mutable(state["value"], state["at"]) for key, state in content.items()}


def blind_of(vault: Vault, holder: HolderRef) -> bytes:
    """Index a holder in 32 bytes, without its number."""
    return vault.blind(b"holder", str(holder))

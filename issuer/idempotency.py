"""The same request twice is done once: a caller's key, kept a day (draft-ietf-httpapi-idempotency-key-header).

The answer is written in the transaction of what it answers, so that neither ever stands without the other. The digest
of the request is keyed: a body holds people, and a plain hash of it could be searched for.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from sqlalchemy import Connection

from ecert.domain.errors import Conflict, Malformed
from ecert.runtime.vault import Vault
from issuer.room import Issuer
from issuer.store import answers

__all__ = ["KEPT_SECONDS", "Once", "once", "purge", "recall", "remember"]

KEPT_SECONDS = 24 * 3600

_KEY = re.compile(r"[!-~]{1,64}")


@dataclass(frozen=True, slots=True)
class Once:
    """A request that is done once: whose, under which key, and the keyed digest of what was asked (32 bytes)."""

    caller: str
    key: str
    region: int
    digest: bytes


def once(vault: Vault, *, caller: str, key: str, region: int, request: bytes) -> Once:
    """Name a request; Malformed("idempotency.key") unless the key has 1 to 64 visible ASCII characters."""
    if not _KEY.fullmatch(key):
        raise Malformed("idempotency.key")
    return Once(caller, key, region, vault.blind(b"idempotency", hashlib.sha256(request).hexdigest()))


def recall(connection: Connection, vault: Vault, wanted: Once | None) -> bytes | None:
    """Return the answer given before; Conflict("idempotency.other_request") where the key was another request's."""
    found = None if wanted is None else answers.find(connection, caller=wanted.caller, key=wanted.key)
    if wanted is None or found is None:
        return None
    digest, sealed = found
    if digest != wanted.digest:
        raise Conflict("idempotency.other_request")
    return vault.open(sealed, context=_context(wanted))


def remember(connection: Connection, vault: Vault, wanted: Once | None, *, answer: bytes, now: int) -> None:
    """Keep an answer, inside the transaction of what it answers."""
    if wanted is not None:
        sealed = vault.seal(answer, context=_context(wanted))
        answers.add(
            connection,
            caller=wanted.caller,
            key=wanted.key,
            region=wanted.region,
            digest=wanted.digest,
            answer=sealed,
            at=now,
        )


def purge(issuer: Issuer, now: int) -> int:
    """Forget answers older than a day; return how many."""
    with issuer.database.transaction() as connection:
        return answers.purge(connection, before=now - KEPT_SECONDS)


def _context(wanted: Once) -> bytes:
    return f"idempotency:{wanted.caller}:{wanted.key}".encode()

"""What one signature suite is: a frozen row of names, numbers and the three things that it can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ecert.domain.suites import hashes

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecert.domain.signer import LocalSigner


class Verify(Protocol):
    """Checks one signature over a whole message with a public key in SPKI DER."""

    def __call__(self, *, spki: bytes, message: bytes, signature: bytes) -> None:
        """Return nothing, or raise VerificationFailed; Malformed("suite.key") for another suite's key."""


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite; whole names, nothing is negotiated. `hash_alg` makes the fingerprints of what it signs."""

    name: str
    jose_alg: str
    cose_alg: int
    hash_alg: int
    available: bool
    verify: Verify
    check_key: Callable[[bytes], None]
    generate: Callable[[], bytes] | None = None
    load_signer: Callable[[bytes], LocalSigner] | None = None

    @property
    def issues(self) -> bool:
        """Whether new certificates may be signed with it; the others are verified only."""
        return self.generate is not None

    def digest(self, message: bytes) -> bytes:
        """Digest with the suite's own hash, 32 bytes."""
        return hashes.digest(self.hash_alg, message)

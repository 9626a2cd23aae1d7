"""What may sign for an authority, wherever its key lives, and how a key is named (RFC 7515 section 4.1.4)."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Signer(Protocol):
    """One private key, in this process or in a module that never lets it out."""

    @property
    def suite(self) -> str:
        """The suite's name, a key of `ecert.domain.suites.SUITES`."""

    @property
    def spki(self) -> bytes:
        """The public half, SPKI DER."""

    @property
    def kid(self) -> str:
        """`kid(spki)`, made once."""

    def sign(self, message: bytes) -> bytes:
        """Sign the whole message, not its digest.

        The form is always the suite's fixed one: r‖s, 64 bytes, for ES256 and SM2-SM3. Threads may share it.
        Raises Unavailable("signer.unavailable") where the key is out of reach just now; nothing was signed.
        """


@dataclass(frozen=True, slots=True)
class LocalSigner:
    """A Signer whose key is loaded in this process; the key itself never shows in its repr."""

    suite: str
    spki: bytes
    kid: str
    sign_with_key: Callable[[bytes], bytes] = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """Sign the whole message in the suite's fixed form."""
        return self.sign_with_key(message)


def local_signer(suite: str, spki: bytes, sign: Callable[[bytes], bytes]) -> LocalSigner:
    """Build a LocalSigner, naming its key once."""
    return LocalSigner(suite, spki, kid(spki), sign)


def key_id(spki: bytes) -> bytes:
    """Name a public key in 32 bytes, SHA-256 of its SPKI DER: the form on chain and in COSE."""
    return hashlib.sha256(spki).digest()


def kid(spki: bytes) -> str:
    """Name a public key in a JOSE header: `key_id` in base64url without padding, 43 characters."""
    return urlsafe_b64encode(key_id(spki)).rstrip(b"=").decode("ascii")

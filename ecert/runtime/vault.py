"""Elements are encrypted at rest: AES-256-GCM (NIST SP 800-38D), HKDF (RFC 5869) and HMAC-SHA-256 (RFC 2104).

Software AES is for demonstration; SM4 (GB/T 32907) in a certified module is the condition of acceptance.
A nonce is 96 random bits, so one key seals at most 2^32 texts.

>>> vault = Vault(bytes(32))
>>> vault.open(vault.seal(b"elements", context=b"holding 7"), context=b"holding 7")
b'elements'
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ecert.domain import ids
from ecert.domain.errors import Malformed, Unavailable

KEY_SIZE: Final = 32
_VERSION: Final = b"\x01"
_NONCE_END: Final = 13


class Vault:
    """Seals bytes under one 32-byte key; safe to share between threads, and its key never shows."""

    __slots__ = ("_blind", "_cipher", "_salt")

    def __init__(self, key: bytes) -> None:
        """Take the key apart by purpose; Malformed("vault.key") unless it has 32 bytes."""
        if len(key) != KEY_SIZE:
            raise Malformed("vault.key", f"{len(key)} bytes")
        self._cipher = AESGCM(_hkdf(key, b"", b"ecert vault seal"))
        self._blind = _hkdf(key, b"", b"ecert vault blind")
        self._salt = _hkdf(key, b"", b"ecert vault derive")

    def seal(self, plaintext: bytes, *, context: bytes) -> bytes:
        """Encrypt and bind to `context` (which row it is): version, nonce of 12 bytes, text, tag of 16."""
        nonce = ids.random_bytes(12)
        return _VERSION + nonce + self._cipher.encrypt(nonce, plaintext, _VERSION + context)

    def open(self, sealed: bytes, *, context: bytes) -> bytes:
        """Decrypt; Unavailable("vault.unreadable") for another key, another context or one altered bit."""
        try:
            if sealed[:1] != _VERSION:
                raise InvalidTag
            return self._cipher.decrypt(sealed[1:_NONCE_END], sealed[_NONCE_END:], _VERSION + context)
        except (InvalidTag, ValueError):
            raise Unavailable("vault.unreadable") from None

    def blind(self, context: bytes, text: str) -> bytes:
        """Index `text` in 32 bytes, so that a row is found by a number which is not stored.

        Without the key the numbers cannot be tried one by one. Another context gives another index.
        """
        return hmac.digest(self._blind, len(context).to_bytes(4) + context + text.encode(), sha256)

    def derive(self, label: str, secret: bytes) -> bytes:
        """Derive a 32-byte key from `secret` and this vault's own key: neither alone gives it."""
        return _hkdf(secret, self._salt, label.encode())


def _hkdf(secret: bytes, salt: bytes, label: bytes) -> bytes:
    return HKDF(SHA256(), KEY_SIZE, salt or None, label).derive(secret)

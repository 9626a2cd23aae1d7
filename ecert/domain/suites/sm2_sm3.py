"""SM2 signatures with SM3, by the libcrypto that Python links, `cryptography` has none (GB/T 32918, 32905).

The only file that knows SM2. Software SM2 is for demonstration: acceptance asks for a certified module.
The signer's identity in ZA is always `1234567812345678` (GB/T 35276 section 10).
"""

from __future__ import annotations

import ctypes
import weakref
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from ecert.domain.errors import Malformed, Unavailable, VerificationFailed
from ecert.domain.signer import LocalSigner, local_signer
from ecert.domain.suites import libcrypto
from ecert.domain.suites.hashes import SM3, digest
from ecert.domain.suites.rs_form import from_der, to_der

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "SM2-SM3"
USER_ID = b"1234567812345678"

# GB/T 32918.5: n, the order of the recommended curve's group.
_ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
# SPKI of id-ecPublicKey on curve 1.2.156.10197.1.301 up to an uncompressed x: one key has one form, one kid.
_SPKI_HEAD = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")
_DER_ROOM = 80
_OK = 1


class _Key:
    """A libcrypto key object, freed with its last reference; many threads may use it at once."""

    __slots__ = ("__weakref__", "address")

    def __init__(self, address: int) -> None:
        self.address = address
        weakref.finalize(self, _lib().EVP_PKEY_free, address).atexit = False


def verify(*, spki: bytes, message: bytes, signature: bytes) -> None:
    """Raise VerificationFailed unless r‖s signs the message; Malformed("suite.key") for a foreign key."""
    library, key = _lib(), _public_key(spki)
    der = to_der(signature, order=_ORDER)
    with _context(library, key) as context:
        _must(library.EVP_DigestVerifyInit(context, None, _SM3, None, key.address))
        if library.EVP_DigestVerify(context, der, len(der), message, len(message)) != _OK:
            raise VerificationFailed("the signature is not this key's")


def check_key(spki: bytes) -> None:
    """Raise Malformed("suite.key") unless this is the one SPKI form of a key of this suite."""
    _public_key(spki)


def generate() -> bytes:
    """Make a private key, PKCS#8 DER, unencrypted; its randomness is libcrypto's."""
    library = _lib()
    context = library.EVP_PKEY_CTX_new_from_name(None, b"SM2", None)
    try:
        _must(library.EVP_PKEY_keygen_init(context))
        address = ctypes.c_void_p()
        _must(library.EVP_PKEY_generate(context, ctypes.byref(address)))
    finally:
        library.EVP_PKEY_CTX_free(context)
    return _pkcs8(_Key(address.value or 0))


def load_signer(pkcs8: bytes) -> LocalSigner:
    """Load a private key from PKCS#8 DER; raises Malformed("suite.key") for any other curve or form."""
    library = _lib()
    container = libcrypto.decode(library, "d2i_PKCS8_PRIV_KEY_INFO", pkcs8)
    if container is None:
        raise Malformed("suite.key", "not a PKCS#8 private key")
    try:
        key = _sm2_key(library.EVP_PKCS82PKEY(container))
    finally:
        library.PKCS8_PRIV_KEY_INFO_free(container)
    return local_signer(NAME, libcrypto.encode(library, "i2d_PUBKEY", key.address), partial(_sign, key))


def sm3(message: bytes) -> bytes:
    """Digest with SM3, 32 bytes; raises Unavailable("suite.unavailable") where libcrypto has none."""
    return digest(SM3, message)


@lru_cache(maxsize=4096)
def _public_key(spki: bytes) -> _Key:
    if not spki.startswith(_SPKI_HEAD):
        raise Malformed("suite.key", "not the SPKI of an uncompressed SM2 point")
    return _sm2_key(libcrypto.decode(_lib(), "d2i_PUBKEY", spki))


def _sm2_key(address: int | None) -> _Key:
    if not address:
        _lib().ERR_clear_error()
        raise Malformed("suite.key", "not a key on any known curve")
    key = _Key(address)
    if not _lib().EVP_PKEY_is_a(address, b"SM2"):
        raise Malformed("suite.key", "not an SM2 key")
    return key


def _sign(key: _Key, message: bytes) -> bytes:
    library = _lib()
    length = ctypes.c_size_t(_DER_ROOM)
    room = ctypes.create_string_buffer(_DER_ROOM)
    with _context(library, key) as context:
        _must(library.EVP_DigestSignInit(context, None, _SM3, None, key.address))
        _must(library.EVP_DigestSign(context, room, ctypes.byref(length), message, len(message)))
    return from_der(room.raw[: length.value])


def _pkcs8(key: _Key) -> bytes:
    library = _lib()
    container = library.EVP_PKEY2PKCS8(key.address)
    try:
        return libcrypto.encode(library, "i2d_PKCS8_PRIV_KEY_INFO", container)
    finally:
        library.PKCS8_PRIV_KEY_INFO_free(container)


@contextmanager
def _context(library: ctypes.CDLL, key: _Key) -> Iterator[int]:
    """Lend one digest context that knows the user identity; one a call, so that threads never share one."""
    digest_context = library.EVP_MD_CTX_new()
    key_context = library.EVP_PKEY_CTX_new(key.address, None)
    try:
        _must(library.EVP_PKEY_CTX_set1_id(key_context, USER_ID, len(USER_ID)))
        library.EVP_MD_CTX_set_pkey_ctx(digest_context, key_context)
        yield digest_context
    finally:
        library.EVP_MD_CTX_free(digest_context)
        library.EVP_PKEY_CTX_free(key_context)
        # The error queue is the thread's: what stays in it would surface in the next TLS call.
        library.ERR_clear_error()


def _must(result: int) -> None:
    if result != _OK:
        raise Unavailable("suite.unavailable", "libcrypto refused an SM2 operation")


def _lib() -> ctypes.CDLL:
    if _LIBRARY is None or _SM3 is None:
        raise Unavailable("suite.unavailable", "this Python's libcrypto has no SM2")
    return _LIBRARY


def _fetch_sm3(library: ctypes.CDLL | None) -> int | None:
    """Decide whether this libcrypto can do the suite at all; the digest stays fetched for good."""
    if library is None:
        return None
    signature = library.EVP_SIGNATURE_fetch(None, b"SM2", None)
    library.EVP_SIGNATURE_free(signature)
    digest: int | None = library.EVP_MD_fetch(None, b"SM3", None)
    library.ERR_clear_error()
    return digest if signature else None


_LIBRARY = libcrypto.load()
_SM3 = _fetch_sm3(_LIBRARY)
AVAILABLE = _SM3 is not None

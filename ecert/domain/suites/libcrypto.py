"""Binds those EVP functions of the libcrypto that Python links which `cryptography` lacks (OpenSSL 3 manual).

Every function has its C signature in one table, so that ctypes checks the call. Pointers are integers here.
A foreign call lets go of the interpreter's lock; threads may share libcrypto's keys, never its contexts.
"""

from __future__ import annotations

import _hashlib
import ctypes
from ctypes import POINTER, c_char_p, c_int, c_long, c_size_t, c_void_p
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_POINTER_TO_POINTER = POINTER(c_void_p)

_SIGNATURES: Mapping[str, tuple[type | None, tuple[type, ...]]] = {
    "ERR_clear_error": (None, ()),
    "EVP_DigestSign": (c_int, (c_void_p, c_void_p, POINTER(c_size_t), c_char_p, c_size_t)),
    "EVP_DigestSignInit": (c_int, (c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)),
    "EVP_DigestVerify": (c_int, (c_void_p, c_char_p, c_size_t, c_char_p, c_size_t)),
    "EVP_DigestVerifyInit": (c_int, (c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)),
    "EVP_MD_CTX_free": (None, (c_void_p,)),
    "EVP_MD_CTX_new": (c_void_p, ()),
    "EVP_MD_CTX_set_pkey_ctx": (None, (c_void_p, c_void_p)),
    "EVP_MD_fetch": (c_void_p, (c_void_p, c_char_p, c_char_p)),
    "EVP_PKCS82PKEY": (c_void_p, (c_void_p,)),
    "EVP_PKEY2PKCS8": (c_void_p, (c_void_p,)),
    "EVP_PKEY_CTX_free": (None, (c_void_p,)),
    "EVP_PKEY_CTX_new": (c_void_p, (c_void_p, c_void_p)),
    "EVP_PKEY_CTX_new_from_name": (c_void_p, (c_void_p, c_char_p, c_char_p)),
    "EVP_PKEY_CTX_set1_id": (c_int, (c_void_p, c_char_p, c_int)),
    "EVP_PKEY_free": (None, (c_void_p,)),
    "EVP_PKEY_generate": (c_int, (c_void_p, _POINTER_TO_POINTER)),
    "EVP_PKEY_is_a": (c_int, (c_void_p, c_char_p)),
    "EVP_PKEY_keygen_init": (c_int, (c_void_p,)),
    "EVP_SIGNATURE_fetch": (c_void_p, (c_void_p, c_char_p, c_char_p)),
    "EVP_SIGNATURE_free": (None, (c_void_p,)),
    "PKCS8_PRIV_KEY_INFO_free": (None, (c_void_p,)),
    "d2i_PKCS8_PRIV_KEY_INFO": (c_void_p, (c_void_p, _POINTER_TO_POINTER, c_long)),
    "d2i_PUBKEY": (c_void_p, (c_void_p, _POINTER_TO_POINTER, c_long)),
    "i2d_PKCS8_PRIV_KEY_INFO": (c_int, (c_void_p, c_void_p)),
    "i2d_PUBKEY": (c_int, (c_void_p, c_void_p)),
}


def load() -> ctypes.CDLL | None:
    """Open the library with every function typed, or None where it is not OpenSSL 3 or hides its names."""
    try:
        # dlsym on an extension module's handle also searches what that module links: no path is guessed.
        library = ctypes.CDLL(getattr(_hashlib, "__file__", None))
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError):
        return None
    return library


def decode(library: ctypes.CDLL, function: str, der: bytes) -> int | None:
    """Call a d2i function; the object's address, or None unless the DER is whole and nothing follows it."""
    buffer = ctypes.create_string_buffer(der, len(der))
    start = ctypes.addressof(buffer)
    cursor = c_void_p(start)
    address: int | None = getattr(library, function)(None, ctypes.byref(cursor), len(der))
    library.ERR_clear_error()
    consumed = (cursor.value or start) - start
    return address if address and consumed == len(der) else None


def encode(library: ctypes.CDLL, function: str, address: int) -> bytes:
    """Call an i2d function on an object: its DER, empty on failure."""
    call = getattr(library, function)
    length: int = call(address, None)
    buffer = ctypes.create_string_buffer(max(length, 1))
    call(address, ctypes.byref(c_void_p(ctypes.addressof(buffer))))
    return buffer.raw[: max(length, 0)]

"""The two digests of fingerprints and trees, by the number stored beside them (FIPS 180-4, GB/T 32905)."""

from __future__ import annotations

import hashlib
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from ecert.domain.errors import Malformed, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SHA256 = 1
SM3 = 2
DIGEST_SIZE = 32

# Constructors, not digests: loops over millions of leaves bind them once.
_CONSTRUCTORS: Mapping[int, Callable[[bytes], hashlib._Hash]] = MappingProxyType(
    {SHA256: hashlib.sha256, SM3: partial(hashlib.new, "sm3")}
)


def constructor(hash_alg: int) -> Callable[[bytes], hashlib._Hash]:
    """Give hashlib's; raises Malformed("suite.hash_alg"), Unavailable("suite.unavailable") without SM3."""
    if hash_alg not in _CONSTRUCTORS:
        raise Malformed("suite.hash_alg", str(hash_alg))
    if hash_alg == SM3 and "sm3" not in hashlib.algorithms_available:
        raise Unavailable("suite.unavailable", "this Python's libcrypto has no SM3")
    return _CONSTRUCTORS[hash_alg]


def digest(hash_alg: int, message: bytes) -> bytes:
    """Digest a message, 32 bytes; raises as `constructor` does."""
    return constructor(hash_alg)(message).digest()

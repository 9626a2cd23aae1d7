"""What SM2 borrows from libcrypto is given back once, and no error of it stays behind for the next TLS call."""

from __future__ import annotations

import _hashlib
import ctypes
import gc
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ecert.domain.errors import Malformed, Unavailable, VerificationFailed
from ecert.domain.suites import generate, libcrypto, load_signer, sm2_sm3, verify_signature

LENT = {
    "EVP_MD_CTX_new": "EVP_MD_CTX_free",
    "EVP_PKEY_CTX_new": "EVP_PKEY_CTX_free",
    "EVP_PKEY_CTX_new_from_name": "EVP_PKEY_CTX_free",
    "d2i_PKCS8_PRIV_KEY_INFO": "PKCS8_PRIV_KEY_INFO_free",
    "EVP_PKEY2PKCS8": "PKCS8_PRIV_KEY_INFO_free",
    "EVP_PKCS82PKEY": "EVP_PKEY_free",
    "d2i_PUBKEY": "EVP_PKEY_free",
}
UNKNOWN_CURVE = bytes.fromhex("2a811ccf5501822f")


class Watched:
    """The library itself, with what it lends and takes back written down."""

    def __init__(self, library: object) -> None:
        self._library = library
        self.lent: Counter[tuple[str, int]] = Counter()
        self.back: Counter[tuple[str, int]] = Counter()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = getattr(self._library, name)

        def called(*args: Any) -> object:  # noqa: ANN401 - a foreign function's arguments
            result = function(*args)
            if name in LENT and result:
                self.lent[LENT[name], result] += 1
            if name in LENT.values():
                self.back[name, args[0]] += 1
            return result

        return called


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """Lend the watched library; keys made by it are gone before the true one is back."""
    watched = Watched(sm2_sm3._LIBRARY)
    monkeypatch.setattr(sm2_sm3, "_LIBRARY", watched)
    sm2_sm3._public_key.cache_clear()
    yield watched
    sm2_sm3._public_key.cache_clear()
    gc.collect()


def first_error() -> int:
    library = ctypes.CDLL(_hashlib.__file__)
    library.ERR_peek_error.restype = ctypes.c_ulong
    return int(library.ERR_peek_error())


def private_key_on_an_unknown_curve() -> bytes:
    return generate("SM2-SM3").replace(bytes.fromhex("2a811ccf5501822d"), UNKNOWN_CURVE)


def test_what_is_lent_is_given_back_once(watched: Watched) -> None:
    pkcs8 = generate("SM2-SM3")
    signer = load_signer("SM2-SM3", pkcs8)
    verify_signature("SM2-SM3", spki=signer.spki, message=b"m", signature=signer.sign(b"m"))
    with pytest.raises(VerificationFailed):
        verify_signature("SM2-SM3", spki=signer.spki, message=b"n", signature=signer.sign(b"m"))
    with pytest.raises(Malformed):
        load_signer("SM2-SM3", private_key_on_an_unknown_curve())
    del signer
    sm2_sm3._public_key.cache_clear()
    gc.collect()
    missing = watched.lent - watched.back
    assert not missing
    # libcrypto gives a generated key through a pointer: two keys were generated, and nothing else was not seen lent.
    generated = watched.back - watched.lent
    assert generated.total() == 2
    assert {name for name, _ in generated} == {"EVP_PKEY_free"}
    assert all(address for _, address in watched.back)


def test_a_key_is_left_alone_when_the_process_ends() -> None:
    key = sm2_sm3._public_key(load_signer("SM2-SM3", generate("SM2-SM3")).spki)
    registry: dict[weakref.finalize[Any, Any], object] = vars(weakref.finalize)["_registry"]
    (freeing,) = (each for each in list(registry) if (alive := each.peek()) and alive[0] is key)
    assert not freeing.atexit


def test_no_error_of_libcrypto_stays_behind() -> None:
    library = sm2_sm3._lib()
    assert libcrypto.decode(library, "d2i_PUBKEY", b"\x30" + bytes(5)) is None
    assert first_error() == 0
    with pytest.raises(Malformed) as refused:
        load_signer("SM2-SM3", private_key_on_an_unknown_curve())
    assert refused.value.code == "suite.key"
    assert first_error() == 0
    key = sm2_sm3._public_key(load_signer("SM2-SM3", generate("SM2-SM3")).spki)
    with sm2_sm3._context(library, key) as context:
        library.EVP_DigestVerifyInit(context, None, sm2_sm3._SM3, None, key.address)
        library.EVP_DigestVerify(context, b"junk", 4, b"m", 1)
        assert first_error() != 0
    assert first_error() == 0


def test_what_cannot_be_written_is_empty() -> None:
    assert libcrypto.encode(sm2_sm3._lib(), "i2d_PUBKEY", 0) == b""


@pytest.mark.parametrize("missing", ["_LIBRARY", "_SM3"])
def test_without_the_library_or_its_sm3_the_suite_is_away(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setattr(sm2_sm3, missing, None)
    with pytest.raises(Unavailable) as refused:
        generate("SM2-SM3")
    assert refused.value.code == "suite.unavailable"


class Fetching:
    """A libcrypto that has what it is told to have, and writes down what is freed."""

    def __init__(self, signature: int | None, digest: int | None) -> None:
        self._has = {b"SM2": signature, b"SM3": digest}
        self.freed: list[int | None] = []
        self.cleared = 0

    def EVP_SIGNATURE_fetch(self, _context: None, name: bytes, _properties: None) -> int | None:  # noqa: N802 - its name in C
        return self._has[name]

    def EVP_MD_fetch(self, _context: None, name: bytes, _properties: None) -> int | None:  # noqa: N802 - its name in C
        return self._has[name]

    def EVP_SIGNATURE_free(self, address: int | None) -> None:  # noqa: N802 - its name in C
        self.freed.append(address)

    def ERR_clear_error(self) -> None:  # noqa: N802 - its name in C
        self.cleared += 1


@pytest.mark.parametrize(("signature", "digest", "found"), [(5, 7, 7), (None, 7, None), (5, None, None)])
def test_the_suite_is_there_with_both_its_halves(signature: int | None, digest: int | None, found: int | None) -> None:
    library = Fetching(signature, digest)
    assert sm2_sm3._fetch_sm3(library) == found  # type: ignore[arg-type]  # as much of a library as is asked
    assert (library.freed, library.cleared) == ([signature], 1)


def test_a_part_that_is_the_order_is_refused_before_the_library_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = load_signer("SM2-SM3", generate("SM2-SM3"))
    order = bytes.fromhex("fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123")
    monkeypatch.delattr(sm2_sm3, "_context")
    for signature in (order + order, bytes(31) + b"\x01" + order, order + bytes(31) + b"\x01"):
        with pytest.raises(VerificationFailed):
            verify_signature("SM2-SM3", spki=signer.spki, message=b"m", signature=signature)


def test_a_python_that_holds_libcrypto_itself_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str | None] = []

    def opened(path: str | None) -> None:
        asked.append(path)
        raise OSError(path)

    monkeypatch.setattr(ctypes, "CDLL", opened)
    assert libcrypto.load() is None
    monkeypatch.delattr(_hashlib, "__file__")
    assert libcrypto.load() is None
    assert (asked[0] or "").endswith(".so")
    assert asked[1:] == [None]

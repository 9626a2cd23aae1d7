from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecert.domain.errors import Malformed, Unavailable
from ecert.runtime.vault import Vault

VAULT = Vault(bytes(range(32)))


@given(st.binary(max_size=200), st.binary(max_size=20))
def test_what_is_sealed_opens_again(plaintext: bytes, context: bytes) -> None:
    sealed = VAULT.seal(plaintext, context=context)
    assert Vault(bytes(range(32))).open(sealed, context=context) == plaintext
    assert len(sealed) == len(plaintext) + 29


@given(st.data())
def test_any_flipped_bit_is_unreadable(data: st.DataObject) -> None:
    sealed = bytearray(VAULT.seal(b"elements", context=b"7"))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Unavailable, match=r"vault\.unreadable"):
        VAULT.open(bytes(sealed), context=b"7")


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_unreadable_and_nothing_else(sealed: bytes) -> None:
    with pytest.raises(Unavailable, match=r"vault\.unreadable"):
        VAULT.open(sealed, context=b"")


def test_another_key_or_context_does_not_open() -> None:
    sealed = VAULT.seal(b"elements", context=b"7")
    for vault, context in ((VAULT, b"8"), (Vault(bytes(32)), b"7")):
        with pytest.raises(Unavailable, match=r"vault\.unreadable"):
            vault.open(sealed, context=context)


def test_one_text_is_never_sealed_alike_twice() -> None:
    assert VAULT.seal(b"x", context=b"") != VAULT.seal(b"x", context=b"")


def test_a_blind_index_finds_by_key_and_context_alone() -> None:
    index = VAULT.blind(b"holder", "320599198803070011")
    assert index == VAULT.blind(b"holder", "320599198803070011")
    others = {
        VAULT.blind(b"holde", "r320599198803070011"),
        VAULT.blind(b"agent", "320599198803070011"),
        Vault(bytes(32)).blind(b"holder", "320599198803070011"),
    }
    assert len(index) == 32
    assert len(others | {index}) == 4


def test_a_derived_key_needs_label_secret_and_vault() -> None:
    key = VAULT.derive("answer", b"code")
    assert key == VAULT.derive("answer", b"code")
    others = {
        VAULT.derive("answe", b"code"),
        VAULT.derive("answer", b"cod"),
        Vault(bytes(32)).derive("answer", b"code"),
    }
    assert len(key) == 32
    assert len(others | {key}) == 4


def test_purposes_have_their_own_keys_and_none_shows() -> None:
    key = bytes(range(32))
    assert VAULT.derive("x", key) != VAULT.blind(b"x", key.hex())
    assert key.hex() not in repr(VAULT)


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_key_has_32_bytes(size: int) -> None:
    with pytest.raises(Malformed, match=r"vault\.key"):
        Vault(bytes(size))

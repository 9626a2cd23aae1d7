"""A proposal is shown in words only where it is exactly what those words encode to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import motions
from ledger.directory import Directory
from ledger.drivers.calls import encode_call
from ledger.port import Call

D = Directory(b"\x01" * 20, b"\x02" * 20, b"\x03" * 20, b"\x04" * 20)
ADMIN = b"\x36" * 20
NAMES = st.text(st.characters(codec="utf-8"), max_size=80)
ADDRESSES = st.binary(min_size=20, max_size=20)
REGIONS = st.integers(0, 2**32 - 1)
TIMES = st.integers(0, 2**64 - 1)

MOTIONS = st.one_of(
    st.builds(lambda m, n, a: motions.admit(D, member=m, name=n, admin=a), REGIONS, NAMES, ADDRESSES),
    st.builds(lambda m: motions.remove(D, member=m), REGIONS),
    st.builds(lambda m, a: motions.heal(D, member=m, admin=a), REGIONS, ADDRESSES),
    st.builds(lambda r, a: motions.appoint(D, role=r, address=a), st.sampled_from(sorted(motions.ROLES)), ADDRESSES),
    st.builds(
        lambda n, v, s, f: motions.release(D, name=n, version=v, sha256=s, effective_from=f),
        NAMES,
        NAMES,
        st.binary(min_size=32, max_size=32),
        TIMES,
    ),
    st.lists(st.tuples(REGIONS, st.binary(min_size=32, max_size=32)), max_size=64).map(
        lambda pairs: motions.validators(D, members=[m for m, _ in pairs], keys=[k for _, k in pairs])
    ),
)


def read(action: bytes) -> dict[str, object] | None:
    return motions.read_motion(D, action, encode=encode_call)


def test_words_of_an_admission() -> None:
    action = encode_call(motions.admit(D, member=36, name="江西", admin=ADMIN))

    assert read(action) == {"do": "admit", "member": 36, "name": "江西", "admin": ADMIN}


def test_words_of_other_validators() -> None:
    action = encode_call(motions.validators(D, members=[31, 32], keys=[b"\x01" * 32, b"\x02" * 32]))

    assert read(action) == {"do": "validators", "members": (31, 32), "keys": (b"\x01" * 32, b"\x02" * 32)}


def test_more_validators_than_there_can_be_are_no_motion() -> None:
    assert read(encode_call(motions.validators(D, members=[31] * 65, keys=[b"\x01" * 32] * 65))) is None


@given(MOTIONS)
def test_every_motion_is_read_back(call: Call) -> None:
    words = read(encode_call(call))

    assert words is not None
    assert tuple(words.values())[1:] == call.args


@given(MOTIONS, st.data())
def test_other_bytes_are_other_words_or_none(call: Call, data: st.DataObject) -> None:
    action = bytearray(encode_call(call))
    action[data.draw(st.integers(0, len(action) - 1))] ^= data.draw(st.integers(1, 255))

    assert read(bytes(action)) != read(encode_call(call))


@pytest.mark.parametrize("more", [b"\0", bytes(32), b"more"])
def test_bytes_after_the_end_are_no_motion(more: bytes) -> None:
    """Solidity would run it all the same; but those who vote must see every byte."""
    assert read(encode_call(motions.remove(D, member=33)) + more) is None


def test_an_unusual_encoding_is_no_motion() -> None:
    """The name is read from where the offset leads, so two texts could hide in one proposal."""
    action = encode_call(motions.admit(D, member=36, name="江西", admin=ADMIN))
    place = 4 + 32
    moved = action[:place] + (128).to_bytes(32, "big") + action[place + 32 :] + action[-64:]

    assert read(moved) is None


@given(
    st.binary(max_size=300)
    | st.builds(bytes.__add__, st.just(encode_call(motions.remove(D, member=33))[:4]), st.binary())
)
def test_arbitrary_bytes_are_read_or_not_and_nothing_else(action: bytes) -> None:
    words = read(action)

    assert words is None or words["do"] == "remove"


def test_roles_have_names() -> None:
    assert [motions.role_name(role) for role in motions.ROLES.values()] == ["trust", "anchor", "status"]
    assert motions.role_name(b"\x05" * 32) == "0x" + "05" * 32

"""Protobuf as strangers write it: every form is read once, and what is endless or too long ends at once."""

from __future__ import annotations

from base64 import b64encode

import pytest

from ledger.evidence import wire
from ledger.evidence.checker import Refused
from ledger.evidence.protobuf import fields


def test_numbers_and_contents_come_in_order_and_fixed_ones_are_passed_over() -> None:
    message = b"\x08\x96\x01" + b"\x19" + bytes(8) + b"\x12\x03abc" + b"\x12\x00"
    assert list(fields(message)) == [(1, 150), (2, b"abc"), (2, b"")]


@pytest.mark.parametrize(
    "message",
    [
        b"\x08",  # ends before its number
        b"\x12\x04abc",  # shorter than it says
        b"\x0b",  # a group, which is not read
        b"\x08" + b"\xff" * 10 + b"\x01",  # eleven bytes
        b"\xff" * 1_000_000,
        b"\x12" + b"\xff" * 1_000_000,
    ],
    ids=["short", "long", "group", "eleven", "tags", "length"],
)
def test_what_is_no_message_ends(message: bytes) -> None:
    with pytest.raises((ValueError, IndexError)):
        list(fields(message))


def test_a_proof_of_one_endless_number_is_no_answer() -> None:
    endless = b64encode(b"\xff" * 3_000_000).decode()
    told = {"response": {"proofOps": {"ops": [{"type": t, "data": endless} for t in ("ics23:iavl", "ics23:simple")]}}}
    with pytest.raises(Refused):
        wire.read_proof(told)

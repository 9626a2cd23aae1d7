"""A megabyte of the worst shape is answered in bounded memory; a reader that is not linear would not return."""

from __future__ import annotations

import resource

import pytest

from ecert.runtime.web import LARGE_BODY_LIMIT, _claimed
from tests.fuzz.targets import TARGETS

MEGABYTE = 1_000_000
MOST_MEMORY = 256 * MEGABYTE
TIMES_TRIED_ELSEWHERE = {"bodies"}
"""Doors have a limit of their own (tests/journeys/test_doors_bad_input.py)."""
SHAPES = {
    "open brackets": b"[",
    "open objects": b'{"a":',
    "members": b'"a":1,',
    "quotes": b'"',
    "escaped quotes": b'\\"',
    "tildes": b"~",
    "parts": b"a~",
    "dots": b".",
    "dotted": b"a.",
    "base64": b"AAAA",
    "digits": b"9",
    "zeros": b"0",
    "letters": b"A",
    "hyphens": b"-",
    "slashes": b"https://a/",
    "spaces": b" ",
    "line ends": b"\r\n",
    "equals": b"=",
    "settings": b"ECERT_A=1\n",
    "tables": b"[[a]]\n",
    "keys": b"a = 1\n",
    "arrays of CBOR": b"\x81",
    "zeros of bytes": bytes(1),
    "surrogates": b"\xed\xa0\x80",
    "Chinese": "证".encode(),
}
PREFIXES = (b"", b"ECERT1:", b"[")


@pytest.mark.parametrize("name", sorted(set(TARGETS) - TIMES_TRIED_ELSEWHERE))
def test_a_megabyte_of_any_shape(name: str) -> None:
    with TARGETS[name].ready() as trial:
        trial.attempt(trial.seeds[0])
        before = _most_memory()
        for unit in SHAPES.values():
            for prefix in PREFIXES:
                trial.attempt((prefix + unit * (MEGABYTE // len(unit)))[:MEGABYTE])
        assert _most_memory() - before < MOST_MEMORY


def _most_memory() -> int:
    """Tell the most bytes that this process ever held; it only rises."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_a_content_length_of_thousands_of_digits_is_too_large() -> None:
    assert _claimed({"headers": [(b"content-length", b"9" * 5_000)]}) > LARGE_BODY_LIMIT

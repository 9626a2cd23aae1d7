"""Whatever bytes arrive, the strict door gives one value or Malformed, never anything else."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ecert.domain.errors import Malformed
from ecert.domain.strict import b64url_decode, b64url_encode, loads

LIMIT = 4096
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
leaves = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | texts
values = st.recursive(leaves, lambda v: st.lists(v, max_size=4) | st.dictionaries(texts, v, max_size=4), max_leaves=12)
jsonish = st.text('{}[]",:\\u0dc1e.-9 \n', max_size=60)


def reason(data: object, *, limit: int = LIMIT, depth: int = 16, floats: bool = False) -> str:
    with pytest.raises(Malformed) as caught:
        loads(data, limit=limit, depth=depth, floats=floats)  # type: ignore[arg-type]  # a wrong type is the test
    return caught.value.code


@given(values, st.booleans(), st.sampled_from([None, 2]))
def test_whatever_is_written_is_read_back(value: object, ascii_only: bool, indent: int | None) -> None:  # noqa: FBT001  # hypothesis passes by position
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert loads(text, limit=10**6, depth=40) == loads(text.encode(), limit=10**6, depth=40) == value


@given(st.binary(max_size=80) | jsonish | jsonish.map(str.encode) | st.text(max_size=40) | leaves)
@example('"\\')
@example(b'"\\ud800"')
@example("\ud800")
@example(b"\xff\xfe1")
@example(b"[" * 4000)
@example('"' + '\\"' * 2000)
@example("9" * 4000)
def test_anything_is_a_value_or_malformed(data: object) -> None:
    try:
        value = loads(data, limit=LIMIT)  # type: ignore[arg-type]  # a wrong type is the test
    except Malformed:
        return
    assert isinstance(data, bytes | str)
    assert value == json.loads(data)


@given(values, values, texts, st.booleans())
def test_a_key_given_twice_is_refused_at_any_depth(one: object, two: object, key: str, spaced: bool) -> None:  # noqa: FBT001  # hypothesis passes by position
    name, first, second = (json.dumps(part, separators=(",", ":")) for part in (key, one, two))
    inner = f"{{{name}:{first},{' ' * spaced}{name}:{second}}}"
    assert reason(f'[{{"a":{inner}}}]', limit=10**6, depth=40) == "json.duplicate_key"


def test_a_key_given_twice_in_two_spellings_is_refused() -> None:
    assert reason(b'{"a":1,"\\u0061":1}') == "json.duplicate_key"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_fractions_need_to_be_asked_for(number: float) -> None:
    text = f'{{"n":[{number!r}]}}'
    assert reason(text) == "json.float"
    assert loads(text, limit=LIMIT, floats=True) == {"n": [number]}


@pytest.mark.parametrize("text", ["1.5", "[1.5]", '{"a":1e5}', "-0.0", "[1,2E2]", '{"a:1.5":1.5}'])
def test_every_place_of_a_fraction_is_seen(text: str) -> None:
    assert reason(text) == "json.float"


def test_a_fraction_within_a_string_is_no_fraction() -> None:
    assert loads(b'{"a":"b:1.5,2.5"}', limit=LIMIT) == {"a": "b:1.5,2.5"}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (None, "json.type"),
        (bytearray(b"1"), "json.type"),
        ("\ud800", "json.encoding"),
        (b"\xef\xbb\xbf1", "json.syntax"),
        (b'"\\ud800"', "json.syntax"),
        (b"\xff", "json.syntax"),
        (b"NaN", "json.syntax"),
        (b"-Infinity", "json.syntax"),
        (b"1e999", "json.syntax"),
        (b"", "json.syntax"),
        (b"{} {}", "json.syntax"),
        (b"18446744073709551616", "json.integer"),
        (b"-9223372036854775809", "json.integer"),
        (b"[" * 17 + b"]" * 17, "json.depth"),
        (b'"' + b"x" * LIMIT + b'"', "json.size"),
    ],
)
def test_each_fault_has_its_code(data: object, code: str) -> None:
    assert reason(data) == code


def test_depth_counts_containers_and_not_brackets_within_strings() -> None:
    assert loads(b"[" * 16 + b"]" * 16, limit=LIMIT)
    assert loads(b'["[[[[[[[[[[[[[[[[[[[[\\"{{{{{{"]', limit=LIMIT) == ["[" * 20 + '"{{{{{{']
    assert loads(b"[" + b"[]," * 40 + b"[]]", limit=LIMIT, depth=2) == [[]] * 41


def test_the_limit_counts_bytes() -> None:
    assert loads('"证"', limit=5) == "证"
    assert reason('"证"', limit=4) == "json.size"


@given(st.binary(max_size=100))
def test_base64url_round_trips_as_the_standard_writes_it(raw: bytes) -> None:
    text = b64url_encode(raw)
    assert text == base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    assert b64url_decode(text) == raw


@given(st.text(ALPHABET + "=+/ \n证", max_size=30) | st.binary(max_size=9) | st.none() | st.text(max_size=9))
@example("\ud800aaa")
def test_any_text_is_its_one_encoding_or_malformed(text: object) -> None:
    try:
        raw = b64url_decode(text)  # type: ignore[arg-type]  # a wrong type is the test
    except Malformed:
        return
    assert b64url_encode(raw) == text


@pytest.mark.parametrize("text", ["YQ==", "YR", "Y", "Y Q", "YQ\n", "+/+/", "YWJ", "AAAA====", "＋A"])
def test_other_spellings_of_bytes_are_refused(text: str) -> None:
    with pytest.raises(Malformed, match=r"base64\."):
        b64url_decode(text)

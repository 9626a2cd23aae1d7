"""The strict door at its bounds: size, depth, numbers, fractions and the last character of base64url."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ecert.domain.errors import Malformed
from ecert.domain.strict import b64url_decode, b64url_encode, loads


def fault(read: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(Malformed) as refused:
        read()
    return refused.value.code, refused.value.detail


def code_of(data: object, **options: object) -> str:
    return fault(lambda: loads(data, **({"limit": 10_000} | options)))[0]  # type: ignore[arg-type]  # wrong types too


@pytest.mark.parametrize("depth", [1, 2, 16, 200])
def test_depth_is_counted_in_arrays_and_objects_alike(depth: int) -> None:
    nested: object = 1
    for level in range(depth):
        nested = [nested] if level % 2 else {"a": nested}
    text = repr(nested).replace("'", '"')
    assert loads(text, limit=10_000, depth=depth) == nested
    assert code_of(f"[{text}]", depth=depth) == "json.depth"
    assert code_of(f'{{"[":{text}}}', depth=depth) == "json.depth"


def test_sixteen_levels_are_allowed_where_nothing_is_said() -> None:
    assert loads("[" * 16 + "]" * 16, limit=100)
    assert code_of("[" * 17 + "]" * 17) == "json.depth"
    assert code_of("[" * 17) == "json.depth"


def test_brackets_may_be_many_in_a_large_text_only() -> None:
    few = "[" + "[]," * 999 + "[]]"
    assert loads(few, limit=10_000, depth=2) == [[]] * 1000
    dense = "[" + "[]," * 1_200 + "[]]"
    assert code_of(dense, depth=2) == "json.size"
    assert loads(dense[:-1] + f',"{"x" * 20_000}"]', limit=100_000, depth=2)


@pytest.mark.parametrize("number", [0, -1, 2**63, 2**64 - 1, -(2**63)])
def test_integers_of_64_bits_are_read(number: int) -> None:
    for text in (f"{number}", f"[ {number}]", f'{{"a": {number} }}'):
        assert loads(text, limit=100) in (number, [number], {"a": number})


@pytest.mark.parametrize(
    "text", ["18446744073709551616", "-9223372036854775809", "9" * 21, "[1, 18446744073709551616]"]
)
def test_larger_integers_are_refused(text: str) -> None:
    assert code_of(text) == code_of(text, floats=True) == "json.integer"


def test_fractions_come_only_where_asked_for() -> None:
    for text, value in (("1.5", 1.5), ("[ 1.5]", [1.5]), ('{"a":[{"b":1.5}]}', {"a": [{"b": 1.5}]}), ("1e2", 100.0)):
        assert loads(text, limit=100, floats=True) == value
        assert type(loads("1.0", limit=100, floats=True)) is float
        assert code_of(text) == "json.float"
    assert loads("[true,null,1]", limit=100) == [True, None, 1]


def test_each_fault_tells_its_numbers() -> None:
    assert fault(lambda: loads(b"[1]", limit=2)) == ("json.size", "3 bytes, at most 2")
    assert loads(b"[1]", limit=3) == [1]
    assert fault(lambda: loads(b'{"a":1,"a":2,"b":3}', limit=99)) == ("json.duplicate_key", "3 members, 2 names")
    assert fault(lambda: loads(None, limit=9)) == ("json.type", "bytes or text wanted, not NoneType")  # type: ignore[arg-type]  # a wrong type
    assert fault(lambda: loads("\ud800", limit=9))[0] == "json.encoding"
    assert fault(lambda: loads(b"[1,]", limit=9))[0] == "json.syntax"
    assert fault(lambda: b64url_decode(b"AA"))[0] == "base64.type"  # type: ignore[arg-type]  # a wrong type


@pytest.mark.parametrize("raw", [b"", b"\0", b"\xff\xef", b"abc", bytes(range(256))])
def test_bytes_have_one_text(raw: bytes) -> None:
    text = b64url_encode(raw)
    assert "=" not in text
    assert b64url_decode(text) == raw


@pytest.mark.parametrize("over", [2, 3])
def test_only_endings_whose_unused_bits_are_zero_are_read(over: int) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    unused = {2: 16, 3: 4}[over]
    for value, last in enumerate(alphabet):
        text = "A" * (over - 1) + last
        if value % unused:
            assert fault(lambda text=text: b64url_decode(text))[0] == "base64.canonical"
        else:
            assert b64url_encode(b64url_decode(text)) == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("A", "base64.canonical"),
        ("AAAAA", "base64.canonical"),
        ("AA==", "base64.alphabet"),
        ("AA+A", "base64.alphabet"),
        ("AA/A", "base64.alphabet"),
        ("AA A", "base64.alphabet"),
        ("AA.A", "base64.alphabet"),
        ("AAA证", "base64.alphabet"),
    ],
)
def test_each_other_text_has_its_code(text: str, code: str) -> None:
    assert fault(lambda: b64url_decode(text))[0] == code


@pytest.mark.parametrize("text", ["AAAA    ", "A A A A ", "AAAA\n\n\n\n", "AAAA....", "AA....", "AA ~~~"])
def test_no_other_character_is_passed_over(text: str) -> None:
    assert fault(lambda: b64url_decode(text))[0] in {"base64.alphabet", "base64.canonical"}


@pytest.mark.parametrize("text", ["[]]]]", "[[[]", "{}}}}", "[]" + "]" * 3_000])
def test_brackets_without_a_partner_are_bad_syntax(text: str) -> None:
    assert code_of(text, depth=2) == "json.syntax"


def test_how_many_brackets_a_text_may_have() -> None:
    def text(length: int) -> str:
        brackets = "[" + "[]," * 1_101
        return brackets + '"' + "x" * (length - len(brackets) - 3) + '"]'

    assert len(text(6_528)) == 6_528
    assert text(6_528).count("[") + text(6_528).count("]") == 2_000 + 6_528 // 32
    assert loads(text(6_528), limit=10_000, depth=2)
    assert code_of(text(6_527), depth=2) == "json.size"


def test_as_many_brackets_as_levels_are_left_to_the_reader() -> None:
    assert code_of("[[]]]]]", depth=2) == "json.syntax"
    assert code_of("[[[]]]]]", depth=2) == "json.depth"


def test_what_stands_in_no_bracket_is_not_counted() -> None:
    assert code_of("[[]][X]", depth=2) == "json.syntax"
    assert code_of('"\\\n[[["', depth=2) == "json.syntax"
    assert loads('["\\"[[[", [1]]', limit=100, depth=2) == ['"[[[', [1]]


@pytest.mark.parametrize("last", "AEQXgw048z9-_")
def test_one_character_over_is_none_whichever(last: str) -> None:
    assert fault(lambda: b64url_decode("AAAA" + last))[0] == "base64.canonical"

"""What a screen shows as itself is clean, also a rare name; what hides or reorders is not."""

from __future__ import annotations

import pytest

from ecert.domain.text import are_clean_lines, is_clean

HARMFUL = "\x00\t\n\r\x1f\x7f\x85\x9f\u2028\u2029\u202a\u202e\u2066\u2069\ud800\udfff\ufeff"
HARMLESS = " ~\xa0\u2027\u202f\u2065\u206a\ud7ff\ue000\ufefe\uff00李·\U00020000\U0010ffff"


@pytest.mark.parametrize("character", HARMFUL)
def test_what_harms_is_seen_wherever_it_stands(character: str) -> None:
    for text in (character, f"a{character}", f"{character}a", f"a\n{character}b"):
        assert not is_clean(text)
        assert are_clean_lines(text) is (character == "\n")


@pytest.mark.parametrize("character", HARMLESS)
def test_what_is_shown_as_itself_is_clean(character: str) -> None:
    assert is_clean(character)
    assert are_clean_lines(f"a{character}\n{character}")


def test_nothing_is_clean() -> None:
    assert is_clean("")
    assert are_clean_lines("")

from __future__ import annotations

import pytest

from ecert.domain.errors import Conflict, EcertError, Malformed, NotAllowed, NotFound, Unavailable, VerificationFailed
from ecert.domain.reasons import REASONS, Reason, _merged, explain

ROOTS = (Malformed, NotAllowed, NotFound, Conflict, Unavailable)


@pytest.mark.parametrize("root", ROOTS)
def test_an_error_keeps_its_code_and_detail(root: type[EcertError]) -> None:
    error = root("area.what", "seen")

    assert (error.code, error.detail, str(error)) == ("area.what", "seen", "area.what: seen")
    assert str(root("area.what")) == "area.what"


def test_an_outage_says_when_to_come_back() -> None:
    assert (Unavailable("a.b").retry_after, Unavailable("a.b", retry_after=60).retry_after) == (3, 60)


def test_a_failed_check_is_no_error_of_the_house() -> None:
    assert not issubclass(VerificationFailed, EcertError)


def test_every_code_has_its_two_sentences() -> None:
    for reason in REASONS.values():
        assert reason.zh.strip()
        assert reason.en.strip()
        assert any("\u4e00" <= c <= "\u9fff" for c in reason.zh), reason.code
    with pytest.raises(KeyError):
        explain("no.such_code")
    assert explain("status.revoked").zh == "证照已注销"


def test_tables_are_merged_and_no_code_stands_twice() -> None:
    one, other = '"a.b" = {zh = "甲", en = "one"}', '"a.c" = {zh = "乙", en = "two", basis = "article 1"}'
    merged = _merged([one, other])
    assert merged == {"a.b": Reason("a.b", "甲", "one", None), "a.c": Reason("a.c", "乙", "two", "article 1")}
    assert merged["a.b"].basis_en is None
    with pytest.raises(ValueError, match=r"^a\.b$"):
        _merged([one, other, one])
    with pytest.raises(TypeError):
        merged["x"] = merged["a.b"]  # type: ignore[index]  # the promise is that this fails

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ecert.domain.errors import Malformed
from ecert.domain.sd_jwt import SD_ALG, digest, disclose, hide_entry, hide_member, split
from ecert.domain.strict import b64url_decode, b64url_encode

RFC = json.loads((Path(__file__).parents[2] / "vectors" / "rfc9901.json").read_text("utf-8"))


@pytest.mark.parametrize("case", RFC["disclosures"], ids=lambda case: case["section"])
def test_the_rfcs_disclosures_have_the_rfcs_digests(case: dict[str, Any]) -> None:
    assert digest(case["disclosure"]) == case["digest"]
    assert json.loads(b64url_decode(case["disclosure"])) == case["contents"]


def test_spellings_of_one_value_are_each_read_and_each_signed_as_they_stand() -> None:
    spellings = RFC["spellings"]
    texts = spellings["disclosures"]
    assert digest(texts[0]) == spellings["digest_of_the_first"]
    assert len({digest(text) for text in texts}) == 4
    for text in texts:
        assert disclose({"_sd": [digest(text)]}, [text]).claims == {"family_name": "Möbius"}


@pytest.mark.parametrize("case", RFC["payloads"], ids=lambda case: case["section"])
def test_the_rfcs_payloads_are_disclosed_as_the_rfc_says(case: dict[str, Any]) -> None:
    assert disclose(case["payload"], case["disclosures"]).claims == case["disclosed"]


@pytest.mark.parametrize("case", RFC["presentations"], ids=lambda case: case["section"])
def test_the_rfcs_presentations_come_apart_and_together_again(case: dict[str, Any]) -> None:
    taken = split(case["text"])

    assert (len(taken.disclosures), taken.key_binding is not None) == (case["disclosures"], case["key_binding"])
    assert str(taken) == case["text"]


def test_what_is_not_disclosed_leaves_no_trace() -> None:
    _, name = hide_member("name", "李示例")
    _, entry = hide_entry(1)

    assert disclose({"_sd": [name], "list": [{"...": entry}, 2]}, []).claims == {"list": [2]}


def test_disclosures_within_disclosures_stand_under_their_top_path() -> None:
    field, field_digest = hide_member("share", "1/2")
    entry, entry_digest = hide_entry({"_sd": [field_digest]})
    other, other_digest = hide_entry("whole")
    owners, owners_digest = hide_member("owners", [{"...": entry_digest}, {"...": other_digest}])
    disclosed = disclose({"elements": {"_sd": [owners_digest]}}, [field, other, owners, entry])

    assert disclosed.claims == {"elements": {"owners": [{"share": "1/2"}, "whole"]}}
    assert sorted(disclosed.under["elements", "owners"]) == [0, 1, 2, 3]


def test_without_the_one_that_holds_it_a_disclosure_is_stray() -> None:
    field, field_digest = hide_member("share", "1/2")
    _, entry_digest = hide_entry({"_sd": [field_digest]})
    with pytest.raises(Malformed, match=r"^sd_jwt\.stray\b"):
        disclose({"owners": [{"...": entry_digest}]}, [field])


def test_a_disclosure_twice_is_refused() -> None:
    one, digest_of_one = hide_member("a", 1)
    with pytest.raises(Malformed, match=r"^sd_jwt\.repeated\b"):
        disclose({"_sd": [digest_of_one]}, [one, one])


@pytest.mark.parametrize("shown", [True, False])
def test_a_digest_twice_is_refused_shown_or_not(*, shown: bool) -> None:
    one, digest_of_one = hide_entry(1)
    with pytest.raises(Malformed, match=r"^sd_jwt\.digest\b"):
        disclose({"list": [{"...": digest_of_one}, {"...": digest_of_one}]}, [one] if shown else [])


def test_a_digest_at_two_depths_is_refused() -> None:
    inner, inner_digest = hide_member("a", 1)
    outer, outer_digest = hide_member("b", {"_sd": [inner_digest]})
    with pytest.raises(Malformed, match=r"^sd_jwt\.digest\b"):
        disclose({"_sd": [outer_digest, inner_digest]}, [outer, inner])


@pytest.mark.parametrize("name", ["_sd", "...", "_sd_alg", "taken"])
def test_a_reserved_or_taken_name_is_refused(name: str) -> None:
    one, digest_of_one = hide_member(name, 1)
    with pytest.raises(Malformed, match=r"^sd_jwt\.reserved\b"):
        disclose({"taken": 0, "_sd": [digest_of_one]}, [one])


def test_one_name_disclosed_twice_is_refused() -> None:
    (one, first), (two, second) = hide_member("a", 1), hide_member("a", 2)
    with pytest.raises(Malformed, match=r"^sd_jwt\.reserved\b"):
        disclose({"_sd": [first, second]}, [one, two])


@pytest.mark.parametrize(
    "claims",
    [
        {"...": "x"},
        {"a": {"...": "x", "b": 1}},
        {"a": {"_sd_alg": "sha-256"}},
        {"_sd": "x"},
        {"_sd": [7]},
        {"_sd": [["x"]]},
        {"a": [{"...": 7}]},
        {"a": [{"...": "x", "b": 1}]},
    ],
)
def test_digests_of_another_form_are_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(Malformed, match=r"sd_jwt\.(digest|reserved)"):
        disclose(claims, [])


def test_a_member_cannot_stand_for_an_entry_nor_an_entry_for_a_member() -> None:
    (member, of_member), (entry, of_entry) = hide_member("a", 1), hide_entry(1)
    with pytest.raises(Malformed, match=r"^sd_jwt\.disclosure\b"):
        disclose({"list": [{"...": of_member}]}, [member])
    with pytest.raises(Malformed, match=r"^sd_jwt\.disclosure\b"):
        disclose({"_sd": [of_entry]}, [entry])


@pytest.mark.parametrize(
    "content",
    [b"[]", b'["salt"]', b'["s","n",1,2]', b"{}", b"7", b'[7,"n",1]', b'["s",7,1]', b'["s","n",1.5]', b'["s"'],
)
def test_a_disclosure_of_another_form_is_refused(content: bytes) -> None:
    text = b64url_encode(content)
    with pytest.raises(Malformed):
        disclose({"_sd": [digest(text)]}, [text])


def test_a_thousand_disclosures_within_each_other_are_malformed_and_no_crash() -> None:
    disclosures, inner = [], "x"
    for _ in range(1000):
        text, inner = hide_member("a", {"_sd": [inner]})
        disclosures.append(text)
    with pytest.raises(Malformed, match=r"^sd_jwt\.depth\b"):
        disclose({"_sd": [inner]}, disclosures)


def test_a_thousand_disclosures_are_taken_and_no_more() -> None:
    assert len(split("j" + "~d" * 1000 + "~").disclosures) == 1000
    assert split("j" + "~d" * 1000 + "~a.b.c").key_binding == "a.b.c"
    with pytest.raises(Malformed, match=r"^sd_jwt\.disclosures\b"):
        split("j" + "~d" * 1001 + "~")
    with pytest.raises(Malformed, match=r"^sd_jwt\.disclosures\b"):
        split("j" + "~" * 5000)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "j",
        "j~~",
        "j~d~~a.b.c",
        "j~d",
        "j~d~a.b",
        "j~d~a.b.",
        "j~d~a.b.c.d",
        "j~a.b.c\n",
        "j~é~",
        "j" * 300_000 + "~",
        b"j~",
        None,
        7,
    ],
)
def test_what_is_no_sd_jwt_is_malformed(text: object) -> None:
    with pytest.raises(Malformed, match=r"sd_jwt\."):
        split(text)  # type: ignore[arg-type] # what a caller must not hand in


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("j", "sd_jwt.form"),
        ("j~~", "sd_jwt.form"),
        ("j~d", "sd_jwt.form"),
        ("j~é~", "sd_jwt.size"),
        (b"j~", "sd_jwt.size"),
        ("j" * 262_144 + "~", "sd_jwt.size"),
        ("j~d~a.b", "sd_jwt.form"),
        ("j~d~a.b.c ", "sd_jwt.form"),
        ("j~d~a.b.c+", "sd_jwt.form"),
        ("j~d~axbxc", "sd_jwt.form"),
    ],
)
def test_each_fault_of_form_has_its_code(text: object, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        split(text)  # type: ignore[arg-type]  # a wrong type is the test
    assert refused.value.code == code


def test_the_parts_come_as_they_are() -> None:
    taken = split("j~d~e~")
    assert (taken.jwt, taken.disclosures, taken.key_binding) == ("j", ("d", "e"), None)
    assert split("j~").disclosures == ()
    assert split("~").jwt == ""
    assert split("j~aZ_0-.b.c").key_binding == "aZ_0-.b.c"
    assert len(split("j" * 262_143 + "~").jwt) == 262_143


def test_a_salt_has_128_bits_and_is_fresh() -> None:
    (one, of_one), (other, _) = hide_member("n", 1), hide_member("n", 1)
    salt, name, value = json.loads(b64url_decode(one))
    assert (len(b64url_decode(salt)), name, value, of_one) == (16, "n", 1, digest(one))
    assert one != other
    (entry, of_entry), (again, _) = hide_entry("v"), hide_entry("v")
    salt, value = json.loads(b64url_decode(entry))
    assert (len(b64url_decode(salt)), value, of_entry) == (16, "v", digest(entry))
    assert entry != again
    assert SD_ALG == "sha-256"


def test_depth_is_bounded_where_disclosures_nest() -> None:
    deepest, texts = "x", []
    for _ in range(17):
        text, deepest = hide_member("a", {"_sd": [deepest]})
        texts.append(text)
        if len(texts) == 16:
            assert disclose({"_sd": [deepest]}, texts).claims
    with pytest.raises(Malformed, match=r"^sd_jwt\.depth\b"):
        disclose({"_sd": [deepest]}, texts)
    plain: Any = 1
    for _ in range(17):
        plain = [plain]
    assert disclose({"a": plain[0]}, []).claims == {"a": plain[0]}
    with pytest.raises(Malformed, match=r"^sd_jwt\.depth\b"):
        disclose({"a": plain}, [])


def test_where_each_disclosure_stands() -> None:
    (top, of_top), (member, of_member), (entry, of_entry) = hide_member("t", 1), hide_member("m", 2), hide_entry(3)
    (deep, of_deep), (within, of_within) = hide_member("d", {"x": [4]}), hide_entry(5)
    claims = {
        "_sd": [of_top],
        "o": {"_sd": [of_member], "n": {"_sd": [of_deep]}},
        "l": ["first", {"...": of_entry}, [{"...": of_within}]],
    }
    disclosed = disclose(claims, [top, member, entry, deep, within])
    assert disclosed.claims == {"t": 1, "o": {"m": 2, "n": {"d": {"x": [4]}}}, "l": ["first", 3, [5]]}
    assert disclosed.under == {("", "t"): (0,), ("o", "m"): (1,), ("o", "n"): (3,), ("l", 1): (2,), ("l", 2): (4,)}


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"...": "x"}, "sd_jwt.reserved"),
        ({"a": {"...": "x", "b": 1}}, "sd_jwt.reserved"),
        ({"a": {"_sd_alg": "sha-256"}}, "sd_jwt.reserved"),
        ({"_sd": "x"}, "sd_jwt.digest"),
        ({"_sd": None}, "sd_jwt.digest"),
        ({"_sd": [7]}, "sd_jwt.digest"),
        ({"_sd": ["x", "x"]}, "sd_jwt.digest"),
        ({"a": [{"...": 7}]}, "sd_jwt.digest"),
        ({"a": [{"...": "x", "b": 1}]}, "sd_jwt.digest"),
        ({"a": {"_sd": ["x"]}, "_sd": ["x"]}, "sd_jwt.digest"),
    ],
)
def test_each_fault_of_a_digest_has_its_code(claims: dict[str, Any], code: str) -> None:
    with pytest.raises(Malformed) as refused:
        disclose(claims, [])
    assert refused.value.code == code


@pytest.mark.parametrize("content", [[], ["s"], ["s", "n", 1, 2], {}, 7, [7, "n", 1], ["s", 7, 1]])
def test_each_other_disclosure_has_its_code(content: object) -> None:
    text = b64url_encode(json.dumps(content).encode())
    with pytest.raises(Malformed, match=r"^sd_jwt\.disclosure\b"):
        disclose({"_sd": [digest(text)]}, [text])
    assert disclose({"_sd_alg": "sha-256", "a": 1}, []).claims == {"a": 1}

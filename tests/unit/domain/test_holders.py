"""Who a certificate is about, and who is not."""

from __future__ import annotations

import pytest

from ecert.domain.errors import Malformed
from ecert.domain.holders import ID_TYPES, KINDS, ROLES, Holder, HolderRef, parse_holder, parse_holder_ref, same_person

LI = {"kind": "person", "id_type": "001", "id": "320599198803070011", "name": "李示例", "role": "owner"}


def test_a_holder_keeps_its_wire_object() -> None:
    assert parse_holder(LI).claims() == LI


def test_a_holder_without_a_role_is_the_holder() -> None:
    assert parse_holder({key: text for key, text in LI.items() if key != "role"}).role == "holder"


def test_a_holder_made_here_is_the_holder_too() -> None:
    made = Holder(kind="person", id_type="001", id=LI["id"], name=LI["name"])
    assert made == parse_holder({key: text for key, text in LI.items() if key != "role"})


def test_documents_of_people_have_names_in_both_languages() -> None:
    assert ID_TYPES == {
        "001": ("公民身份号码", "citizen identity number"),
        "414": ("普通护照", "ordinary passport"),
        "511": ("台湾居民来往大陆通行证", "mainland travel permit (Taiwan)"),
    }


def test_neither_name_nor_number_is_in_a_repr() -> None:
    shown = repr(parse_holder(LI)) + repr(parse_holder(LI).ref)
    assert LI["id"] not in shown
    assert LI["name"] not in shown


@pytest.mark.parametrize("given", ["001:31019920180501003x", {"id_type": "001", "id": "31019920180501003X"}])
def test_the_same_person_is_known_by_type_and_number(given: object) -> None:
    ref = parse_holder_ref(given)
    assert str(ref) == "001:31019920180501003X"
    assert same_person(ref, parse_holder(LI | {"id": "31019920180501003X"}))
    assert not same_person(ref, parse_holder(LI))


def test_the_same_number_of_another_type_is_another_holder() -> None:
    assert not same_person(parse_holder_ref("111:320599198803070011"), parse_holder(LI))


def test_numbers_of_other_types_stay_as_given() -> None:
    assert parse_holder_ref("414:e12345678") == HolderRef("414", "e12345678")


def test_rare_characters_may_stand_in_names() -> None:
    assert parse_holder(LI | {"name": "\U0003106c\ue864·阿"}).name == "\U0003106c\ue864·阿"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"kind": "robot"}, "holder.kind"),
        ({"kind": "organisation"}, "holder.kind"),
        ({"id_type": "USCC", "id": "91350100M000100Y43"}, "holder.kind"),
        ({"kind": "organisation", "id_type": "USCC"}, "uscc.check"),
        ({"id_type": "1"}, "holder.id_type"),
        ({"id_type": "414", "id": ""}, "holder.id"),
        ({"id_type": "414", "id": "x" * 65}, "holder.id"),
        ({"id": "320599198803070012"}, "resident_id.check"),
        ({"role": "friend"}, "holder.role"),
        ({"name": ""}, "holder.name"),
        ({"name": " 李"}, "holder.name"),
        ({"name": "李\u202e"}, "holder.name"),
        ({"name": "李\ud800"}, "holder.name"),
        ({"name": 1}, "holder.form"),
        ({"age": "1"}, "holder.form"),
    ],
)
def test_other_holders_are_refused(change: dict[str, object], code: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse_holder(LI | change)
    assert caught.value.code == code


@pytest.mark.parametrize("given", ["320599198803070011", "", None, 1, {"id": "x"}, ["001", "x"]])
def test_other_references_are_refused(given: object) -> None:
    with pytest.raises(Malformed, match=r"^holder\.form\b"):
        parse_holder_ref(given)


def test_every_role_reads_in_both_languages() -> None:
    assert {"holder", "spouse", "owner", "agent", "legal_representative", "child", "guardian"} == set(ROLES)
    assert all(zh and en for zh, en in ROLES.values())


def test_the_roles_and_their_words() -> None:
    assert ROLES == {
        "holder": ("持证人", "holder"),
        "spouse": ("配偶", "spouse"),
        "owner": ("权利人", "owner"),
        "agent": ("经办人", "agent"),
        "legal_representative": ("法定代表人", "legal representative"),
        "child": ("子女", "child"),
        "guardian": ("监护人", "guardian"),
    }
    for role in ROLES:
        assert parse_holder(LI | {"role": role}).role == role


def test_the_kinds_and_what_they_are_known_by() -> None:
    assert KINDS == ("person", "organisation")
    shop = {"kind": "organisation", "id_type": "USCC", "id": "91350100M000100Y43", "name": "示例", "role": "owner"}
    assert parse_holder(shop).claims() == shop
    assert str(parse_holder_ref("USCC:91350100M000100Y43")) == "USCC:91350100M000100Y43"
    for wrong in ("USC", "usccx", "01", "0011", "A01", "XXUSCCXX", "uscc"):
        with pytest.raises(Malformed, match=r"^holder\.id_type\b"):
            parse_holder_ref(f"{wrong}:1")


@pytest.mark.parametrize(("name", "longest", "code"), [("id", 64, "holder.id"), ("name", 500, "holder.name")])
def test_names_and_numbers_are_bounded_and_plain(name: str, longest: int, code: str) -> None:
    given = LI | {"id_type": "414", "id": "x"}
    for right in ("x", "x" * longest):
        assert parse_holder(given | {name: right}).claims()[name] == right
    for wrong in ("", "x" * (longest + 1), " x", "x ", "a\nb"):
        with pytest.raises(Malformed, match=rf"^{code}$"):
            parse_holder(given | {name: wrong})


@pytest.mark.parametrize("missing", ["kind", "id_type", "id", "name"])
def test_what_is_needed_is_missed(missing: str) -> None:
    with pytest.raises(Malformed, match=r"^holder\.form$"):
        parse_holder({key: text for key, text in LI.items() if key != missing})


def test_a_reference_is_the_pair_and_no_more() -> None:
    for wrong in ({"id_type": "414"}, {"id_type": "414", "id": "x", "role": "owner"}, {"id_type": "414", "id": 1}):
        with pytest.raises(Malformed, match=r"^holder\.form$"):
            parse_holder_ref(wrong)
    assert parse_holder_ref("414:a:b") == HolderRef("414", "a:b")
    assert "a:b" not in repr(parse_holder_ref("414:a:b"))

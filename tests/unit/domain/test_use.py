"""A use names all five elements, or it is no use."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from ecert.domain.errors import Malformed
from ecert.domain.use import LEGAL_BASES, Use, parse_use, use_hash

USE = Use(
    organisation="苏州市吴江区示例政务服务中心",
    operator="示例窗口人员",
    item_name="不动产登记档案查询",
    item_code="EC-0001",
    case_number="2025-0001",
    purpose="查询本人不动产登记档案",
    device="win-07",
    division="320509",
    legal_basis="duty",
)
WIRE = USE.wire()


def test_the_five_elements_travel_under_the_names_of_the_field() -> None:
    assert {"orgName", "username", "itemName", "itemCode", "businessCode"} <= WIRE.keys()
    assert WIRE["businessCode"] == USE.case_number


def test_a_use_comes_back_from_the_wire() -> None:
    assert parse_use(WIRE) == USE


@pytest.mark.parametrize("name", sorted(WIRE))
@pytest.mark.parametrize("value", [None, "", " ", 7, ["x"], "a\nb", "\u202ex", "长" * 201])
def test_each_name_must_be_there_and_plain(name: str, value: object) -> None:
    with pytest.raises(Malformed):
        parse_use({**WIRE, name: value})
    with pytest.raises(Malformed, match=r"^use\.form\b"):
        parse_use({key: text for key, text in WIRE.items() if key != name})


@pytest.mark.parametrize("value", [None, [], "use", {**WIRE, "more": "x"}, {}])
def test_what_is_no_use_is_malformed(value: object) -> None:
    with pytest.raises(Malformed, match=r"^use\.form\b"):
        parse_use(value)


def test_the_legal_basis_is_one_of_two() -> None:
    with pytest.raises(Malformed, match=r"^use\.legal_basis\b"):
        parse_use({**WIRE, "legalBasis": "convenience"})


def test_the_hash_is_of_canonical_json() -> None:
    text = "{" + ",".join(f'"{name}":"{WIRE[name]}"' for name in sorted(WIRE)) + "}"
    assert use_hash(USE) == hashlib.sha256(text.encode()).digest()
    assert use_hash(replace(USE, case_number="2025-0002")) != use_hash(USE)


def test_each_name_stands_on_the_wire_as_terminals_send_it() -> None:
    assert WIRE == {
        "orgName": "苏州市吴江区示例政务服务中心",
        "username": "示例窗口人员",
        "itemName": "不动产登记档案查询",
        "itemCode": "EC-0001",
        "businessCode": "2025-0001",
        "purpose": "查询本人不动产登记档案",
        "device": "win-07",
        "division": "320509",
        "legalBasis": "duty",
    }


def test_both_legal_bases_have_words() -> None:
    assert LEGAL_BASES == {"duty": ("履行法定职责", "statutory duty"), "consent": ("个人同意", "consent")}
    for basis in LEGAL_BASES:
        assert parse_use({**WIRE, "legalBasis": basis}).legal_basis == basis


@pytest.mark.parametrize("name", sorted(WIRE.keys() - {"legalBasis", "division"}))
def test_a_text_has_at_most_200_characters(name: str) -> None:
    for right in ("长" * 200, "x"):
        assert right in parse_use({**WIRE, name: right}).wire().values()
    for wrong in ("长" * 201, "", " ", "\u3000", "a\nb", None):
        with pytest.raises(Malformed, match=r"^use\.form\b"):
            parse_use({**WIRE, name: wrong})


def test_a_division_that_is_none_keeps_its_own_code() -> None:
    with pytest.raises(Malformed, match=r"^division\.form\b"):
        parse_use({**WIRE, "division": "3205091"})

"""A use names all five elements, or it is no use."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from ecert.domain.errors import Malformed
from ecert.domain.use import Use, parse_use, use_hash

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

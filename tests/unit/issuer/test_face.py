"""How long a certificate is valid: the face, the request and the catalogue's rule must say the same."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from ecert.domain import certificate
from ecert.domain.catalogue import by_code
from ecert.domain.certificate import File
from ecert.domain.dates import validity
from ecert.domain.errors import EcertError, Malformed
from issuer import RULE, issue
from tests.unit.issuer.world import BUSINESS, HOUSEHOLD, IDENTITY, LI, LICENCE, NOW, request

if TYPE_CHECKING:
    from tests.unit.issuer.world import World

FIRST = date(2026, 1, 1)
TERMS: list[tuple[str, dict[str, object], dict[str, Any], date | None]] = [
    (HOUSEHOLD, {}, {}, None),
    (HOUSEHOLD, {}, {"last_day": None}, None),
    (HOUSEHOLD, {}, {"last_day": date(2030, 6, 30)}, date(2030, 6, 30)),
    (IDENTITY, {}, {}, date(2046, 1, 1)),  # Mr Li is 37 on the first day: twenty years
    (IDENTITY, {"CSRQ": "2015-05-01"}, {}, date(2031, 1, 1)),  # ten years old: five
    (IDENTITY, {"CSRQ": "1970-05-01"}, {}, None),
    (IDENTITY, {"YXQJZRQ": "2046-01-01"}, {}, date(2046, 1, 1)),
    (IDENTITY, {"YXQJZRQ": "2040-01-01"}, {}, date(2040, 1, 1)),
    (IDENTITY, {"YXQJZRQ": "2040-01-01"}, {"last_day": date(2040, 1, 1)}, date(2040, 1, 1)),
    (IDENTITY, {"CSRQ": "1970-05-01", "YXQJZRQ": "长期"}, {}, None),
    (LICENCE, {}, {}, date(2032, 1, 1)),
    (LICENCE, {}, {"renewals": 1}, date(2036, 1, 1)),
    (LICENCE, {}, {"renewals": 2}, None),
]


@pytest.mark.parametrize(("type_code", "elements", "asked", "last"), TERMS)
def test_the_last_day_follows_face_request_and_rule(
    world: World, type_code: str, elements: dict[str, object], asked: dict[str, Any], last: date | None
) -> None:
    issued = issue(world.room, request(type_code, elements=elements, **asked), now=NOW)

    parsed, span = certificate.parse(issued.text), validity(FIRST, last)
    assert (parsed.nbf, parsed.exp) == (span.nbf, span.exp)


REFUSED: list[tuple[str, dict[str, object], dict[str, Any], str]] = [
    (IDENTITY, {"YXQJZRQ": "2046-01-01"}, {"last_day": date(2046, 1, 2)}, "issue.last_day_shown"),
    (IDENTITY, {"YXQJZRQ": "2046-01-01"}, {"last_day": None}, "issue.last_day_shown"),
    (IDENTITY, {"YXQJZRQ": "长期"}, {}, "validity.too_long"),
    (IDENTITY, {"YXQJZRQ": "2046-01-02"}, {}, "validity.too_long"),
    (IDENTITY, {}, {"last_day": None}, "validity.too_long"),
    (LICENCE, {}, {"renewals": -1}, "validity.step"),
]


@pytest.mark.parametrize(("type_code", "elements", "asked", "code"), REFUSED)
def test_a_last_day_that_does_not_fit_is_refused(
    world: World, type_code: str, elements: dict[str, object], asked: dict[str, Any], code: str
) -> None:
    with pytest.raises(Malformed) as refused:
        issue(world.room, request(type_code, elements=elements, **asked), now=NOW)
    assert refused.value.code == code


def test_a_holder_without_date_of_birth_needs_one_on_the_face(world: World) -> None:
    foreign = type(LI)("person", "511", "E1234567", "示例")

    with pytest.raises(EcertError, match=r"validity\.needs_birth"):
        issue(world.room, request(IDENTITY, holders=(foreign,)), now=NOW)
    issue(world.room, request(IDENTITY, holders=(foreign,), elements={"CSRQ": "1990-01-01"}), now=NOW)


def test_the_sealed_file_is_bound(world: World) -> None:
    sealed = File("application/ofd", 1234, "a" * 64, "b" * 64)
    issued = issue(world.room, request(file=sealed, last_day=RULE), now=NOW)

    assert certificate.parse(issued.text).file == sealed


def test_what_no_reader_could_read_is_not_issued(world: World) -> None:
    member = {field.key: "1" for field in _members()}
    family = {"CY": [member] * 200}

    with pytest.raises(Malformed, match=r"sd_jwt\.|element\."):
        issue(world.room, request(elements=family), now=NOW)
    assert world.counts()["issuer_certificate"] == 0


def test_a_business_licence_needs_an_organisation(world: World) -> None:
    with pytest.raises(Malformed, match=r"issue\.holder_kind"):
        issue(world.room, request(BUSINESS), now=NOW)


def _members() -> tuple[Any, ...]:
    return by_code(HOUSEHOLD).element("CY").fields

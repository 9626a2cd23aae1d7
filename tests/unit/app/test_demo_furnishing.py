"""What the pages' first households hold could be held by one family."""

from __future__ import annotations

import pytest

from ecert.app.demo.furnishing import wanted
from ecert.domain.catalogue import CATALOGUE
from wallet_codes.regions import REGIONS

EVERY = [region.number for region in REGIONS]
RESIDENCE, DRIVING, MARRIAGE, DIVORCE = 5, 2, 8, 9


@pytest.mark.parametrize("home", EVERY)
def test_a_couple_is_married_or_divorced(home: int) -> None:
    held = [want.type_no for want in wanted(EVERY) if want.home == home]
    assert len({MARRIAGE, DIVORCE} & set(held)) == 1
    assert len(held) == len(set(held)) == len(CATALOGUE.types) - 1


def test_mr_li_has_one_driving_licence_and_one_residence_permit_and_both_are_shanghai_s() -> None:
    from_where = {want.type_no: want.region for want in wanted(EVERY) if want.home == 32}
    assert (from_where[DRIVING], from_where[RESIDENCE], from_where[1]) == (31, 31, 32)


def test_where_shanghai_is_another_deployment_s_he_holds_jiangsu_s() -> None:
    held = list(wanted([32]))
    assert {want.region for want in held} == {32}
    assert {DRIVING, RESIDENCE} <= {want.type_no for want in held}


def test_every_type_is_somebody_s() -> None:
    assert {want.type_no for want in wanted(EVERY)} == {kind.no for kind in CATALOGUE.types}

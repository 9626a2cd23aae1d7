"""docs/scale.md says what the simulation says, and the simulation what its inputs say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.costs import committed
from bench.scale import PAGE, page, tables
from bench.volumes import CADENCES, SCENARIOS, Scenario, year

FOUR = SCENARIOS[0]


def test_the_page_holds_the_numbers_of_the_simulation() -> None:
    text = PAGE.read_text("utf-8")

    assert text == page(text), "make scale writes them anew"


def test_the_same_costs_give_the_same_tables_and_others_other_ones() -> None:
    costs = committed()
    heavier = replace(costs, weights=replace(costs.weights, certificate_database=9_000))

    assert tables(costs) == tables(costs)
    assert tables(heavier) != tables(costs)


@pytest.mark.parametrize("cadence", CADENCES)
def test_twice_as_much_of_everything_weighs_twice(cadence: int) -> None:
    costs = committed()
    twice = Scenario("twice", 8, 2 * FOUR.certificates, 2 * FOUR.verifications)
    one, two = (year(scenario, costs, cadence=cadence) for scenario in (FOUR, twice))

    assert two.database == 2 * one.database
    assert two.database_year == pytest.approx(2 * one.database_year)
    assert two.batches + two.audits == pytest.approx(2 * (one.batches + one.audits))
    assert two.region_database_year == pytest.approx(one.region_database_year)


def test_no_more_is_anchored_than_there_is_to_anchor_or_time_for() -> None:
    costs = committed()
    idle = year(Scenario("idle", 4, 4, 0), costs, cadence=60)
    busy = year(SCENARIOS[2], costs, cadence=60)

    assert idle.batches <= 4
    assert idle.blocks == pytest.approx(2 * 365 * 24 * 60, rel=0.001)
    assert busy.batches <= 31 * 365 * 24 * 60
    assert busy.audits <= 31 * 365 * 24 * 60


def test_the_longer_cadence_costs_less() -> None:
    costs = committed()
    for scenario in SCENARIOS:
        second, minute = (year(scenario, costs, cadence=cadence) for cadence in CADENCES)
        assert minute.chain_year < second.chain_year
        assert minute.replica_year < second.replica_year
        assert minute.database == second.database


def test_a_follower_pays_for_each_block_and_for_what_it_carries() -> None:
    costs = committed()
    once = year(FOUR, costs, cadence=60).catch_up_year
    for name in ("empty", "busy", "further"):
        dearer = replace(costs, following=replace(costs.following, **{name: 2 * getattr(costs.following, name)}))
        assert once < year(FOUR, dearer, cadence=60).catch_up_year < 2 * once

"""The first recognition matrix: whole, and with honest noes."""

from __future__ import annotations

from ecert.domain.catalogue import CATALOGUE, by_no
from verifier.recognition import NOES, REGIONS, cells


def test_the_matrix_is_whole() -> None:
    named = {(cell.accepting, cell.type_code, cell.issuing) for cell in cells()}
    assert len(named) == len(cells()) == 4 * 37 * 4
    assert {cell.accepting for cell in cells()} == set(REGIONS)


def test_a_no_is_a_no_for_every_other_province_and_says_why() -> None:
    refused = {(cell.type_code, cell.accepting, cell.issuing) for cell in cells() if not cell.accepted}
    home_only = frozenset[str]().union(*(no.types for no in NOES))
    assert len(refused) == len(home_only) * 4 * 3
    assert by_no(19).code in home_only
    assert all(accepting != issuing for _, accepting, issuing in refused)
    assert all(no.reason_zh and no.reason_en for no in NOES)
    assert len(home_only) < len(CATALOGUE.types) / 4

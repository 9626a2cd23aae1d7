"""The first recognition matrix: whole, and with honest noes."""

from __future__ import annotations

from ecert.domain.catalogue import CATALOGUE, by_no
from ecert.runtime.settings import REGIONS
from verifier.recognition import NOES, cells, why_not


def test_the_matrix_is_whole() -> None:
    named = {(cell.accepting, cell.type_code, cell.issuing) for cell in cells()}
    assert len(named) == len(cells()) == 4 * 37 * 4
    assert {cell.accepting for cell in cells()} == set(REGIONS)


def test_a_no_covers_every_other_province_and_says_why() -> None:
    refused = {cell[:3] for cell in cells() if not cell.accepted}
    expected = {
        (accepting, type_code, issuing)
        for no in NOES
        for accepting in no.accepting
        for type_code in no.types
        for issuing in REGIONS
        if issuing != accepting
    }
    assert refused == expected
    assert ("31", by_no(19).code, "32") in refused
    assert all(set(no.reason) == {"zh", "en"} and all(no.reason.values()) for no in NOES)


def test_a_no_is_explained_to_whoever_said_it() -> None:
    benefits = by_no(19).code
    told = why_not(accepting="31", type_code=benefits)
    assert told is not None
    assert told["zh"].startswith("最低生活保障待遇由签发地核定")
    assert why_not(accepting="34", type_code=benefits) == told
    assert why_not(accepting="33", type_code=benefits) is None
    assert why_not(accepting="31", type_code=by_no(1).code) is None


def test_every_type_is_taken_by_some_other_province() -> None:
    taken = {cell.type_code for cell in cells() if cell.accepted and cell.accepting != cell.issuing}
    assert taken == {kind.code for kind in CATALOGUE.types}

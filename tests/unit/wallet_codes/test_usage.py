"""A holder sees who used what, and may object once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ecert.domain.errors import Conflict, Malformed, NotFound
from tests.unit.wallet_codes.town import CARD, ESTATE, FIRM, LI, LICENCE, NOW, USE, WANG, Town, asking, held
from wallet_codes import usage
from wallet_codes.mint import MintRequest, mint
from wallet_codes.objections import object_to
from wallet_codes.redeem import redeem
from wallet_codes.usage import uses


def used(town: Town, *, now: int = NOW, case: str = "2026-0001", agent_for: object = None) -> None:
    item = "EC-0001" if agent_for is None else "EC-0002"
    request = replace(MintRequest(region=32, holder=LI), agent_for=agent_for)
    code = mint(town.home, request, now=now)
    redeem(town.home, asking(code.text, use=replace(USE, case_number=case, item_code=item)), now=now)


def test_uses_stand_newest_first_with_keys_and_without_values(town: Town) -> None:
    used(town, case="first")
    used(town, now=NOW + 5, case="second")
    newest, oldest = uses(town.home, region=32, holder=LI)
    assert (newest.use.case_number, oldest.use.case_number) == ("second", "first")
    assert (newest.at, newest.kind, newest.holder_match, newest.objection) == (NOW + 5, "online", True, None)
    assert dict(newest.shown) == {CARD: ("GMSFHM", "XM", "YXQJZRQ"), ESTATE: ("BDCDYH", "BDCQZH", "QLR", "ZL")}


def test_older_uses_are_asked_for_by_the_last_one_listed(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    for case in range(5):
        used(town, now=NOW + case // 2, case=str(case))
    whole = uses(town.home, region=32, holder=LI)
    monkeypatch.setattr(usage, "MOST", 2)

    listed = uses(town.home, region=32, holder=LI)
    assert len(listed) == 2
    while more := uses(town.home, region=32, holder=LI, before=listed[-1].id):
        listed += more
    assert listed == whole
    assert len(whole) == 5


def test_nobody_lists_from_anothers_use_on(town: Town) -> None:
    used(town)
    (use,) = uses(town.home, region=32, holder=LI)
    for use_id, holder in ((use.id, WANG), ("x" * 22, LI)):
        with pytest.raises(NotFound, match=r"use\.unknown"):
            uses(town.home, region=32, holder=holder, before=use_id)


def test_nobody_sees_anothers_uses(town: Town) -> None:
    used(town)
    assert uses(town.home, region=32, holder=WANG) == ()
    assert uses(town.home, region=31, holder=LI) == ()


def test_organisation_and_agent_both_see_theirs(town: Town) -> None:
    town.registers[32].give(held(LICENCE, owner=FIRM), owner=FIRM)
    used(town, agent_for=FIRM)
    assert len(uses(town.home, region=32, holder=FIRM)) == len(uses(town.home, region=32, holder=LI)) == 1


def test_a_holder_objects_once(town: Town) -> None:
    used(town)
    (use,) = uses(town.home, region=32, holder=LI)
    object_to(town.home, region=32, holder=LI, use_id=use.id, text="本人当日未到该窗口\n请核查", now=NOW + 9)
    assert uses(town.home, region=32, holder=LI)[0].objection == "open"
    assert town.audited[-1] == {"region": 32, "kind": "objection", "at": NOW + 9, "use_id": use.id}
    with pytest.raises(Conflict, match=r"objection\.twice"):
        object_to(town.home, region=32, holder=LI, use_id=use.id, text="再次", now=NOW + 10)
    assert len(town.audited) == 2


def test_only_ones_own_use(town: Town) -> None:
    used(town)
    (use,) = uses(town.home, region=32, holder=LI)
    with pytest.raises(NotFound, match=r"use\.unknown"):
        object_to(town.home, region=32, holder=WANG, use_id=use.id, text="异议", now=NOW)


@pytest.mark.parametrize("text", ["", "  \n", "长" * 501, "a\x00b", None, 7])
def test_an_objection_is_one_to_500_characters(town: Town, text: object) -> None:
    with pytest.raises(Malformed, match=r"objection\.text"):
        object_to(town.home, region=32, holder=LI, use_id="x" * 22, text=text, now=NOW)

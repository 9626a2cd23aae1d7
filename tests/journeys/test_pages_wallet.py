"""/wallet: all of one's certificates, a code for a purpose, who used what, and an objection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ecert.runtime.shell import IDLE
from tests.journeys.visitor import Markup, Visitor, verdict_of
from tests.world import World, copied

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LI = "32-1-husband"
CARD, RESIDENCE, DEED, BUSINESS = 1, 5, 24, 26


@pytest.fixture
def world(template: Path, tmp_path: Path) -> Iterator[World]:
    with copied(template, tmp_path / "home", ECERT_DEMO="1") as opened:
        yield opened


@pytest.fixture
def li(world: World) -> Visitor:
    """Mr Li with his identity card and deed, anchored."""
    world.issue(CARD)
    world.issue(DEED)
    world.settle()
    visitor = Visitor(world)
    visitor.be("citizen", LI)
    return visitor


def test_certificates_of_every_region_are_listed(li: Visitor) -> None:
    li.world.issue(RESIDENCE, region=32)
    page = li.get("/wallet").text

    assert page.count("有效</span>") == 3
    assert "正在上链" in page
    assert "示例江苏甲建材科技有限公司" in page
    assert "320599198803070011" in page


def test_a_region_that_is_away_is_named_and_hides_nothing_of_the_others(li: Visitor) -> None:
    li.world.house.gateways[31].is_open = False
    page = li.get("/wallet").text

    assert "上海市暂时无法连接" in page
    assert "不动产权证书" in page


def test_what_is_withdrawn_says_why(li: Visitor) -> None:
    other = li.world.issue(RESIDENCE)
    li.world.settle()
    assert li.world.change(other, "revoke", ground="lost").status_code == 200
    li.world.settle()

    assert "证照遗失" in li.get("/wallet").text


def test_a_code_is_drawn_for_its_purpose_and_is_another_one_each_time(li: Visitor) -> None:
    page = li.get("/wallet/code?item=EC-0001").text

    assert "<svg" in page
    caption = page.partition("</svg>")[0].rpartition(">不动产登记档案查询（图纸）</text>")
    assert caption[1]
    assert "EC-0001</text>" not in page
    assert li.digits() != li.digits()


def test_without_scripts_the_page_reloads_itself_in_time(li: Visitor) -> None:
    (refresh,) = (each for each in Markup(li.get("/wallet/code").text).every("meta") if "http-equiv" in each)
    seconds, _, target = refresh["content"].partition(";url=")

    assert 0 < int(seconds) < 60
    assert "data-digits" in li.get(target).text


def test_a_code_that_renews_keeps_no_session_alive(li: Visitor) -> None:
    fresh = "/wallet/code/fresh?item=&owner=0&renew=1"
    for _ in range(3):
        li.world.time.advance(IDLE // 3 - 1)
        assert li.get(fresh).status_code == 200

    li.world.time.advance(3)
    assert li.get(fresh).status_code == 403


def test_an_agent_shows_a_code_for_the_organisation(li: Visitor) -> None:
    li.world.issue(BUSINESS)
    li.world.settle()
    li.be("clerk", "31")

    assert verdict_of(li.scan(li.digits("EC-0002", owner=1), "EC-0002")) == "accept"
    assert li.get("/wallet/code?owner=99").status_code == 422


def test_earlier_uses_stand_on_a_page_of_their_own(li: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    li.be("clerk", "31")
    for case in ("QP-1", "QP-2", "QP-3"):
        assert verdict_of(li.scan(li.digits(), case_number=case)) == "accept"
        li.world.time.advance(1)
    for module in ("usage", "pages"):
        monkeypatch.setattr(f"wallet_codes.{module}.MOST", 2)

    def cases(page: str) -> list[str]:
        return [case for case in ("QP-3", "QP-2", "QP-1") if case in page]

    newest = li.get("/wallet/uses").text
    (earlier,) = (
        a["href"] for a in Markup(newest).every("a") if a["href"].startswith("/wallet/uses?before=") and "lang" not in a
    )
    oldest = li.get(earlier).text

    assert (cases(newest), cases(oldest)) == (["QP-3", "QP-2"], ["QP-1"])
    assert "更早的记录" not in oldest
    assert 'href="/wallet/uses">最新的记录' in oldest
    (action,) = (f["action"] for f in Markup(oldest).every("form") if f["action"].endswith("/objection"))
    assert li.post(action, {"text": "不是我", "before": earlier.partition("=")[2]}).headers["location"] == earlier
    assert "已提出异议" in li.get(earlier).text
    assert li.get("/wallet/uses?before=x").status_code == 422


def test_uses_are_told_and_objected_to_once(li: Visitor) -> None:
    li.be("clerk", "31")
    assert verdict_of(li.scan(li.digits(), case_number="QP-7")) == "accept"
    page = li.get("/wallet/uses")
    (action,) = (f["action"] for f in Markup(page.text).every("form") if f["action"].endswith("/objection"))

    assert {"QP-7", "坐落", "示例青浦区政务服务中心"} <= {
        word for word in ("QP-7", "坐落", "示例青浦区政务服务中心") if word in page.text
    }
    assert "Real estate archive inquiry (drawings)" in li.get("/wallet/uses?lang=en").text
    assert li.get("/wallet/uses?lang=zh").status_code == 200
    assert li.post(action, {"text": "不是我\r\n办的"}).status_code == 303
    assert "已提出异议" in li.get("/wallet/uses").text
    assert li.post(action, {"text": "再次"}).status_code == 409

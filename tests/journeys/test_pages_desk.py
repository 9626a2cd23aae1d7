"""/desk: an item, one input, one verdict in words; an outage is no forgery, and a slip of the clerk uses no code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ecert.domain.holders import RESIDENT, HolderRef
from tests.journeys.visitor import Markup, Visitor, verdict_of
from tests.world import World, copied
from verifier.receipts import verify_receipt
from wallet_codes.mint import MintRequest, mint
from wallet_codes.qr import draw_png
from wallet_codes.regions import by_number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from httpx import Response

LI, WIFE = "32-1-husband", "32-1-wife"
LI_NUMBER, WIFE_NUMBER = "320599198803070011", "320599199009120020"
CARD, PERMIT, DEED = 1, 5, 24


@pytest.fixture
def world(template: Path, tmp_path: Path) -> Iterator[World]:
    with copied(template, tmp_path / "home", ECERT_DEMO="1") as opened:
        yield opened


@pytest.fixture
def clerk(world: World) -> Visitor:
    """A clerk of Qingpu in one tab and Mr Li in another."""
    world.issue(CARD)
    world.issue(DEED)
    world.settle()
    visitor = Visitor(world)
    visitor.be("citizen", LI)
    visitor.be("clerk", "31")
    return visitor


def verdict_block(answer: Response) -> str:
    """Give what stands beside the verdict's word."""
    return answer.text.partition('<div class="verdict ')[2].partition("</div>")[0]


def fault_of(answer: Response) -> str:
    """Give the code of a form's complaint."""
    assert answer.status_code == 422, answer.text
    return answer.text.partition('role="alert"')[2].partition('class="code">')[2].partition("<")[0]


def test_an_item_is_found_by_its_code_or_name_in_either_language(clerk: Visitor) -> None:
    for words in ("EC-0001", "不动产 图纸", "archive DRAWINGS"):
        page = clerk.get("/desk", params={"q": words}).text
        assert page.count('href="/desk/items/') == 1
        assert 'href="/desk/items/EC-0001"' in page


def test_a_typed_code_is_accepted_with_its_reasons_elements_and_law(clerk: Visitor) -> None:
    answer = clerk.scan(clerk.digits())

    assert verdict_of(answer) == "accept"
    for told in (
        "recognition.yes",
        "This division recognises",
        "国务院令第716号第十条",
        "不动产单元号",
        "在线码",
        "秒前",
    ):
        assert told in answer.text
    assert "住址" not in answer.text


def test_digits_may_be_typed_as_they_are_shown(clerk: Visitor) -> None:
    digits = clerk.digits()
    assert verdict_of(clerk.scan(f"{digits[:4]} {digits[4:]}\r\n")) == "accept"


def test_the_same_form_sent_again_gives_the_same_answer_and_a_new_one_is_refused(clerk: Visitor) -> None:
    digits = clerk.digits()
    key = {"key": "attempt-1"}
    assert [verdict_of(clerk.scan(digits, **key)) for _ in range(2)] == ["accept", "accept"]

    again = clerk.scan(digits)
    assert verdict_of(again) == "refuse"
    assert "code.used" in again.text


def test_a_picture_is_read(clerk: Visitor) -> None:
    house = clerk.world.house
    citizen = clerk.world.face(CARD)["holders"][0]
    holder = clerk.world.issue(CARD).holder
    assert (holder.id_type, holder.id) == (RESIDENT, citizen["id"])
    clerk.world.settle()
    minted = mint(house.home, MintRequest(32, holder, item="EC-0001"), now=house.floor.now())

    assert verdict_of(clerk.scan("", picture=draw_png(minted.text, region=by_number(32), caption="示例"))) == "accept"


def test_what_the_clerk_can_mend_uses_no_code(clerk: Visitor) -> None:
    digits = clerk.digits()
    wide = digits.translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)})

    assert fault_of(clerk.scan(wide)) == "desk.full_width"
    assert fault_of(clerk.scan("")) == "desk.code_missing"
    assert fault_of(clerk.scan(digits, picture=b"x")) == "desk.two_inputs"
    assert fault_of(clerk.scan("", picture=b"x")) == "qr.picture"
    assert fault_of(clerk.scan(digits, id="３２０５")) == "resident_id.form"
    assert fault_of(clerk.scan(digits, purpose=" ")) == "use.form"
    assert verdict_of(clerk.scan(digits)) == "accept"


def test_a_form_with_a_mistake_comes_back_as_it_was_filled_in(clerk: Visitor) -> None:
    page = Markup(clerk.scan("", case_number='QP-"7"', id=LI_NUMBER).text)
    kept = {each["name"]: each.get("value") for each in page.every("input")}

    assert (kept["case_number"], kept["id"], kept["code"]) == ('QP-"7"', LI_NUMBER, None)


def test_the_person_at_hand_is_compared_at_home(clerk: Visitor) -> None:
    own, others = (clerk.scan(clerk.digits(), id=number) for number in (LI_NUMBER, WIFE_NUMBER))

    assert (verdict_of(own), "holder.confirmed" in own.text) == ("accept", True)
    assert (verdict_of(others), "holder.mismatch" in others.text) == ("refuse", True)
    assert LI_NUMBER in own.text
    assert LI_NUMBER not in others.text


def test_an_outage_is_never_shown_as_a_forgery_and_can_be_tried_again(clerk: Visitor) -> None:
    digits = clerk.digits()
    clerk.world.house.gateways[32].is_open = False
    answer = clerk.scan(digits)
    page = Markup(answer.text)

    assert verdict_of(answer) == "cannot_decide"
    assert "这不说明证照有问题" in answer.text
    assert "不接受" not in page.text
    clerk.world.house.gateways[32].is_open = True
    again = {each["name"]: each["value"] for each in page.every("input") if each["name"] not in {"csrf", "receipt"}}
    assert verdict_of(clerk.post("/desk/items/EC-0001", again)) == "accept"


def test_trying_again_comes_first_where_something_is_away_and_the_next_person_elsewhere(clerk: Visitor) -> None:
    accepted, unused = clerk.scan(clerk.digits()).text, clerk.digits()
    clerk.world.house.gateways[32].is_open = False
    away = clerk.scan(unused).text

    assert '<a class="button" href="/desk/items/EC-0001">下一位</a>' in accepted
    assert "<button>重试</button>" not in accepted
    assert away.index("<button>重试</button>") < away.index(
        '<a class="button quiet" href="/desk/items/EC-0001">下一位</a>'
    )


def test_the_reasons_stand_before_the_certificates_whatever_the_verdict(clerk: Visitor) -> None:
    for answer in (clerk.scan(clerk.digits()), clerk.scan("20000000")):
        page = Markup(answer.text)
        headed = [each["id"] for each in page.every("h2") if "id" in each]
        assert headed[0] == "reasons", headed
    assert "接受的原因" in clerk.scan(clerk.digits()).text


def test_a_code_on_a_face_is_named_and_an_article_of_law_glossed(clerk: Visitor) -> None:
    page = clerk.scan(clerk.digits()).text

    assert '公民身份号码 <span class="code">001</span>' in page
    assert "State Council Order 716, article 10" in page
    assert "第七至十三条" not in page


def test_a_holder_whom_nobody_named_is_no_outage(clerk: Visitor) -> None:
    offline = clerk.world.mint(HolderRef("001", LI_NUMBER), kind="offline", item="EC-0101")["text"]
    unnamed, named = clerk.scan(offline, "EC-0101"), clerk.scan(offline, "EC-0101", id=LI_NUMBER)

    assert (verdict_of(unnamed), verdict_of(named)) == ("cannot_decide", "accept")
    assert "请先核实出示人身份" in unnamed.text
    assert "<button>重试</button>" not in unnamed.text


def test_an_offline_code_tells_that_nobody_knows_of_another_use(clerk: Visitor) -> None:
    offline = clerk.world.mint(HolderRef("001", LI_NUMBER), kind="offline", item="EC-0101")["text"]

    assert "离线无法核实此码是否已被使用" in verdict_block(clerk.scan(offline, "EC-0101", id=LI_NUMBER))
    assert "离线无法核实此码是否已被使用" not in verdict_block(clerk.scan(clerk.digits()))
    refused = clerk.scan(offline, "EC-0101", id=WIFE_NUMBER)
    assert verdict_of(refused) == "refuse"
    assert "离线无法核实此码是否已被使用" not in verdict_block(refused)


def test_a_province_that_does_not_take_a_type_says_why(clerk: Visitor) -> None:
    permit = clerk.world.issue(PERMIT)
    clerk.world.settle()
    code = clerk.world.mint(HolderRef("001", LI_NUMBER), item="EC-0101", types=[permit.licence_id.split(".")[5]])
    answer = clerk.scan(code["text"], "EC-0101", id=LI_NUMBER)

    assert verdict_of(answer) == "refuse"
    assert "居住证只证明在签发地居住，在本地不产生居住证权益" in answer.text


def test_what_is_missing_is_named(clerk: Visitor) -> None:
    clerk.be("citizen", WIFE)
    answer = clerk.scan(clerk.digits())

    assert verdict_of(answer) == "cannot_decide"
    assert "材料还不齐" in answer.text
    assert answer.text.count("未出示</span>") == 1


def test_the_receipt_is_a_signed_file_that_joined_the_audit_log(clerk: Visitor) -> None:
    answer = clerk.scan(clerk.digits())
    (signed,) = (each["value"] for each in Markup(answer.text).every("input") if each["name"] == "receipt")
    file = clerk.post("/desk/receipt", {"receipt": signed})

    assert file.headers["content-disposition"].startswith('attachment; filename="receipt-')
    assert verify_receipt(file.text, replica=clerk.world.house.replica).verdict == "accept"
    assert [each.kind for each in clerk.world.house.audit.read(31)] == ["receipt"]
    assert clerk.post("/desk/receipt", {"receipt": signed[:-4] + "AAAA"}).status_code == 404


def test_a_window_serves_only_what_it_offers(clerk: Visitor) -> None:
    assert clerk.get("/desk/items/EC-9999").status_code == 404

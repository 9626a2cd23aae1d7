"""A partner outside the members: sponsored by one command, served by its signature, and told no more than its items."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key

from ecert.domain.suites import generate, load_signer
from tests.delta import code_of, new_key
from tests.partner import HOLDER, NAME, USCC, Place
from tests.unit.verifier.receiver import receiving
from tests.world import use

if TYPE_CHECKING:
    from collections.abc import Callable


def question(place: Place, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of a body
    asked = {"division": "310118", "item": "EC-0101", "holder": HOLDER} | more
    return place.client["wanted"](place.container, **asked)


def verification(place: Place) -> dict[str, Any]:
    return {"certificate": place.container, "division": "310118", "item": "EC-0101", "holder": HOLDER}


def test_a_partner_verifies_within_its_items(place: Place) -> None:
    report = place.partner.verify(place.container, division="310118", item="EC-0101", holder=HOLDER)

    assert report["verdict"] == "accept"
    assert report["certificates"][0]["licence_id"] == place.licence


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"item": "EC-0102"}, "partner.item"),
        ({"item": None}, "partner.item"),
        ({"division": "320509"}, "partner.division"),
    ],
)
def test_what_the_sponsorship_does_not_name_is_refused(place: Place, more: dict[str, Any], code: str) -> None:
    with pytest.raises(place.client["Refused"]) as refused:
        place.partner.verify(place.container, **({"division": "310118", "item": "EC-0101"} | more))

    assert (refused.value.status, refused.value.code) == (403, code)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"url": "http://partner.example/told"}, 422, "callback.url"),
        ({"url": "https://169.254.169.254/told"}, 403, "callback.address"),
        ({"url": "https://partner.example/told", "days": 366}, 422, "request.malformed"),
        ({"url": "https://partner.example/told", "more": 1}, 422, "request.malformed"),
        ({"url": ""}, 422, "request.malformed"),
        ({}, 422, "request.malformed"),
    ],
)
def test_what_is_no_subscription_is_refused_by_name(place: Place, body: dict[str, Any], status: int, code: str) -> None:
    with pytest.raises(place.client["Refused"]) as refused:
        place.partner.ask("POST", "/api/v1/subscriptions", body)

    assert (refused.value.status, refused.value.code) == (status, code)
    assert place.partner.subscriptions() == []


@pytest.mark.parametrize("name", ["A" * 22, "x"])
def test_an_unknown_subscription_is_refused_before_anything_is_judged_or_used(place: Place, name: str) -> None:
    text, said, code = code_of(place.delta), use(division="310118") | {"orgName": NAME}, "callback.unknown"

    def code_when(act: Callable[[], object]) -> str:
        with pytest.raises(place.client["Refused"]) as refused:
            act()
        return refused.value.code

    assert code_when(lambda: place.partner.verify(**verification(place), subscription=name)) == code
    assert code_when(lambda: place.partner.verify_many([question(place)], name)) == code
    assert code_when(lambda: place.partner.redeem(text, said, HOLDER, new_key(), name)) == code
    assert code_when(lambda: place.partner.unsubscribe(name)) in {code, "request.malformed"}
    named = [question(place, subscription=name)]
    assert code_when(lambda: place.partner.verify_many(named)) == "request.malformed"
    assert place.partner.redeem(text, said, HOLDER, new_key())["verdict"] == "accept"


def test_a_batch_and_a_redemption_are_kept_and_told(place: Place) -> None:
    with receiving() as receiver:
        subscription = place.partner.subscribe(receiver.url)
        text, said = code_of(place.delta), use(division="310118") | {"orgName": NAME}
        place.partner.verify_many([question(place)] * 2, subscription)
        report = place.partner.redeem(text, said, HOLDER, new_key(), subscription)
        for action, ground in (("suspend", "holder_request"), ("restore", "review_passed")):
            place.change(action, ground)
        while len(receiver.came) < 2:
            threading.Event().wait(0.05)
        place.partner.unsubscribe(subscription)

    inbox = place.client["Inbox"](receiver.url, place.partner.sponsor)
    told = [inbox.take(each.headers, each.content) for each in receiver.came]
    assert report["kept"] == len(report["certificates"])
    assert [(each["sequence"], each["status"], each["missed"]) for each in told] == [
        (1, "suspended", 0),
        (2, "valid", 0),
    ]


def test_a_thousand_at_once_have_a_result_each(place: Place) -> None:
    altered = json.loads(json.dumps(place.container))
    altered["sd_jwt"] = altered["sd_jwt"].replace("~", "x~", 1)
    several = [question(place), question(place, item="EC-9999"), question(place, division="x")]
    several += [{**question(place), "container": altered}]
    several += [question(place)] * 996
    results = place.partner.verify_many(several)

    assert len(results) == 1000
    assert results[0]["report"]["verdict"] == "accept"
    assert results[1]["problem"]["code"] == "partner.item"
    assert results[2]["problem"]["code"] == "division.form"
    assert results[3]["report"]["verdict"] == "refuse"
    assert {each["report"]["verdict"] for each in results[4:]} == {"accept"}


def test_more_than_a_thousand_are_refused(place: Place) -> None:
    with pytest.raises(place.client["Refused"]) as refused:
        place.partner.verify_many([{"presentation": "x", "division": "310118"}] * 1001)

    assert (refused.value.status, refused.value.code) == (422, "request.malformed")


def test_a_partner_redeems_a_code_of_another_region_through_its_sponsor(place: Place) -> None:
    text, once = code_of(place.delta), new_key()
    said = use(division="310118") | {"orgName": NAME}
    first = place.partner.redeem(text, said, HOLDER, once)
    again = place.partner.redeem(text, said, HOLDER, new_key())

    assert first["verdict"] == "accept"
    assert place.partner.redeem(text, said, HOLDER, once)["verdict"] == "accept"
    assert (again["verdict"], again["findings"][0]["code"]) == ("refuse", "code.used")
    with pytest.raises(place.client["Refused"]) as refused:
        place.partner.redeem(text, use(division="310118"), HOLDER, once)
    assert refused.value.code == "partner.organisation"


def test_a_stranger_and_one_whose_sponsorship_ended_are_refused_by_name(place: Place) -> None:
    with pytest.raises(place.client["Refused"]) as unknown:
        place.stranger().verify(place.container, division="310118", item="EC-0101")
    place.sponsor(end=True)
    try:
        with pytest.raises(place.client["Refused"]) as ended:
            place.partner.verify(place.container, division="310118", item="EC-0101")
    finally:
        place.sponsor()

    assert (unknown.value.code, ended.value.code) == ("gateway.key_unknown", "partner.ended")


def test_only_a_signed_partner_may_ask_for_many(place: Place) -> None:
    answer = httpx.post(
        place.partner.url + "/api/v1/verifications/batch",
        json={"verifications": [{"presentation": "x", "division": "310118"}]},
        trust_env=False,
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "gateway.unsigned")


def test_the_client_believes_its_sponsor_alone(place: Place) -> None:
    other = load_der_public_key(load_signer("ES256", generate("ES256")).spki)
    misled = place.client["Partner"](place.partner.url, place.partner.key, other)

    with pytest.raises(place.client["NotBelieved"]):
        misled.verify(place.container, division="310118", item="EC-0101")


def test_too_many_are_told_when_to_come_again(place: Place) -> None:
    limits, floor = place.delta.of(31).limits, place.delta.of(31).floor

    def ask_too_often() -> None:
        for _ in range(3):  # a minute may end in between
            limits._counted["verify", USCC] = floor.now() // 60, limits.verifications
            place.partner.verify(place.container, division="310118", item="EC-0101")

    with pytest.raises(place.client["Refused"]) as refused:
        ask_too_often()
    limits._counted.clear()

    assert (refused.value.status, refused.value.code) == (429, "partner.limit")
    assert 1 <= refused.value.retry_after <= 60

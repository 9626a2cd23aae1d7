"""A partner outside the members: sponsored by one command, served by its signature, and told no more than its items."""

from __future__ import annotations

import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from ecert.app.cli import main
from ecert.app.demo.acts import queue
from ecert.app.region_keys import region_signer
from ecert.app.regions import free_ports
from ecert.domain.receipt import format_container
from ecert.domain.suites import generate, load_signer
from issuer import Change, change_many
from issuer.kept import read
from ledger import acts
from ledger.trust_list import read_trust_list
from tests.delta import LI, WANTS, code_of, furnish, new_key, standing
from tests.unit.verifier.receiver import receiving
from tests.world import use

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ecert.app.delta import Delta
    from ecert.app.wiring import House

CLIENT = Path(__file__).parents[2] / "docs/partners/client.py"
PAGE = CLIENT.parent.with_suffix(".md")
EXAMPLE = re.compile(r"<!-- run: ([a-z-]+) -->\n((?:    .*\n)+|```python\n(?s:.*?)```\n)")
USCC, NAME, ITEMS = "91350100M000100Y43", "示例江西省数据共享平台", ("EC-0001", "EC-0101")
HOLDER = {"id_type": LI.ref.id_type, "id": LI.id}


@dataclass
class Place:
    """A sponsor with a sponsored partner, the partner's client, and Mr Li's identity card."""

    delta: Delta
    client: dict[str, Any]
    partner: Any
    container: dict[str, Any]
    licence: str
    key_file: Path

    def sponsor(self, *, end: bool = False) -> None:
        spki = self.partner.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        d = self.delta.of(31).directory
        call = (
            acts.end_sponsorship(d, region=31, uscc=USCC)
            if end
            else acts.sponsor_partner(d, region=31, uscc=USCC, name=NAME, gateway_key=spki, items=ITEMS, until=None)
        )
        queue(self.delta, [(31, call)])
        self.delta.settle()

    def change(self, action: str, ground: str) -> None:
        """Let the card's authority change its status, and the chain tell everybody."""
        issuer, uscc = self.delta.of(32).issuer, WANTS[0].seat.uscc
        change_many(issuer, [Change(self.licence, action, ground)], authority=uscc, now=self.delta.of(32).floor.now())
        self.delta.settle()

    def stranger(self) -> Any:  # noqa: ANN401 - a class of the client's file
        key = self.client["make_key"](self.key_file.with_name(f"{new_key()}.pem"))
        return self.client["Partner"](self.partner.url, key, self.partner.sponsor)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("partner")
    # The client asks the machine's clock, so the deployments do too.
    with standing(folder / "var", is_real=True, ECERT_DEMO="1") as delta:
        licences = furnish(delta)
        kept = read(delta.of(32).issuer, licences[1], authority=WANTS[0].seat.uscc)
        client = runpy.run_path(str(CLIENT))
        house = delta.of(31)
        sponsor = load_der_public_key(region_signer(house.floor.keys, 31, "gateway").spki)
        key = client["make_key"](folder / "partner.pem")
        (folder / "sponsor.pem").write_bytes(sponsor.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        partner = client["Partner"](house.floor.settings.public_url, key, sponsor)
        container = json.loads(format_container(kept.container))
        made = Place(delta, client, partner, container, licences[1], folder / "partner.pem")
        made.sponsor()
        yield made


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


def test_a_subscription_is_for_partners_alone(place: Place) -> None:
    body = question(place, subscription="A" * 22)
    answer = httpx.post(place.partner.url + "/api/v1/verifications", json=body, trust_env=False)

    assert (answer.status_code, answer.json()["code"]) == (403, "gateway.not_partner")


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


def test_a_trust_list_judges_without_any_network(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    card, newest, older = tmp_path / "card", tmp_path / "newest", tmp_path / "older"
    card.write_text(json.dumps(place.container), "utf-8")
    older.write_text(place.partner.trust_list(), "ascii")
    now = place.delta.of(32).floor.now()
    monkeypatch.setenv("ECERT_HOME", str(tmp_path / "home"))
    words = ["verify", str(card), "--holder", str(LI.ref), "--json"]

    assert main([*words, "--trust-list", str(older)]) == 0
    assert "trust-list.kid" in capfd.readouterr().err
    foreign = place.delta.of(33)
    newest.write_text(httpx.get(foreign.floor.settings.public_url + "/api/v1/trust-list", trust_env=False).text)
    assert main([*words, "--trust-list", str(newest)]) == 1
    assert "trust_list.key" in capfd.readouterr().err
    kid = region_signer(foreign.floor.keys, 33, "gateway").kid
    assert main([*words, "--trust-list", str(newest), "--trust-key", kid]) == 0
    told = read_trust_list(
        older.read_text(), kid=region_signer(place.delta.of(31).floor.keys, 31, "gateway").kid, now=now
    )
    assert told.head.number <= place.delta.of(31).replica.head.number


@pytest.mark.parametrize("part", [0, 1, 2])
def test_an_altered_trust_list_is_refused(place: Place, tmp_path: Path, part: int) -> None:
    parts = place.partner.trust_list().strip().split(".")
    middle = len(parts[part]) // 2
    parts[part] = parts[part][:middle] + ("A" if parts[part][middle] != "A" else "B") + parts[part][middle + 1 :]
    (tmp_path / "list").write_text(".".join(parts), "ascii")
    (tmp_path / "card").write_text(json.dumps(place.container), "utf-8")
    os.environ["ECERT_HOME"] = str(tmp_path / "home")
    try:
        assert main(["verify", str(tmp_path / "card"), "--trust-list", str(tmp_path / "list")]) in {1, 3}
    finally:
        del os.environ["ECERT_HOME"]


def test_every_example_of_the_page_runs(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(CLIENT, tmp_path / "client.py")
    shutil.copy(place.key_file.with_name("sponsor.pem"), tmp_path / "sponsor.pem")
    (tmp_path / "card.json").write_text(json.dumps(place.container), "utf-8")
    monkeypatch.chdir(tmp_path)
    run = {name: text.replace("https://shanghai.example", place.partner.url) for name, text in examples()}
    house = place.delta.of(31)

    typed(run["key"])
    with monkeypatch.context() as at_sponsor:
        for name, value in settings_of_region(house).items():
            at_sponsor.setenv(name, value)
        assert main(shlex.split(run["sponsor"])[1:]) == 0, capfd.readouterr().err
    place.delta.settle()
    assert json.loads(typed(run["verify"]))["verdict"] == "accept"
    first, *others = typed(f"python -c {shlex.quote(run['python'])}").splitlines()
    assert first.startswith("accept ['")
    assert others == ["['accept', 'accept', 'accept']", "403 partner.item"]
    fetch, verify = run["trust-list"].splitlines()
    words, _, kept = fetch.partition(" > ")
    (tmp_path / kept).write_text(typed(words), "ascii")
    monkeypatch.setenv("ECERT_HOME", str(tmp_path / "home"))
    assert main(shlex.split(verify)[1:]) == 0
    assert_called(place, run, tmp_path)
    place.sponsor()
    called = {"subscribe", "verify-subscribed", "receive", "unsubscribe"}
    assert set(run) == {"key", "sponsor", "verify", "python", "trust-list", *called}


def assert_called(place: Place, run: dict[str, str], folder: Path) -> None:
    """Run the examples about callbacks: the card is suspended and restored while a receiver listens."""
    port = free_ports(["31"])[31]
    theirs = f"http://127.0.0.1:{port}/told"
    subscription = typed(run["subscribe"].replace("https://partner.example/told", theirs)).strip()
    told = json.loads(typed(run["verify-subscribed"].replace("SUBSCRIPTION", subscription)))
    assert (told["verdict"], told["kept"]) == ("accept", 1)
    program = run["receive"].replace("https://partner.example/told", theirs).replace("9000", str(port))
    with subprocess.Popen([sys.executable, "-c", program], cwd=folder, stdout=subprocess.PIPE, text=True) as receiver:
        try:
            for action, ground in (("suspend", "holder_request"), ("restore", "review_passed")):
                place.change(action, ground)
            assert receiver.stdout is not None
            lines = [receiver.stdout.readline().split() for _ in range(2)]
        finally:
            receiver.terminate()
    assert lines == [["1", "suspended", place.licence, "0"], ["2", "valid", place.licence, "0"]]
    see, end = run["unsubscribe"].replace("SUBSCRIPTION", subscription).splitlines()
    (seen,) = json.loads(typed(see))
    assert (seen["id"], seen["sequence"], seen["given_up"]) == (subscription, 2, 0)
    assert typed(end) == ""
    assert json.loads(typed(see)) == []


def examples() -> Iterator[tuple[str, str]]:
    for name, text in EXAMPLE.findall(PAGE.read_text("utf-8")):
        fenced = re.fullmatch(r"```python\n(.*)```", text.strip(), re.DOTALL)
        yield name, fenced[1] if fenced else "\n".join(line.strip() for line in text.strip().splitlines())


def typed(line: str) -> str:
    words = shlex.split(line)
    assert words[0] == "python"
    done = subprocess.run([sys.executable, *words[1:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def settings_of_region(house: House) -> dict[str, str]:
    settings = house.floor.settings
    return {
        "ECERT_HOME": str(settings.home),
        "ECERT_LEDGER": settings.ledger,
        "ECERT_REGIONS": settings.regions[0],
        "ECERT_CONSORTIUM": "0x" + house.directory.consortium.hex(),
    }


def test_the_client_is_a_program_of_its_own(place: Place, tmp_path: Path) -> None:
    card = tmp_path / "card.json"
    card.write_text(json.dumps(place.container), "utf-8")
    sponsor = place.key_file.with_name("sponsor.pem")
    words = ["--url", place.partner.url, "--key", str(place.key_file), "--sponsor", str(sponsor)]
    words += ["--item", "EC-0101", "--division", "310118", "--holder", str(LI.ref)]
    done = subprocess.run(
        [sys.executable, "-I", str(CLIENT), "verify", str(card), *words], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verdict"] == "accept"

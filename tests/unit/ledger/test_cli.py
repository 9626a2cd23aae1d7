"""`ecert consortium`, typed at a founded chain: votes, refusals, bad input, and what is shown."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ecert.domain.dates import format_instant, parse_instant
from ecert.domain.errors import Malformed
from ecert.domain.ids import uscc_check
from ledger import motions
from ledger.acting import Acting
from ledger.cli.reading import read_address
from ledger.drivers.calls import created_address
from tests.unit.ledger.founded import CLOCK, Founded, Told, copied, parsed, served, typed

DIGEST = "ab" * 32
NOBODY = "0x" + "11" * 20
FIRST = 4
"""The first proposal after those of the founding."""


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[Founded]:
    with copied(tmp_path_factory, tmp_path) as house:
        yield house


@pytest.fixture(params=["here", "through a server"])
def acting(request: pytest.FixtureRequest, house: Founded) -> Iterator[Acting]:
    with ExitStack() as stack:
        if request.param == "here":
            yield house.acting_here()
        else:
            yield house.acting_through(stack.enter_context(served(house)))


def propose(house: Founded, *motion: str, region: int = 31, acting: Acting | None = None) -> Told:
    return typed(house, "consortium", "propose", "--region", str(region), *motion, "--json", acting=acting)


def vote(house: Founded, number: int, *regions: int, acting: Acting | None = None) -> list[int]:
    words = ("consortium", "vote", str(number), "--region")
    return [typed(house, *words, str(region), acting=acting).code for region in regions]


def act(house: Founded, deed: str, number: int, region: int = 31, acting: Acting | None = None) -> Told:
    return typed(house, "consortium", deed, str(number), "--region", str(region), "--json", acting=acting)


def shown(house: Founded) -> dict[str, list[dict[str, object]]]:
    told: dict[str, list[dict[str, object]]] = typed(house, "consortium", "show", "--json").json
    return told


def decided(house: Founded, *motion: str) -> Told:
    """Propose, vote as three of four, and execute."""
    number = propose(house, *motion).json["proposal"]
    assert vote(house, number, 31, 32, 33) == [0, 0, 0]
    return act(house, "execute", number)


def deployed(house: Founded, contract: str) -> str:
    sending, account = house.floor.sending, "31-admin"
    with sending.database.transaction() as connection:
        sending.queue_deployment(connection, contract, (house.directory.consortium,), account=account, now=0)
    house.settle()
    address = sending.account(account).address
    return "0x" + created_address(address, sending.nonce_for(address) - 1).hex()


def test_a_fifth_region_is_admitted_and_registers_an_authority(house: Founded, acting: Acting) -> None:
    admin = house.admin(36)
    uscc = "11990000MB0000001" + uscc_check("11990000MB0000001")
    register = ["trust", "authority", "--uscc", uscc, "--division", "360100", "--name", "示例局"]
    register += ["--from", "2026-03-01", "--json"]
    assert typed(house, *register, acting=acting).code == 1

    proposed = propose(house, "admit", "--member", "36", "--name", "江西", "--admin", admin, acting=acting)
    assert (proposed.code, proposed.json["proposal"]) == (0, FIRST)
    assert proposed.json["action"] == {"do": "admit", "member": "36", "name": "江西", "admin": admin}
    assert vote(house, FIRST, 31, 32, acting=acting) == [0, 0]
    early = act(house, "execute", FIRST, acting=acting)
    assert early.error == (1, "ledger.refused", "ConsortiumTooFewVotes")
    assert vote(house, FIRST, 34, acting=acting) == [0]
    assert act(house, "execute", FIRST, 32, acting=acting).code == 0

    told = typed(house, *register, acting=acting)
    assert (told.code, told.json["done"], told.json["region"]) == (0, "registerAuthority", "36")
    authority = acting.replica.trust.authorities[uscc]
    assert (authority.division, authority.name) == ("3601", "示例局")
    assert authority.not_before.when == parse_instant("2026-02-28T16:00:00Z")
    assert [member["region"] for member in shown(house)["members"]] == ["31", "32", "33", "34", "36"]


def test_a_release_is_published_from_its_date(house: Founded) -> None:
    motion = ("release", "--name", "catalogue", "--version", "1", "--sha256", DIGEST, "--from", "2027-03-01")
    assert decided(house, *motion).code == 0

    release = {"name": "catalogue", "version": "1", "sha256": "0x" + DIGEST, "from": "2027-02-28T16:00:00Z"}
    assert shown(house)["releases"] == [release]
    assert decided(house, *motion).error == (1, "ledger.refused", "ConsortiumReleaseKnown")


def test_a_lost_admin_is_healed_and_only_the_new_one_acts(house: Founded) -> None:
    assert decided(house, "heal", "--member", "33", "--admin", house.admin(39)).code == 0
    assert {m["region"]: m["admin"] for m in shown(house)["members"]}["33"] == house.admin(39)

    number = propose(house, "remove", "--member", "34").json["proposal"]
    assert act(house, "vote", number, 33).error == (1, "ledger.refused", "ConsortiumNotMember")


def test_a_region_is_removed_and_its_votes_with_it(house: Founded) -> None:
    pending = propose(house, "remove", "--member", "31").json["proposal"]
    assert vote(house, pending, 33) == [0]
    assert decided(house, "remove", "--member", "33").code == 0

    told = shown(house)
    assert [m["region"] for m in told["members"]] == ["31", "32", "34"]
    assert told["proposals"][pending - 1]["votes"] == []
    assert told["votes_needed"] == 3


def test_a_contract_succeeds_another(house: Founded) -> None:
    assert decided(house, "appoint", "--role", "status", "--address", NOBODY).error == (
        1,
        "ledger.refused",
        "ConsortiumNotContract",
    )
    successor = deployed(house, "StatusRegistry")
    before = house.replica.head.number
    assert decided(house, "appoint", "--role", "status", "--address", successor).code == 0

    (entry,) = [c for c in shown(house)["contracts"] if c["role"] == "status"]
    assert before < entry.pop("from_block") <= house.replica.head.number
    assert entry == {"role": "status", "name": "StatusRegistry", "address": successor}


def test_a_refused_act_names_the_contracts_error(house: Founded) -> None:
    number = propose(house, "remove", "--member", "33").json["proposal"]
    assert vote(house, number, 31) == [0]
    for deed, of, region, error in (
        ("vote", number, 35, "ConsortiumNotMember"),
        ("execute", number, 35, "ConsortiumNotMember"),
        ("vote", number, 31, "ConsortiumVoted"),
        ("execute", number, 31, "ConsortiumTooFewVotes"),
        ("vote", 1, 31, "ConsortiumExecuted"),
        ("execute", 1, 31, "ConsortiumExecuted"),
        ("vote", 99, 31, "ConsortiumUnknownProposal"),
        ("execute", 99, 31, "ConsortiumUnknownProposal"),
    ):
        told = act(house, deed, of, region)
        assert (deed, of, region, told.error) == (deed, of, region, (1, "ledger.refused", error))
        assert told.json["error"]["zh"] == "合约拒绝了这一操作"


def test_a_stranger_may_not_propose(house: Founded, acting: Acting) -> None:
    told = propose(house, "remove", "--member", "33", region=35, acting=acting)

    assert told.error in [(1, "ledger.refused", "ConsortiumNotMember"), (1, "ledger.not_admin", "")]
    assert len(shown(house)["proposals"]) == FIRST - 1


def test_a_proposal_ends_with_its_time(house: Founded) -> None:
    expires = format_instant(house.floor.now() + 60)
    number = propose(house, "--expires", expires, "remove", "--member", "33").json["proposal"]
    assert shown(house)["proposals"][-1]["expires"] == expires
    while house.floor.now() <= parse_instant(expires):
        time.sleep(0.01)

    assert act(house, "vote", number).error == (1, "ledger.refused", "ConsortiumExpired")
    assert shown(house)["proposals"][-1]["state"] == "expired"


def test_a_proposal_stays_open_for_30_days_unless_told(house: Founded) -> None:
    before = house.floor.now()
    propose(house, "remove", "--member", "33")
    after = house.floor.now()
    propose(house, "remove", "--member", "33", "--expires", "2028-01-01")

    first, second = (parse_instant(p["expires"]) for p in shown(house)["proposals"][-2:])
    assert before <= first - 30 * 86_400 <= after
    assert second == parse_instant("2027-12-31T16:00:00Z")


def test_the_same_words_twice_are_two_proposals(house: Founded) -> None:
    motion = ("remove", "--member", "33", "--expires", "2028-01-01")

    assert [propose(house, *motion).json["proposal"] for _ in range(2)] == [FIRST, FIRST + 1]


def test_a_proposal_that_ends_in_the_past_is_refused(house: Founded) -> None:
    told = propose(house, "remove", "--member", "33", "--expires", "2026-01-01")

    assert told.error == (1, "ledger.refused", "ConsortiumBadExpiry")


def test_what_is_shown_is_what_the_replica_has(house: Founded) -> None:
    earliest = int(CLOCK.now())
    told = shown(house)
    latest = int(CLOCK.now())

    head = house.replica.head
    assert told["head"]["number"] == head.number
    assert told["head"]["time"] == format_instant(head.time)
    assert earliest - head.time <= told["head"]["age_seconds"] <= latest - head.time
    assert [m["name"] for m in told["members"]] == ["上海", "江苏", "浙江", "安徽"]
    assert [m["admin"] for m in told["members"]] == [house.admin(region) for region in (31, 32, 33, 34)]
    assert {c["name"] for c in told["contracts"]} == {"TrustRegistry", "CertificateAnchor", "StatusRegistry"}
    assert [p["state"] for p in told["proposals"]] == ["executed"] * 3
    assert told["proposals"][0]["action"] == {
        "do": "appoint",
        "role": "trust",
        "address": "0x" + house.directory.trust.hex(),
    }


def test_people_read_the_same_as_machines(house: Founded) -> None:
    text = typed(house, "consortium", "show").text

    assert f"  region 31 · name 上海 · admin {house.admin(31)}" in text
    assert "action (do appoint · role trust · address " in text
    assert "releases: -" in text


def test_a_proposal_that_hides_its_meaning_is_shown_as_unreadable(house: Founded) -> None:
    acting = house.acting_here()
    action = acting.encode(motions.remove(house.directory, member=33)) + b"\0"
    acting.do(motions.propose(house.directory, action=action, expires_at=2**64 - 1), account="34-admin")

    assert shown(house)["proposals"][-1]["action"] == {"do": "unreadable", "bytes": "0x" + action.hex()}
    assert shown(house)["proposals"][-1]["expires"] == str(2**64 - 1)


def test_a_proposed_name_does_not_steer_the_terminal(house: Founded) -> None:
    acting = house.acting_here()
    call = motions.admit(house.directory, member=36, name="江西\x1b[2J\n  state executed", admin=b"\x36" * 20)
    proposal = motions.propose(house.directory, action=acting.encode(call), expires_at=2_000_000_000)
    acting.do(proposal, account="34-admin")

    text = typed(house, "consortium", "show").text
    assert "\x1b" not in text
    assert "江西�[2J�  state executed" in text


BAD = [
    (["propose", "--region", "3", "remove", "--member", "33"], "division.form"),
    (["propose", "--region", "310118", "remove", "--member", "33"], "division.form"),
    (["propose", "--region", "31", "remove", "--member", "浙江"], "division.form"),
    (["propose", "--region", "31", "remove", "--member", "33", "--expires", "soon"], "instant.form"),
    (["propose", "--region", "31", "remove", "--member", "33", "--expires", "2027-02-30"], "date.form"),
    (["propose", "--region", "31", "remove", "--member", "33", "--expires", "1969-12-31"], "instant.range"),
    (["propose", "--region", "31", "admit", "--member", "36", "--name", "", "--admin", NOBODY], "ledger.name"),
    (["propose", "--region", "31", "admit", "--member", "36", "--name", "a\nb", "--admin", NOBODY], "ledger.name"),
    (["propose", "--region", "31", "admit", "--member", "36", "--name", "江西", "--admin", "0x1"], "ledger.address"),
    (["propose", "--region", "31", "heal", "--member", "33", "--admin", "0x" + "00" * 20], "ledger.address"),
    (
        ["propose", "--region", "31", "appoint", "--role", "trust", "--address", NOBODY.removeprefix("0x")],
        "ledger.address",
    ),
    (
        [
            "propose",
            "--region",
            "31",
            "release",
            "--name",
            "a",
            "--version",
            "1",
            "--sha256",
            "00",
            "--from",
            "2027-01-01",
        ],
        "ledger.digest",
    ),
    (
        [
            "propose",
            "--region",
            "31",
            "release",
            "--name",
            "a",
            "--version",
            " ",
            "--sha256",
            DIGEST,
            "--from",
            "2027-01-01",
        ],
        "ledger.name",
    ),
    (["vote", "0", "--region", "31"], "ledger.number"),
    (["vote", "-1", "--region", "31"], "ledger.number"),
    (["execute", "四", "--region", "31"], "ledger.number"),
]


def test_bad_input_is_explained_and_nothing_is_sent(house: Founded) -> None:
    queued = house.floor.sending.nonce_for(house.floor.sending.account("31-admin").address)
    for words, code in BAD:
        told = typed(house, "consortium", *words, "--json")
        assert (words, *told.error[:2]) == (words, 3, code)
        assert {"zh", "en"} < set(told.json["error"])

    assert house.floor.sending.nonce_for(house.floor.sending.account("31-admin").address) == queued


def test_an_error_is_readable_without_json(house: Founded) -> None:
    told = typed(house, "consortium", "vote", "0", "--region", "31")

    assert told.code == 3
    assert told.text.splitlines() == [
        "error",
        "  code: ledger.number",
        "  zh: 提案编号应为正整数",
        "  en: A proposal's number is a whole number from 1",
        "  detail: ",
    ]


@pytest.mark.parametrize(
    "words",
    [
        ["consortium"],
        ["consortium", "propose", "--region", "31"],
        ["consortium", "vote", "4"],
        ["consortium", "propose", "--region", "31", "appoint", "--role", "other", "--address", NOBODY],
        ["trust", "recognise", "--accepting", "31", "--type", "all", "--issuing", "33", "--from", "2027-01-01"],
        ["trust", "key", "--region", "31", "--owner", "region", "--spki", "a", "--generate", "b"],
    ],
)
def test_what_argparse_refuses_ends_as_its_parser_says(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        parsed(*words)
    assert "usage:" in capsys.readouterr().err


def test_the_region_decides_whose_key_signs(house: Founded) -> None:
    propose(house, "remove", "--member", "33", region=32)

    assert shown(house)["proposals"][-1]["region"] == "32"


@pytest.mark.parametrize(
    "text", ["0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"]
)
def test_an_addresss_capitals_are_its_check(text: str) -> None:
    """Vectors of ERC-55."""
    assert read_address(text) == read_address(text.lower()) == bytes.fromhex(text[2:])
    with pytest.raises(Malformed, match=r"ledger\.address"):
        read_address(text.replace("aA", "Aa").replace("fB", "Fb"))

"""`ecert keys`, and the joining of a fifth region with nothing but commands, as docs/operations.md tells it."""

from __future__ import annotations

import argparse
import logging
import re
import time
from typing import TYPE_CHECKING

import orjson
import pytest

from ecert.app import upkeep
from ecert.app.cli import main
from ecert.app.demo.authorities import seat_for
from ecert.domain.catalogue import by_no
from ecert.domain.errors import NotFound
from ecert.domain.holders import HolderRef
from ecert.domain.ids import uscc_check
from ecert.domain.strict import b64url_decode
from tests.databases import environment
from tests.world import CLOCK_FILE, copied, opened
from verifier import Asking, verify_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.world import Issued, World

    Typed = Callable[..., tuple[int, str]]

NEW = "11320000MB0000001"
NEW += uscc_check(NEW)
ADDRESS = re.compile(r"(?m)^(\w+) +(0x[0-9a-f]{40})")


@pytest.fixture
def run(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Typed]:
    """Run a command on a copy of the founded world; give its code and output."""
    with copied(template, tmp_path / "home"):
        pass
    for name, value in environment(tmp_path / "home").items():
        monkeypatch.setenv(name, value)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def typed(*words: str) -> tuple[int, str]:
        capfd.readouterr()
        return main(words), capfd.readouterr().out

    yield typed
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_fifth_region_joins_by_commands_alone(run: Typed) -> None:
    code, told = run("keys", "accounts", "--region", "36")
    addresses = dict(ADDRESS.findall(told))
    assert (code, addresses.keys()) == (0, {"admin", "anchor", "audit", "status"})
    assert len(set(addresses.values())) == 4
    assert run("keys", "accounts", "--region", "36") == (0, told)

    early, _ = run("keys", "seat", "--region", "36")
    member = ("--member", "36", "--name", "江西", "--admin", addresses["admin"])
    proposed, answer = run("consortium", "propose", "--region", "31", "admit", *member, "--json")
    number = str(orjson.loads(answer)["proposal"])
    votes = [run("consortium", "vote", number, "--region", region)[0] for region in ("31", "32", "33")]
    executed, _ = run("consortium", "execute", number, "--region", "31")
    seated, first = run("keys", "seat", "--region", "36")
    again, second = run("keys", "seat", "--region", "36")
    registered, keys = run("keys", "register", "--region", "36", "--from", "2024-01-01")
    _, none = run("keys", "register", "--region", "36", "--from", "2024-01-01")
    _, shown = run("consortium", "show", "--json")

    assert (early, proposed, votes, executed, seated, again, registered) == (1, 0, [0, 0, 0], 0, 0, 0, 0)
    assert (keys.count("addKey final in block"), none) == (4, "")
    assert (first.count("seated in block"), second.count("already seated")) == (3, 3)
    members = {each["region"]: each["admin"] for each in orjson.loads(shown)["members"]}
    assert members["36"] == addresses["admin"]


def test_a_new_authority_is_set_up_by_one_command_and_issues(run: Typed, tmp_path: Path) -> None:
    kind = by_no(14).code
    who, since = ("--authority", NEW, "--division", "320500", "--name", "示例新设机构"), ("--from", "2024-01-01")
    first, told = run("keys", "establish", *who, *since, "--suite", "ES256", "--types", kind)
    again, nothing = run("keys", "establish", *who, *since, "--suite", "ES256", "--types", kind)
    wider, grant = run("keys", "establish", *who, *since, "--suite", "ES256", "--types", "all")
    elsewhere, _ = run("keys", "establish", *who[:3], "310118", *who[4:], *since, "--suite", "ES256", "--types", kind)

    assert (first, again, nothing, wider, elsewhere) == (0, 0, "", 0, 1)
    assert re.findall(r"(\w+) final in block", told) == ["registerAuthority", "addKey", "grant"]
    assert re.findall(r"(\w+) final in block", grant) == ["grant"]
    (tmp_path / "home" / CLOCK_FILE).write_text(str(time.time()), "ascii")  # the commands' own time
    with opened(tmp_path / "home") as world:
        key = world.key("issuer", 32, NEW)
        body = world.face(14)
        issued = world.ask("POST", "/api/v1/certificates", key=key, once="first", json=body)
        assert issued.status_code == 201, issued.text
        world.settle()
        whole = world.ask("GET", f"/api/v1/certificates/{issued.json()['licence_id']}", key=key).json()["certificate"]
        holder = HolderRef(body["holders"][0]["id_type"], body["holders"][0]["id"])
        asking = Asking("310118", holder=holder)
        report = verify_file(whole, asking=asking, replica=world.house.replica, now=int(world.time.now()))
        assert report.verdict == "accept"


def test_the_founders_addresses_are_those_on_chain(run: Typed) -> None:
    _, shown = run("consortium", "show", "--json")
    admins = {each["region"]: each["admin"] for each in orjson.loads(shown)["members"]}

    told = {region: dict(ADDRESS.findall(run("keys", "accounts", "--region", region)[1])) for region in admins}

    assert {region: each["admin"] for region, each in told.items()} == admins
    assert run("keys", "seat", "--region", "32")[1].count("already seated") == 3


def test_a_sending_account_is_shut_out_by_a_command_and_seated_again(run: Typed) -> None:
    accounts = dict(ADDRESS.findall(run("keys", "accounts", "--region", "32")[1]))
    words = ("keys", "unseat", "--region", "32", "--role", "anchor", "--address")
    wrong, _ = run(*words, accounts["status"])
    misspelt, _ = run(*words, accounts["anchor"][:-1])
    done, told = run(*words, accounts["anchor"])
    again, nothing = run(*words, accounts["anchor"])
    seated, answer = run("keys", "seat", "--region", "32")

    assert (wrong, misspelt, done, again, nothing, seated) == (1, 3, 0, 1, "", 0)
    assert re.fullmatch(rf"anchor +{accounts['anchor']} unseated in block \d+ .*\n", told)
    assert re.findall(r"(?m)^(\w+) .*(already seated|seated in block)", answer) == [
        ("anchor", "seated in block"),
        ("audit", "already seated"),
        ("status", "already seated"),
    ]


def test_an_anchoring_contract_is_succeeded_by_commands_alone(run: Typed) -> None:
    _, before = run("consortium", "show", "--json")
    deployed, told = run("deploy", "--role", "anchor", "--region", "31")
    address = told.strip()
    appointing = ("appoint", "--role", "anchor", "--address", address, "--json")
    _, answer = run("consortium", "propose", "--region", "31", *appointing)
    number = str(orjson.loads(answer)["proposal"])
    for region in ("31", "32", "34"):
        run("consortium", "vote", number, "--region", region)
    executed, _ = run("consortium", "execute", number, "--region", "31")
    _, after = run("consortium", "show", "--json")

    assert (deployed, executed) == (0, 0)
    old, new = (
        {each["role"]: each["address"] for each in orjson.loads(shown)["contracts"]} for shown in (before, after)
    )
    assert new == old | {"anchor": address}
    assert old["anchor"] != address


def test_an_authority_signs_with_its_next_key_and_the_old_one_is_retired(world: World) -> None:
    before = world.issue(1)
    world.settle()
    change(world, "rotate", suite="ES256")
    after = world.issue(1, number=2)
    world.settle()
    change(world, "retire", kid=kid_of(before))
    late = world.issue(1, number=3)
    world.settle()

    assert kid_of(before) != kid_of(after) == kid_of(late)
    assert [world.verify(card)["verdict"] for card in (before, after, late)] == ["accept"] * 3
    records = world.house.replica.trust.keys_of(b64url_decode(kid_of(before)))
    assert [bool(record.revoked) for record in records] == [True]


def test_an_authority_that_is_not_of_this_deployment_is_told(world: World) -> None:
    with pytest.raises(NotFound, match=r"^issuer\.unknown\b"):
        change(world, "rotate", uscc="11990000MB0000001M", suite="ES256")


def change(world: World, act: str, *, uscc: str = seat_for(32, 1).uscc, **more: str) -> None:
    upkeep._change(world.house, argparse.Namespace(act=act, authority=uscc, **more))


def kid_of(issued: Issued) -> str:
    header = issued.text.partition(".")[0]
    return orjson.loads(b64url_decode(header))["kid"]

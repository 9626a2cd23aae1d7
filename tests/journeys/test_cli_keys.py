"""`ecert keys`, and the joining of a fifth region with nothing but commands, as docs/operations.md tells it."""

from __future__ import annotations

import argparse
import logging
import re
from typing import TYPE_CHECKING

import orjson
import pytest

from ecert.app import upkeep
from ecert.app.cli import main
from ecert.app.demo.authorities import seat_for
from ecert.domain.errors import NotFound
from ecert.domain.strict import b64url_decode
from tests.databases import environment
from tests.world import copied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.world import Issued, World

    Typed = Callable[..., tuple[int, str]]

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
    _, shown = run("consortium", "show", "--json")

    assert (early, proposed, votes, executed, seated, again) == (1, 0, [0, 0, 0], 0, 0, 0)
    assert (first.count("seated in block"), second.count("already seated")) == (3, 3)
    members = {each["region"]: each["admin"] for each in orjson.loads(shown)["members"]}
    assert members["36"] == addresses["admin"]


def test_the_founders_addresses_are_those_on_chain(run: Typed) -> None:
    _, shown = run("consortium", "show", "--json")
    admins = {each["region"]: each["admin"] for each in orjson.loads(shown)["members"]}

    told = {region: dict(ADDRESS.findall(run("keys", "accounts", "--region", region)[1])) for region in admins}

    assert {region: each["admin"] for region, each in told.items()} == admins
    assert run("keys", "seat", "--region", "32")[1].count("already seated") == 3


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
    with pytest.raises(NotFound, match=r"^ledger\.unknown_authority"):
        change(world, "rotate", uscc="11990000MB0000001M", suite="ES256")


def change(world: World, act: str, *, uscc: str = seat_for(32, 1).uscc, **more: str) -> None:
    upkeep._change(world.house, argparse.Namespace(act=act, authority=uscc, **more))


def kid_of(issued: Issued) -> str:
    header = issued.text.partition(".")[0]
    return orjson.loads(b64url_decode(header))["kid"]

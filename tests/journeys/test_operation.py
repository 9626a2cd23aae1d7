"""What an operator is told: each degraded part by its name, an unready house by 503, and every verdict counted."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from ecert.app.readiness import PARTS, degraded
from ecert.app.watching import Watch
from ecert.domain.gateways import PartnerGateway
from ledger.port import HasValidators, Validator
from tests.databases import drop_under
from tests.world import Issued, World, codes_of, copied
from verifier.presentations import Asking, verify_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def told(world: World) -> dict[str, str]:
    """Ask /readyz; give code by name."""
    return {each["name"]: each["code"] for each in world.ask("GET", "/readyz").json()["degraded"]}


def number(world: World, series: str) -> float:
    """Find one series in /metrics."""
    (found,) = re.findall(rf"(?m)^{re.escape(series)} (\S+)$", world.ask("GET", "/metrics").text)
    return float(found)


def test_a_whole_house_is_ready(world: World) -> None:
    world.settle()

    answer = world.ask("GET", "/readyz")

    assert (answer.status_code, answer.json()) == (200, {"state": "ready", "degraded": []})
    assert [number(world, f'ecert_degraded{{part="{part}"}}') for part in PARTS] == [0] * len(PARTS)


def test_a_house_whose_replica_is_too_old_for_every_type_is_unready(world: World) -> None:
    world.settle()
    world.time.advance(400)
    slow = world.ask("GET", "/readyz")
    world.time.advance(100_000)
    unready = world.ask("GET", "/readyz")

    assert (slow.status_code, slow.json()["state"]) == (200, "degraded")
    assert told(world) == {
        "replica": "replica.stale",
        "rounds": "operation.rounds_late",
        "chain": "operation.chain_quiet",
    }
    assert (unready.status_code, unready.json()["code"]) == (503, "operation.unready")
    assert unready.headers["content-type"] == "application/problem+json"
    assert unready.headers["retry-after"]
    assert number(world, "ecert_replica_age_seconds") > 100_000


def test_callbacks_that_wait_and_those_given_up_are_counted(world: World) -> None:
    card, partner = world.issue(1), PartnerGateway(31, "ES256", b"", "91350100M000100Y43", "示例平台", ("EC-0101",))
    world.settle()
    house, now = world.house, int(world.time.now())
    made = house.callbacks.subscriptions.subscribe(partner, "https://partner.example/told", days=1, now=now)
    position, told = house.replica.position, world.read(card)["certificate"]
    report = verify_file(told, asking=Asking("310118", card.holder), replica=house.replica, now=now)
    assert house.callbacks.accepting.keep(made, [report], position=position, now=now) == 1
    world.change(card, "revoke", ground="lost")
    world.settle()
    house.rounds.once()
    world.time.advance(100)

    assert number(world, "ecert_callbacks_waiting") == 1
    assert number(world, "ecert_callbacks_age_seconds") >= 100
    assert number(world, "ecert_callbacks_given_up") == 0
    house.callbacks.subscriptions.end(partner, made.id)
    assert number(world, "ecert_callbacks_waiting") == 0


def test_a_clock_behind_the_chain_is_unready(world: World) -> None:
    world.settle()
    world.time.advance(-60)

    assert world.ask("GET", "/readyz").status_code == 503
    assert told(world)["replica"] == "replica.clock"


def _lose_database(world: World) -> None:
    home = world.house.floor.settings.home
    world.house.floor.database.close()
    drop_under(home)
    for name in ("ecert.sqlite", "ecert.sqlite-wal", "ecert.sqlite-shm"):
        (home / name).unlink(missing_ok=True)
    (home / "ecert.sqlite").mkdir()


def _lose_keys(world: World) -> None:
    shutil.rmtree(world.house.floor.settings.home / "keys")


def _forge_log(world: World) -> None:
    world.house.replica.forged_logs[33] = (2,)


def _release_another(world: World) -> None:
    old = world.house.replica.trust.releases[0]
    args = {"name": old.name, "version": "other", "sha256Digest": bytes(32), "effectiveFrom": old.effective_from.when}
    world.house.replica.trust.apply("ReleasePublished", args, time=old.effective_from.known, block=1)


def _release_nothing(world: World) -> None:
    world.house.replica.trust.releases.clear()


@pytest.mark.parametrize(
    ("spoil", "name", "code"),
    [
        (_lose_database, "database", "storage.unavailable"),
        (_lose_keys, "keys", "keys.unavailable"),
        (_forge_log, "audit", "operation.audit_forged"),
        (_release_another, "releases", "operation.release_differs"),
        (_release_nothing, "releases", "operation.release_missing"),
    ],
)
def test_a_degraded_part_is_named(world: World, spoil: Callable[[World], None], name: str, code: str) -> None:
    world.settle()
    spoil(world)

    assert told(world) == {name: code}
    assert number(world, f'ecert_degraded{{part="{name}"}}') == 1
    assert breaks(world) == [0, 0, 2 if spoil is _forge_log else 0, 0]
    assert world.ask("GET", "/readyz").status_code == 200


def breaks(world: World) -> list[float]:
    return [number(world, f'ecert_audit_break{{region="{region}"}}') for region in (31, 32, 33, 34)]


def test_a_break_that_was_agreed_on_is_told_no_more_and_the_next_one_is(template: Path, tmp_path: Path) -> None:
    with copied(template, tmp_path / "home", ECERT_AUDIT_AGREED="33=2") as world:
        world.settle()
        _forge_log(world)
        assert (told(world), breaks(world)) == ({}, [0, 0, 0, 0])
        world.house.replica.forged_logs[33] = (2, 5)
        assert (told(world), breaks(world)) == ({"audit": "operation.audit_forged"}, [0, 0, 5, 0])


def test_an_outbox_that_nobody_empties_is_named(world: World) -> None:
    world.settle()
    world.issue(1)
    world.time.advance(601)

    assert told(world)["outbox"] == "operation.outbox_waiting"
    assert number(world, 'ecert_outbox_waiting{region="32"}') == 1
    assert number(world, 'ecert_outbox_age_seconds{region="32"}') == 601
    world.settle()
    assert number(world, 'ecert_outbox_waiting{region="32"}') == 0
    assert told(world) == {}


def test_verdicts_and_their_reasons_are_counted(story: tuple[World, Issued, Issued]) -> None:
    world, card, _ = story
    world.verify(card)
    world.redeem(world.mint(card.holder)["text"], holder=card.holder)
    refused = world.redeem("20000007", holder=card.holder).json()

    assert number(world, 'ecert_verdicts_total{assurance="full",verdict="accept"}') == 1
    assert number(world, 'ecert_verdicts_total{assurance="online",verdict="accept"}') == 1
    assert codes_of(refused) == {"code.unknown"}
    assert number(world, 'ecert_verdict_reasons_total{code="code.unknown",verdict="refuse"}') == 1
    assert number(world, 'ecert_answers_total{route="/api/v1/redemptions",status="200"}') == 2


def test_the_chains_head_is_told_whether_or_not_it_was_followed(world: World) -> None:
    world.settle()
    head = world.house.floor.ledger.head()

    assert number(world, "ecert_chain_head_block") == number(world, "ecert_replica_block") == head.number
    assert number(world, "ecert_chain_head_age_seconds") == pytest.approx(world.time.now() - head.time)


class _Network:
    """The house's own chain, told of as if three of four validators stood behind it."""

    def __init__(self, world: World) -> None:
        self._ledger = world.house.floor.ledger

    def __getattr__(self, name: str) -> object:
        return getattr(self._ledger, name)

    def validators(self) -> tuple[Validator, ...]:
        return (
            *(Validator(f"province-{n}", is_up=True, block=7) for n in "abc"),
            Validator("d", is_up=False, block=None),
        )


def test_validators_are_told_where_the_ledger_has_them(world: World) -> None:
    world.settle()
    assert not isinstance(world.house.floor.ledger, HasValidators)
    object.__setattr__(world.house.floor, "ledger", _Network(world))

    text = Watch(world.house).text()

    assert [each.name for each in degraded(world.house)] == ["validators"]
    assert "\necert_validators_known 4\n" in text
    assert "\necert_validators_seen 3\n" in text
    assert '\necert_validator_block{validator="province-a"} 7\n' in text

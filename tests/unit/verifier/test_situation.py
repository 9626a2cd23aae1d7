"""What is missing is judged by the head at which the checks began, however fast somebody else goes on following."""

from __future__ import annotations

from pathlib import Path

from tests.unit.verifier.build import QUESTION, World
from verifier.checks import form, freshness, signature
from verifier.findings import Outcome
from verifier.subject import Situation


def test_what_is_followed_while_the_checks_go_on_makes_no_forgery(tmp_path: Path) -> None:
    world = World(tmp_path, without=("key",))
    issued = world.issue()
    before = Situation(world.replica, QUESTION, world.now)
    (anchored,) = world.anchor(issued)
    _formed, subject = form.check(anchored.presented)
    assert subject is not None

    found = signature.check(subject, before)
    assert (found.outcome, found.code) == (Outcome.ERROR, "key.pending")
    after = Situation(world.replica, QUESTION, world.now)
    assert signature.check(subject, after).code == "key.unknown"


def test_a_stale_replica_does_not_grow_young_between_two_checks(world: World) -> None:
    late = world.now + 1_000_000
    _formed, subject = form.check(world.anchored().presented)
    assert subject is not None
    situation = Situation(world.replica, QUESTION, late)
    world.block(time=late)

    assert freshness.check(subject, situation).code == "replica.stale"
    assert freshness.check(subject, Situation(world.replica, QUESTION, late)).code == "replica.fresh"

"""Whatever is asked of certificates in whatever order, home, chain and replica say what a ten-line model says."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from ecert.domain.ids import parse_licence_id
from ecert.domain.status import Status, list_id
from tests.world import Issued, World, copied

if TYPE_CHECKING:
    from httpx import Response

VALID, INVALID, SUSPENDED, SUPERSEDED = Status.VALID, Status.INVALID, Status.SUSPENDED, Status.SUPERSEDED
BECOMES = {"revoke": INVALID, "suspend": SUSPENDED, "restore": VALID}
GROUND = "court_order"


class Model:
    """What a certificate may become: two states are final, the other two change into each other or into those."""

    def __init__(self) -> None:
        self.states: dict[str, Status] = {}

    def move(self, name: str, new: Status) -> bool:
        old = self.states[name]
        if old in {INVALID, SUPERSEDED} or old == new:
            return False
        self.states[name] = new
        return True


class Life(RuleBasedStateMachine):
    """One authority's identity cards in a world of their own."""

    template: Path
    cards = Bundle("cards")

    @initialize()
    def begin(self) -> None:
        self.open = ExitStack()
        folder = Path(self.open.enter_context(tempfile.TemporaryDirectory()))
        self.world: World = self.open.enter_context(copied(self.template, folder / "home"))
        self.model = Model()
        self.issued: dict[str, Issued] = {}

    def teardown(self) -> None:
        if hasattr(self, "open"):
            self.open.close()

    @rule(target=cards, number=st.sampled_from([1, 2, 3]))
    def issue(self, number: int) -> str:
        return self._know(self.world.issue(1, number=number))

    @rule(card=cards, action=st.sampled_from(sorted(BECOMES)))
    def change(self, card: str, action: str) -> None:
        answer = self.world.change(self.issued[card], action, ground=GROUND)
        self._hold(answer, moved=self.model.move(card, BECOMES[action]), done=200)

    @rule(target=cards, card=cards)
    def renew(self, card: str) -> str:
        old = self.issued[card]
        number = next(n for n in (1, 2, 3) if self.world.face(1, number=n)["holders"][0]["id"] == old.holder.id)
        body = {name: value for name, value in self.world.face(1, number=number).items() if name != "type"}
        answer = self.world.ask(
            "POST",
            f"/api/v1/certificates/{card}/renewal",
            key=self.world.issuer(1, 32),
            once=self.world.new_name(),
            json=body,
        )
        moved = self.model.move(card, SUPERSEDED)
        self._hold(answer, moved=moved, done=201)
        if not moved:
            return card
        told = answer.json()
        assert parse_licence_id(told["licence_id"]).version == parse_licence_id(card).version + 1
        place = (told["status"]["uri"], told["status"]["index"])
        return self._know(Issued(told["licence_id"], told["certificate"], 1, 32, old.holder, place, old.authority))

    @rule()
    def settle(self) -> None:
        self.world.settle()

    @rule(seconds=st.sampled_from([1, 59, 3_600]))
    def pass_time(self, seconds: int) -> None:
        self.world.time.advance(seconds)

    @invariant()
    def home_agrees(self) -> None:
        for card, state in getattr(self, "model", Model()).states.items():
            assert self.world.read(self.issued[card])["status"] == state.name

    @rule()
    def chain_and_verdict_agree(self) -> None:
        self.world.settle()
        directory, ask = self.world.house.directory, self.world.house.floor.ledger.ask
        for card, state in self.model.states.items():
            uri, index = self.issued[card].place
            region, number = list_id(uri)
            told = ask(directory.call("StatusRegistry", "statusOf", region, number, index))
            assert told == (state.value,)
            assert self.world.house.replica.status(region=region, number=number, index=index) == state
            verdict = self.world.verify(self.issued[card])["verdict"]
            assert verdict == ("accept" if state == VALID else "refuse")

    def _know(self, issued: Issued) -> str:
        self.issued[issued.licence_id] = issued
        self.model.states[issued.licence_id] = VALID
        return issued.licence_id

    def _hold(self, answer: Response, *, moved: bool, done: int) -> None:
        assert answer.status_code == (done if moved else 409), answer.text
        if not moved:
            assert answer.json()["code"] in {"status.final", "status.unchanged"}


def test_a_certificate_lives_as_the_model_says(tmp_path_factory: pytest.TempPathFactory) -> None:
    Life.template = tmp_path_factory.getbasetemp() / "world"
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

    run_state_machine_as_test(
        Life, settings=settings(max_examples=8, stateful_step_count=14, deadline=None, suppress_health_check=checks)
    )

"""A StatusRegistry is succeeded: whoever verifies sees every status as before, and every change that comes after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecert.app.succession import deploy
from ecert.domain.status import Status
from ledger import motions
from ledger.acting import act_here
from tests.world import codes_of, copied, opened

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world import Issued, World

IDENTITY = 1


def test_what_was_suspended_is_restored_and_what_was_revoked_stays_so(template: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with copied(template, home) as before:
        lifted, suspended, revoked = (before.issue(IDENTITY, number=number) for number in (1, 2, 3))
        before.settle()
        for card in (lifted, suspended):
            assert before.change(card, "suspend", ground="court_order").is_success
        assert before.change(revoked, "revoke", ground="cancelled").is_success
        before.settle()
        old = [reasons(before, card) for card in (lifted, suspended, revoked)]
        succeed(before)
    with opened(home) as after:
        after.settle()
        minute(after)
        assert [reasons(after, card) for card in (lifted, suspended, revoked)] == old
        assert after.change(lifted, "restore", ground="court_order").is_success
        after.settle()

        assert after.verify(lifted)["verdict"] == "accept"
        assert [reasons(after, card) for card in (suspended, revoked)] == old[1:]
        assert [chained(after, card) for card in (lifted, suspended, revoked)] == [
            Status.VALID,
            Status.SUSPENDED,
            Status.INVALID,
        ]
        assert after.read(lifted)["status"] == "VALID"


def succeed(world: World) -> None:
    """Deploy another StatusRegistry and let the members appoint it."""
    house = world.house
    address = deploy(house, role="status", region=31)
    act = act_here(house.floor.sending, house.settle, house.floor.now)
    appointed = house.floor.ledger.encode(motions.appoint(house.directory, role="status", address=address))
    proposing = motions.propose(house.directory, action=appointed, expires_at=house.floor.now() + 9_999)
    act(proposing, "31-admin")
    (number,) = house.floor.ledger.ask(house.directory.call("Consortium", "proposalCount"))
    for region in (31, 32, 33):
        act(house.directory.call("Consortium", "vote", number), f"{region}-admin")
    act(house.directory.call("Consortium", "execute", number), "31-admin")


def minute(world: World) -> None:
    """Let a minute go by, and what was queued then become final."""
    world.time.advance(60)
    world.settle()


def reasons(world: World, card: Issued) -> set[str]:
    return {code for code in codes_of(world.verify(card)) if code.startswith("status.")}


def chained(world: World, card: Issued) -> Status:
    """Ask the registry in force itself."""
    uri, index = card.place
    region, number = (int(part) for part in uri.rpartition("/")[2].split("-"))
    call = world.house.directory.call("StatusRegistry", "statusOf", region, number, index)
    (status,) = world.house.floor.ledger.ask(call)
    return Status(int(str(status)))

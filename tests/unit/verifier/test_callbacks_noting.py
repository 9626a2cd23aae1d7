"""What is kept of an acceptance, and that each later change becomes one event for each subscription: none lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from ecert.domain.errors import Conflict, EcertError, NotFound
from ledger.replica import Replica
from tests.faults import held, hurry
from tests.unit.verifier.build import ESTATE, LI, World
from tests.unit.verifier.called import PARTNER, Sponsor, open_sponsor
from verifier.callbacks import Targets

URL = "https://partner.example/told"


@pytest.fixture
def sponsor(tmp_path: Path, world: World) -> Iterator[Sponsor]:
    made = open_sponsor(tmp_path, world)
    made.posting = type(made.posting)(Targets())
    yield made
    made.database.close()


def rows(sponsor: Sponsor, table: str, order: str = "1, 2") -> list[dict[str, Any]]:
    with sponsor.database.reading() as connection:
        found = connection.execute(text(f"SELECT * FROM callback_{table} ORDER BY {order}"))  # noqa: S608 - our own words
        return [dict(each) for each in found.mappings()]


def told(sponsor: Sponsor) -> list[tuple[int, int]]:
    return [(each["sequence"], each["status"]) for each in rows(sponsor, "event", "subscription, sequence")]


def test_what_is_kept_names_no_element_and_no_holder(sponsor: Sponsor, world: World) -> None:
    subscription, card = sponsor.subscribe(URL, days=10), world.anchored()
    sponsor.now = world.now

    assert sponsor.accept(subscription, card) == 1
    (row,) = rows(sponsor, "acceptance")
    assert row.keys() == {"subscription", "fingerprint", "licence", "region", "number", "place", "counted", "until"}
    assert (bytes(row["fingerprint"]), row["region"], row["number"], row["place"]) == (card.fingerprint, 32, 1, 7)
    assert row["until"] == sponsor.now + 10 * 86_400
    assert LI.id not in str(row)
    assert LI.name not in str(row)


def test_it_is_kept_no_longer_than_the_certificate_lives(sponsor: Sponsor, world: World) -> None:
    subscription = sponsor.subscribe(URL)
    card = world.anchored(exp=world.now + 1000)
    sponsor.accept(subscription, card)
    (row,) = rows(sponsor, "acceptance")
    end = row["until"]
    sponsor.callbacks.purge(end)
    assert len(rows(sponsor, "acceptance")) == 1
    sponsor.callbacks.purge(end + 1)

    assert end < sponsor.now + 90 * 86_400
    assert rows(sponsor, "acceptance") == []


def test_only_what_is_accepted_now_is_kept(sponsor: Sponsor, world: World) -> None:
    subscription, card, unanchored = sponsor.subscribe(URL), world.anchored(), world.issue(index=8)
    world.status(7, 1)

    assert sponsor.accept(subscription, card, unanchored) == 0
    assert rows(sponsor, "acceptance") == []


def test_each_change_is_one_event_in_the_chains_order(sponsor: Sponsor, world: World) -> None:
    subscription, card = sponsor.subscribe(URL), world.anchored()
    sponsor.accept(subscription, card)
    sponsor.change(9, 1)  # somebody else's
    sponsor.change(7, 2, 0)
    sponsor.note()
    sponsor.change(7, 1)
    events = rows(sponsor, "event", "sequence")

    assert told(sponsor) == [(1, 2), (2, 0), (3, 1)]
    assert [each["recorded_at"] for each in events] == sorted(each["recorded_at"] for each in events)
    assert events[2]["height"] == world.replica.head.number
    assert len({each["id"] for each in events}) == 3


def test_one_change_of_many_tells_each_subscription_of_its_own(sponsor: Sponsor, world: World) -> None:
    card, deed = world.anchor(world.issue(), world.issue(kind=ESTATE, index=8))
    first, second = sponsor.subscribe(URL), sponsor.subscribe(URL + "/2")
    sponsor.accept(first, card, deed)
    sponsor.accept(second, deed)
    world.block(
        "StatusChanged", region=32, list=1, indices=[3, 7, 8, 9, *range(20, 1020)], status=1, effectiveAt=world.time
    )
    sponsor.note()

    assert {
        (each["subscription"], each["sequence"], bytes(each["fingerprint"])) for each in rows(sponsor, "event")
    } == {
        (first.id, 1, card.fingerprint),
        (first.id, 2, deed.fingerprint),
        (second.id, 1, deed.fingerprint),
    }


def test_what_was_known_when_it_was_accepted_is_no_news(sponsor: Sponsor, world: World) -> None:
    subscription, card = sponsor.subscribe(URL), world.anchored()
    world.status(7, 2)
    world.status(7, 0)
    sponsor.accept(subscription, card)
    sponsor.note()

    assert told(sponsor) == []
    assert [each["counted"] for each in rows(sponsor, "noted")] == [2]


def test_a_change_between_the_verdict_and_its_keeping_is_told(sponsor: Sponsor, world: World) -> None:
    subscription, card = sponsor.subscribe(URL), world.anchored()
    other = world.anchored(index=8)
    sponsor.accept(subscription, other)
    reports, position = sponsor.judge(card)
    sponsor.change(7, 1)  # noted already when the acceptance is written
    assert told(sponsor) == []
    sponsor.callbacks.accepting.keep(subscription, reports, position=position, now=sponsor.now)

    assert told(sponsor) == [(1, 1)]
    sponsor.note()
    assert told(sponsor) == [(1, 1)]


def test_the_same_certificate_again_is_kept_once_and_longer(sponsor: Sponsor, world: World) -> None:
    subscription, card = sponsor.subscribe(URL, days=1), world.anchored(exp=None)
    sponsor.accept(subscription, card)
    sponsor.now += 1000
    sponsor.accept(subscription, card)
    (row,) = rows(sponsor, "acceptance")
    sponsor.change(7, 1)

    assert row["until"] == sponsor.now + 86_400
    assert told(sponsor) == [(1, 1)]


def test_what_had_its_time_is_as_new_when_it_is_accepted_again(sponsor: Sponsor, world: World) -> None:
    subscription, card = sponsor.subscribe(URL, days=1), world.anchored(exp=None)
    sponsor.accept(subscription, card)
    sponsor.now += 2 * 86_400
    sponsor.change(7, 2, 0)  # nobody is told
    reports, position = sponsor.judge(card)
    sponsor.change(7, 1)
    sponsor.callbacks.accepting.keep(subscription, reports, position=position, now=sponsor.now)

    assert told(sponsor) == [(1, 1)]


def test_nothing_is_lost_or_told_twice_where_noting_fails(sponsor: Sponsor, world: World) -> None:
    subscription, card = sponsor.subscribe(URL), world.anchored()
    sponsor.accept(subscription, card)
    world.status(7, 1)
    hurry(sponsor.database.engine)
    with held(sponsor.database.engine), pytest.raises(EcertError):
        sponsor.note()
    assert told(sponsor) == []
    sponsor.note()
    sponsor.note()

    assert told(sponsor) == [(1, 1)]


def test_a_replica_followed_anew_and_a_restored_database_give_the_same_names(
    sponsor: Sponsor, world: World, tmp_path: Path
) -> None:
    subscription, card = sponsor.subscribe(URL), world.anchored()
    sponsor.accept(subscription, card)
    world.status(8, 2)
    sponsor.change(7, 2)
    (before,) = rows(sponsor, "event")
    with sponsor.database.transaction() as connection:  # as it was in yesterday's backup
        connection.execute(text("DELETE FROM callback_event"))
        connection.execute(text("UPDATE callback_noted SET counted = 0"))
        connection.execute(text("UPDATE callback_subscription SET sequence = 0"))
    sponsor.note()

    assert rows(sponsor, "event") == [before]
    anew = Replica(tmp_path / "replica.bin")
    assert anew.counted(region=32, number=1) == world.replica.counted(region=32, number=1) == 2
    assert anew.changes(region=32, number=1, after=1) == world.replica.changes(region=32, number=1, after=1)


def test_ending_forgets_everything_at_once(sponsor: Sponsor, world: World) -> None:
    subscription, card = sponsor.subscribe(URL), world.anchored()
    reports, position = sponsor.judge(card)
    sponsor.accept(subscription, card)
    sponsor.change(7, 1)
    sponsor.callbacks.subscriptions.end(PARTNER, subscription.id)

    assert [rows(sponsor, table) for table in ("subscription", "acceptance")] == [[], []]
    assert told(sponsor) == []
    keep = sponsor.callbacks.accepting.keep
    assert keep(subscription, reports, position=position, now=sponsor.now) is None
    with pytest.raises(NotFound):
        sponsor.callbacks.subscriptions.end(PARTNER, subscription.id)


def test_a_partner_has_five_and_the_same_url_is_the_same(sponsor: Sponsor) -> None:
    made = [sponsor.subscribe(f"{URL}/{number}") for number in range(5)]

    assert sponsor.subscribe(f"{URL}/3").id == made[3].id
    with pytest.raises(Conflict, match=r"callback\.many"):
        sponsor.subscribe(f"{URL}/5")
    assert [each.id for each in sponsor.callbacks.subscriptions.of(PARTNER)] == sorted(each.id for each in made)


def test_a_database_that_is_away_keeps_nothing_and_says_so(sponsor: Sponsor, world: World) -> None:
    subscription, card = sponsor.subscribe(URL), world.anchored()
    hurry(sponsor.database.engine)
    with held(sponsor.database.engine):
        assert sponsor.accept(subscription, card) is None

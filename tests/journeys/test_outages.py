"""Whatever is away or full, the doors say so by name, and nothing that was acknowledged is lost."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from ecert.domain.errors import Conflict, EcertError, Unavailable
from ecert.domain.merkle import Tree
from ecert.domain.reasons import REASONS
from ecert.runtime.storage import open_database
from ledger.drivers.embedded import EmbeddedLedger, open_embedded
from ledger.port import ChainIdentity, Head
from ledger.replica import CERTIFICATES, ReplicaWriter
from ledger.store import batches as batch_rows
from tests.databases import url_of
from tests.faults import fill, held, hurry
from tests.journeys.doors import doors_of, knock
from tests.world import World, codes_of, copied, opened

if TYPE_CHECKING:
    from pathlib import Path

    import httpx


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Path:
    """A world's folder, closed: to be opened, spoiled, and opened again."""
    folder = tmp_path / "home"
    with copied(template, folder):
        pass
    return folder


def hold_away(answer: httpx.Response, *codes: str) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["code"] in codes


def hold_all_anchored(world: World, licences: set[str]) -> None:
    """Hold that every certificate acknowledged is a leaf of a batch, and every batch the chain's own."""
    world.settle()
    with world.house.floor.database.reading() as connection:
        rows = connection.execute(text("SELECT id, fingerprint FROM issuer_certificate")).all()
        batches = connection.execute(text("SELECT id FROM ledger_batch")).scalars().all()
        closed = [batch_rows.batch(connection, number) for number in batches]
        leaves = [
            (each, batch_rows.leaves_of(connection, each.id)) for each in closed if each.batch.kind == CERTIFICATES
        ]
    assert {row.id for row in rows} == licences
    assert sorted(leaf for _, some in leaves for leaf in some) == sorted(row.fingerprint for row in rows)
    for each in closed:
        batch = each.batch
        followed = world.house.replica.batch(region=batch.region, kind=batch.kind, number=batch.number)
        assert followed is not None
        assert (followed.root, followed.size) == (batch.root, batch.size)
    assert all(Tree(some).root == each.batch.root for each, some in leaves)


# -- The chain


def test_a_chain_that_stopped_keeps_what_was_acknowledged(home: Path) -> None:
    with opened(home) as world:
        before = world.issue(1)
        world.settle()
        world.house.floor.ledger.close()
        during = world.issue(24)

        assert world.read(during)["certificate"]["receipt"] is None
        with pytest.raises(Unavailable):
            world.house.rounds.once()
        for door in doors_of(world, before):
            answer = knock(world, door, json=door.body) if door.body is not None else knock(world, door)
            assert answer.status_code < 500 or answer.status_code == 503, (door.template, answer.text)
            if answer.status_code == 503:
                hold_away(answer, "ledger.unavailable")
        account = "0x" + "a" * 40
        hold_away(world.ask("GET", f"/api/v1/chain/accounts/{account}"), "ledger.unavailable")

    with opened(home) as world:
        with world.house.floor.database.reading() as connection:
            licences = set(connection.execute(text("SELECT id FROM issuer_certificate")).scalars())
        assert {before.licence_id, during.licence_id} <= licences
        hold_all_anchored(world, licences)
        assert world.verify(during)["verdict"] == "accept"


def test_a_chain_without_room_goes_on_when_it_has_some(world: World) -> None:
    ledger = world.house.floor.ledger
    assert isinstance(ledger, EmbeddedLedger)
    writer = ledger._store._writer
    writer.execute("VACUUM")  # full pages: whatever comes needs new ones
    (pages,) = writer.execute("PRAGMA page_count").fetchone()
    head = ledger.head()

    writer.execute(f"PRAGMA max_page_count = {pages}")
    issued = [world.issue(no) for no in (1, 2, 24)]
    for _ in range(20):
        world.house.rounds.once()
    assert world.verify(issued[0])["verdict"] == "cannot_decide"
    assert world.house.floor.ledger.head() == head
    writer.execute("PRAGMA max_page_count = 1073741823")

    hold_all_anchored(world, {each.licence_id for each in issued})
    assert world.verify(issued[0])["verdict"] == "accept"


# -- The database


WRITING = [
    "/api/v1/certificates",
    "/api/v1/certificates/batch",
    "/api/v1/certificates/{licence_id}/renewal",
    "/api/v1/certificates/{licence_id}/status",
    "/api/v1/certificates/{licence_id}/mutable",
    "/api/v1/codes",
]


def test_a_locked_database_is_told_and_the_same_request_then_works(world: World) -> None:
    card = world.issue(1)
    world.settle()
    doors = {door.template: door for door in doors_of(world, card) if door.template in WRITING}
    # The first names nothing; the others hear nobody without a signature.
    elsewhere = ("transactions", "gateway", "subscriptions")
    readers = [d for d in doors_of(world, card) if d.method == "GET" and not any(word in d.path for word in elsewhere)]
    hurry(world.house.floor.database.engine)
    minted = world.mint(card.holder)
    world.issue(1, number=2)  # its batch is due while nothing can be written

    with held(world.house.floor.database.engine):
        for template in WRITING:
            door = doors[template]
            hold_away(knock(world, door, json=door.body, once=template), "storage.unavailable")
        for door in readers:
            assert knock(world, door).status_code == 200, door.template
        report = world.redeem(minted["text"], holder=card.holder, once="one").json()
        assert (report["verdict"], codes_of(report)) == ("cannot_decide", {"home.unreachable"})
        with pytest.raises(Unavailable):
            world.house.rounds.settle()

    with world.house.floor.database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM issuer_certificate")).scalar_one() == 2
    world.settle()
    assert world.redeem(minted["text"], holder=card.holder, once="one").json()["certificates"]
    for template in WRITING:
        # A renewed certificate is superseded, which no change of status can follow.
        door, expected = doors[template], {409} if template.endswith("/status") else {200, 201, 204}
        assert knock(world, door, json=door.body, once=template).status_code in expected, template


def test_a_database_that_is_away_does_not_age_the_replica(world: World) -> None:
    ledger = world.house.floor.ledger
    assert isinstance(ledger, EmbeddedLedger)
    world.issue(1)
    hurry(world.house.floor.database.engine)

    with held(world.house.floor.database.engine):
        newest = ledger.make_block()
        with pytest.raises(Unavailable, match=r"storage\.unavailable"):
            world.house.rounds.once()
        assert world.house.replica.head.number >= newest.number


def test_a_full_disk_is_told_and_loses_nothing(world: World) -> None:
    kept = {world.issue(no).licence_id for no in (1, 2, 24)}
    end = fill(world.house.floor.database.engine)

    answers = []
    for _ in range(4):
        body = {"certificates": [world.face(no) for no in (1, 2, 24)]}
        answers.append(
            world.ask(
                "POST",
                "/api/v1/certificates/batch",
                key=world.issuer(1, 32),
                once=world.new_name(),
                json={"certificates": body["certificates"][:1] * 20},
            )
        )
    for answer in answers:
        hold_away(answer, "storage.unavailable")
    end()

    hold_all_anchored(world, kept)


# -- The replica


def test_a_replica_that_cannot_be_written_ages_and_recovers(world: World) -> None:
    card = world.issue(1)
    world.settle()
    writer = world.house.writer
    kept = os.dup(writer._file)
    reading = os.open(world.house.replica.path, os.O_RDONLY)
    os.dup2(reading, writer._file)
    later = world.issue(24)
    with pytest.raises(Unavailable) as fault:
        world.house.rounds.settle()
    assert fault.value.code == "replica.unwritable"

    assert world.verify(card)["verdict"] == "accept"
    assert world.verify(later)["verdict"] == "cannot_decide"
    world.time.advance(4_000)
    hold_away(world.ask("GET", card.place[0].removeprefix("http://127.0.0.1:8000")), "status.stale_list")

    os.dup2(kept, writer._file)
    for descriptor in (kept, reading):
        os.close(descriptor)
    hold_all_anchored(world, {card.licence_id, later.licence_id})
    assert world.verify(later)["verdict"] == "accept"


# -- Other regions


def test_a_home_region_that_is_away_leaves_the_code_unused(world: World) -> None:
    card = world.issue(1)
    world.issue(24)
    world.settle()
    minted = world.mint(card.holder)
    gateway = world.house.gateways[32]

    gateway.is_open = False
    away = world.redeem(minted["text"], holder=card.holder, once="one")
    gateway.is_open = True
    back = world.redeem(minted["text"], holder=card.holder, once="one").json()

    assert (away.status_code, away.json()["verdict"]) == (200, "cannot_decide")
    assert codes_of(away.json()) == {"home.unreachable"}
    assert back["verdict"] == "accept"


def test_an_issuing_region_that_is_away_leaves_the_code_unused(world: World) -> None:
    card = world.issue(1)
    holders = world.face(1)["holders"]
    deed = world.face(24, region=33) | {"holders": holders, "division": "330421"}
    answer = world.ask("POST", "/api/v1/certificates", key=world.issuer(24, 33), once="deed", json=deed)
    assert answer.status_code == 201, answer.text
    world.settle()
    minted = world.mint(card.holder)

    world.house.gateways[33].is_open = False
    away = world.redeem(minted["text"], holder=card.holder).json()
    world.house.gateways[33].is_open = True
    back = world.redeem(minted["text"], holder=card.holder).json()

    assert (away["verdict"], back["verdict"]) == ("cannot_decide", "accept")


# -- What does not belong together


def test_another_chain_is_refused_at_the_start(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    open_embedded(other, clock=lambda: 1_750_000_000.0).close()
    for name in ("chain.sqlite", "chain.sqlite-wal", "chain.sqlite-shm"):
        (home / name).unlink(missing_ok=True)
    other.rename(home / "chain.sqlite")

    with pytest.raises(Conflict) as fault, opened(home):
        pass

    assert fault.value.code == "ledger.other_chain"


def test_another_consortium_is_refused_at_the_start(home: Path) -> None:
    database = open_database(url_of(home / "ecert.sqlite"))
    with database.transaction() as connection:
        connection.execute(text("UPDATE ledger_chain SET consortium = :other"), {"other": bytes(20)})
    database.close()

    with pytest.raises(EcertError) as fault, opened(home):
        pass

    assert fault.value.code in REASONS


@pytest.mark.parametrize("other", ["genesis", "consortium"])
def test_another_chains_replica_is_refused_at_the_start(home: Path, tmp_path: Path, other: str) -> None:
    with opened(home) as world:
        identity, consortium = world.house.floor.ledger.identity(), world.house.directory.consortium
    if other == "genesis":
        identity = ChainIdentity(identity.chain_id, bytes(32))
    else:
        consortium = bytes(20)
    genesis = Head(0, identity.genesis, 0)
    ReplicaWriter(tmp_path / "other", chain=identity, consortium=consortium, genesis=genesis).close()
    (tmp_path / "other" / "replica.bin").rename(home / "replica" / "replica.bin")

    with pytest.raises(Conflict) as fault, opened(home):
        pass

    assert fault.value.code == "replica.other_chain"

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from eth_hash.auto import keccak

from ecert.app.migrations import migrate
from ecert.domain.errors import Conflict, Unavailable
from ecert.runtime.storage import Database, open_database
from ledger.directory import ACCOUNT_ROLES, CONTRACTS, Directory, look_up
from ledger.drivers import calls
from ledger.drivers.embedded import EmbeddedLedger, open_embedded
from ledger.founding import Founding
from ledger.sending import Sending
from ledger.store import queue as queue_rows
from tests.databases import url_of
from tests.unit.ledger.standing import Clock

NAMES = {31: "上海", 32: "江苏", 33: "浙江"}
START = 1_800_000_000


class Interrupted(Exception):
    """The process ended here."""


@dataclass
class Site:
    """A new chain and a new database, and foundings over them that may be cut short."""

    clock: Clock
    ledger: EmbeddedLedger
    database: Database

    @property
    def sending(self) -> Sending:
        return Sending(self.database, self.ledger, lambda name: calls.account(keccak(name.encode())))

    def founding(self, settle: Callable[[], None] | None = None) -> Founding:
        return Founding(self.sending, NAMES, settle or self.settle, lambda: self.clock.seconds)

    def settle(self) -> None:
        while self.sending.push():
            self.clock.seconds += 1
            while self.ledger.head().time < self.clock.seconds:
                pass

    def transactions(self) -> int:
        with self.database.reading() as connection:
            return sum((queue_rows.next_nonce(connection, self.admin(region)) or 1) - 1 for region in NAMES)

    def admin(self, region: int) -> bytes:
        return self.sending.account(f"{region}-admin").address


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    clock = Clock(START)
    with (
        closing(open_embedded(tmp_path / "chain", clock=clock.now, heartbeat=1, wait=clock.wait)) as ledger,
        closing(open_database(url_of(tmp_path / "e.sqlite"))) as database,
    ):
        migrate(database)
        yield Site(clock, ledger, database)


def hold(site: Site, directory: Directory) -> None:
    ask = site.ledger.ask
    assert look_up(site.ledger, directory.consortium) == directory
    for role in CONTRACTS:
        (address,) = ask(directory.call("Consortium", "current", role))
        assert isinstance(address, bytes)
    for region in NAMES:
        assert ask(directory.call("Consortium", "adminOf", region)) == (site.admin(region),)
        for role, named in ACCOUNT_ROLES.items():
            account = site.sending.account(f"{region}-{role}").address
            assert ask(directory.call("Consortium", "mayAct", region, named, account)) == (True,)


def test_a_founded_chain_stands_as_asked_and_is_bound_to_its_database(site: Site) -> None:
    directory = site.founding().found()
    hold(site, directory)
    with site.database.reading() as connection:
        assert queue_rows.chain(connection) == (site.ledger.identity(), directory.consortium)


def test_founding_again_does_nothing(site: Site) -> None:
    directory, sent = site.founding().found(), site.transactions()
    assert (site.founding().found(), site.transactions()) == (directory, sent)


def test_a_founding_cut_short_anywhere_goes_on_where_it_was(site: Site) -> None:
    cuts = 0
    directory = None
    while directory is None:
        phases = iter(range(cuts + 1))

        def settle(phases: Iterator[int] = phases) -> None:
            if next(phases, None) is None:
                site.sending.push()  # sent, perhaps final, and never written down
                raise Interrupted
            site.settle()

        try:
            directory = site.founding(settle).found()
        except Interrupted:
            cuts += 1
    assert cuts > 3
    hold(site, directory)
    site.settle()
    last = site.ledger.head().number
    blocks = site.ledger.blocks(first=1, last=last, contracts={directory.consortium: "Consortium"})
    appointed = [
        event.args["contractAddress"] for block in blocks for event in block.events if "Appointed" in event.name
    ]
    assert appointed == [directory.trust, directory.anchor, directory.status]


def test_a_database_of_another_chain_is_refused_before_anything_is_sent(site: Site, tmp_path: Path) -> None:
    site.founding().found()
    other = open_embedded(tmp_path / "other", clock=site.clock.now, heartbeat=1, wait=site.clock.wait)
    with closing(other):
        sent = site.transactions()
        with pytest.raises(Conflict, match=r"ledger\.other_chain"):
            Site(site.clock, other, site.database).founding().found()
        assert site.transactions() == sent


def test_what_was_never_founded_is_named(site: Site) -> None:
    with pytest.raises(Unavailable, match=r"ledger\.unfounded"):
        site.founding(lambda: None).found()

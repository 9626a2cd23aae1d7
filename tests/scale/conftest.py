"""A PostgreSQL for tests that are about it: the run's own, or a throw-away one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ecert.app.migrations import migrate
from ecert.runtime.storage import Database, open_database
from ledger.drivers.embedded import open_embedded
from tests.databases import POSTGRES, url_of
from tests.postgres import cluster
from tests.unit.issuer.world import NOW, World, build

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.port import Ledger


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a server."""
    if POSTGRES:
        yield POSTGRES
        return
    with cluster() as url:
        yield url


@pytest.fixture
def url(server: str, tmp_path: Path) -> str:
    """A new database."""
    return url_of(tmp_path / "e.sqlite", server)


@pytest.fixture
def db(url: str) -> Iterator[Database]:
    """A new database with every table."""
    database = open_database(url)
    migrate(database)
    yield database
    database.close()


@pytest.fixture(scope="session")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """A chain that only signs."""
    opened = open_embedded(tmp_path_factory.mktemp("chain") / "chain.sqlite", clock=lambda: NOW)
    yield opened
    opened.close()


@pytest.fixture
def room(tmp_path: Path, server: str, ledger: Ledger) -> Iterator[World]:
    """An issuer's room."""
    built = build(tmp_path, ledger, server=server)
    yield built
    built.room.database.close()

"""A script that has brought a database up is never written anew: what is to change comes in the next one."""

from __future__ import annotations

from tests.rules.freeze import MIGRATIONS, frozen_migrations, written_migrations


def test_a_frozen_migration_never_changes() -> None:
    written = written_migrations()

    assert {name for name, digest in frozen_migrations().items() if written.get(name) != digest} == set()


def test_every_migration_is_frozen() -> None:
    unfrozen = written_migrations().keys() - frozen_migrations().keys()

    assert unfrozen == set(), f"python -m tests.rules.freeze adds them to {MIGRATIONS.name}"

"""A deployment that lost its database goes on from its backup, on a chain that has moved on since."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import inspect, text

from ecert.app.backup import Resumed, back_up, making, restore
from ecert.app.backup import resuming as steps
from ecert.domain.errors import Conflict, EcertError, Unavailable
from ecert.runtime.storage import open_database
from ledger.drivers.embedded import open_embedded
from tests.databases import drop_under
from tests.world import CLOCK_FILE, Issued, Time, World, _driver, copied, opened, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ecert.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Lost:
    """A home whose database is gone, what was acknowledged before and after its backup, and the chain's last nonces."""

    home: Path
    backup: Path
    before: tuple[Issued, ...]
    revoked: Issued
    after: tuple[Issued, ...]
    code: str


@contextmanager
def stopped(home: Path) -> Iterator[tuple[Settings, Time]]:
    """A home in which nothing runs, at the time at which it was closed."""
    time = Time(float((home / CLOCK_FILE).read_text("ascii")))
    yield settings_of(home), time
    (home / CLOCK_FILE).write_text(str(time.now()), "ascii")


def save(home: Path, folder: Path) -> None:
    with stopped(home) as (settings, time):
        back_up(settings, time, folder, drivers={"embedded": _driver(time)})


def bring_back(home: Path, folder: Path) -> Resumed:
    with stopped(home) as (settings, time):
        return restore(settings, time, folder, drivers={"embedded": _driver(time)})


def lose(home: Path) -> None:
    drop_under(home)
    for name in ("ecert.sqlite", "ecert.sqlite-wal", "ecert.sqlite-shm"):
        (home / name).unlink(missing_ok=True)


@pytest.fixture
def lost(template: Path, tmp_path: Path) -> Lost:
    home, backup = tmp_path / "home", tmp_path / "backup"
    with copied(template, home) as world:
        before = (world.issue(1), world.issue(24), world.issue(2))
        world.settle()
        code = world.mint(before[0].holder)["text"]
        back_up(world.house.floor.settings, world.time, backup)
        after = (world.issue(2, number=2), world.issue(1, region=31, number=3))
        assert world.change(before[2], "revoke", ground="lost").status_code == 200
        world.settle()
        assert world.redeem(code, holder=before[0].holder).json()["verdict"] == "accept"
        world.settle()
    lose(home)
    return Lost(home, backup, before, before[2], after, code)


def rows(world: World, query: str) -> list[tuple[object, ...]]:
    with world.house.floor.database.reading() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_a_restored_deployment_goes_on_where_the_chain_stands(lost: Lost) -> None:
    resumed = bring_back(lost.home, lost.backup)

    assert {(each.batch.region, each.batch.size) for each in resumed.batches} == {(31, 1), (32, 1)}
    assert [(each.licence_id, each.new.name) for each in resumed.statuses] == [(lost.revoked.licence_id, "INVALID")]
    assert sum(resumed.audit_lost.values()) == 4  # two issued, one revoked, one redeemed
    with opened(lost.home) as world:
        for issued in lost.before[:2]:
            assert world.verify(issued)["verdict"] == "accept"
        assert world.verify(lost.revoked)["verdict"] == "refuse"
        anew = (world.issue(2, number=2), world.issue(1, region=31, number=3))
        world.settle()
        assert [world.verify(each)["verdict"] for each in anew] == ["accept", "accept"]
        hold_nothing_twice(world)
        # No index that was ever given out is given out again.
        assert not {each.place for each in anew} & {each.place for each in (*lost.before, *lost.after)}
        assert {each.place[0] for each in anew}.isdisjoint({each.place[0] for each in (*lost.before, *lost.after)})


def test_a_code_that_was_alive_is_used_by_nobody_again(lost: Lost) -> None:
    bring_back(lost.home, lost.backup)
    with opened(lost.home) as world:
        report = world.redeem(lost.code, holder=lost.before[0].holder).json()
    assert report["verdict"] != "accept"


def test_the_lost_log_is_seen_by_every_follower_once(lost: Lost) -> None:
    bring_back(lost.home, lost.backup)
    with opened(lost.home) as world:
        world.settle()
        forged = dict(world.house.replica.forged_logs)
        assert set(forged) == {31, 32}
        world.issue(1, number=2)
        world.settle()
        judged = world.house.replica.judged_logs[32]
        assert judged == len(world.house.replica.audit_logs[32])
        assert world.house.replica.forged_logs == forged
        kinds = [record.kind for record in world.house.audit.read(32)]
    assert kinds.count("lost") + kinds.count("restored") > 1
    assert kinds.index("lost") < kinds.index("restored")


def test_a_restore_broken_off_is_told_and_ends_by_the_same_command(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise Unavailable("storage.lost")

    with monkeypatch.context() as patched:
        patched.setattr(steps, "resume_issuing", fail)
        with pytest.raises(Unavailable):
            bring_back(lost.home, lost.backup)
    with pytest.raises(Conflict, match=r"backup\.unfinished"), opened(lost.home):
        pass

    resumed = bring_back(lost.home, lost.backup)
    assert len(resumed.batches) == 2
    assert sum(resumed.audit_lost.values()) == 4
    with opened(lost.home) as world:
        world.settle()
        hold_nothing_twice(world)


def test_nothing_is_lost_where_nothing_came_after(template: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with copied(template, home) as world:
        cards = [world.issue(1), world.issue(24)]
    # Nothing runs, and both still wait in the outbox: the backup itself gives them their batch.
    save(home, tmp_path / "backup")
    lose(home)
    resumed = bring_back(home, tmp_path / "backup")

    assert (resumed.batches, resumed.lost, resumed.statuses, resumed.audit_lost) == ((), (), (), {})
    with opened(home) as world:
        assert [world.verify(card)["verdict"] for card in cards] == ["accept", "accept"]
        hold_nothing_twice(world)


def hold_nothing_twice(world: World) -> None:
    """Every leaf has one place, every number one batch, here as on chain; no nonce has a gap."""
    placed = rows(world, "SELECT region, fingerprint FROM ledger_leaf WHERE batch IS NOT NULL")
    assert len(placed) == len(set(placed))
    directory, ledger = world.house.directory, world.house.floor.ledger
    for region in world.house.floor.regions:
        for kind in (1, 2):
            (count,) = ledger.ask(directory.call("CertificateAnchor", "batchCount", region, kind))
            query = f"SELECT number FROM ledger_batch WHERE region = {region} AND kind = {kind} ORDER BY number"  # noqa: S608 - numbers
            assert [number for (number,) in rows(world, query)] == list(range(1, int(str(count)) + 1))
    assert rows(world, "SELECT count(*) FROM ledger_transaction WHERE block IS NULL OR error IS NOT NULL") == [(0,)]
    for address, nonce in rows(world, "SELECT address, nonce FROM ledger_account"):
        assert isinstance(address, bytes)
        assert ledger.next_nonce(address) == nonce


def left_alone(lost: Lost) -> bool:
    """Whether nothing was written in the place of the lost database."""
    database = open_database(settings_of(lost.home).database)
    names = inspect(database.engine).get_table_names()
    database.close()
    return not names


def refusal(lost: Lost) -> str:
    with pytest.raises(EcertError) as fault:
        bring_back(lost.home, lost.backup)
    return fault.value.code


def test_a_backup_altered_anywhere_is_refused_before_anything_is_touched(lost: Lost) -> None:
    files = sorted(lost.backup.iterdir())
    assert len(files) > 15
    for file in files:
        whole = file.read_bytes()
        for spoiled in (whole[: len(whole) // 2], whole + b"x", _flipped(whole)):
            if spoiled == whole:
                continue
            file.write_bytes(spoiled)
            assert refusal(lost) in {"backup.broken", "backup.foreign"}, file.name
        file.unlink()
        assert refusal(lost) == "backup.broken", file.name
        file.write_bytes(whole)
    assert left_alone(lost)
    bring_back(lost.home, lost.backup)


def _flipped(whole: bytes) -> bytes:
    middle = len(whole) // 2
    return whole[:middle] + bytes(byte ^ 1 for byte in whole[middle : middle + 1]) + whole[middle + 1 :]


def test_another_deployments_backup_is_refused(lost: Lost) -> None:
    (lost.home / "keys" / "vault.secret").write_bytes(bytes(32))
    assert refusal(lost) == "backup.foreign"
    assert left_alone(lost)


def test_a_custody_that_lacks_a_key_is_refused_and_none_is_made(lost: Lost) -> None:
    for name in ("chain-32-anchor", "vault"):
        (lost.home / "keys" / f"{name}.secret").unlink()
        assert refusal(lost) == "backup.keys"
        assert not (lost.home / "keys" / f"{name}.secret").exists()
    assert left_alone(lost)


def test_another_chain_is_refused_and_none_is_made(lost: Lost, tmp_path: Path) -> None:
    for name in ("chain.sqlite", "chain.sqlite-wal", "chain.sqlite-shm"):
        (lost.home / name).unlink(missing_ok=True)
    assert refusal(lost) == "backup.other_chain"
    assert not (lost.home / "chain.sqlite").exists()
    open_embedded(tmp_path / "other", clock=lambda: 1_750_000_000.0).close()
    shutil.copy(tmp_path / "other", lost.home / "chain.sqlite")
    assert refusal(lost) == "backup.other_chain"
    assert left_alone(lost)


def test_a_database_that_holds_something_is_left_alone(lost: Lost) -> None:
    bring_back(lost.home, lost.backup)
    assert refusal(lost) == "backup.not_empty"


def test_a_backup_is_its_owners_alone_and_overwrites_nothing(lost: Lost) -> None:
    assert lost.backup.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in lost.backup.iterdir()} == {0o600}
    bring_back(lost.home, lost.backup)
    with pytest.raises(Conflict, match=r"backup\.exists"):
        save(lost.home, lost.backup)


def test_nothing_personal_and_no_ground_stands_in_a_backup_in_the_clear(lost: Lost) -> None:
    content = b"".join(file.read_bytes() for file in lost.backup.iterdir())
    for card in lost.before:
        for told in (card.holder.id, card.licence_id, card.text):
            assert told.encode() not in content


def test_where_there_is_nothing_there_is_no_backup(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    with pytest.raises(Conflict, match=r"backup\.nothing"):
        back_up(settings, Time(0.0), tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


def test_leaves_that_nobody_gives_a_batch_are_told(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "_PATIENCE", 0.2)
    with copied(template, tmp_path / "home") as world:
        world.issue(1)
        with pytest.raises(Unavailable, match=r"backup\.unsettled"):
            back_up(world.house.floor.settings, world.time, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()

"""A backup made on SQLite is restored into PostgreSQL, and goes on there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ecert.app.backup import back_up, restore
from ecert.app.demo.founding import bootstrap
from tests.databases import url_of
from tests.world import _driver, opened, settings_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.system


def test_a_backup_serves_both_engines(server: str, tmp_path: Path) -> None:
    home, old = tmp_path / "home", f"sqlite:///{tmp_path}/old.sqlite"
    with opened(home, ECERT_DATABASE=old) as world:
        bootstrap(world.house)
        card = world.issue(1)
        world.settle()
        back_up(world.house.floor.settings, world.time, tmp_path / "backup")
        world.issue(24)
        world.settle()
        time = world.time

    url = url_of(home / "restored.sqlite", server)
    settings = settings_of(home, ECERT_DATABASE=url)
    resumed = restore(settings, time, tmp_path / "backup", drivers={"embedded": _driver(time)})
    assert [each.batch.size for each in resumed.batches] == [1]
    (home / "clock").write_text(str(time.now()), "ascii")
    with opened(home, ECERT_DATABASE=url) as world:
        anew = world.issue(24)
        world.settle()
        assert [world.verify(each)["verdict"] for each in (card, anew)] == ["accept", "accept"]

"""Holds for every test: no deadline that a busy machine could miss, no setting from the developer's shell."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.databases import drop_under

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")

for variable in [name for name in os.environ if name.startswith("ECERT_")]:
    del os.environ[variable]


@pytest.fixture(autouse=True)
def _databases_of_the_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """Drop what a test made on a server; what it made on disk goes with its folder."""
    folder: Path | None = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    yield
    if folder is not None:
        drop_under(folder)

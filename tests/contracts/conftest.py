"""One deployment a session; every test begins from it and is undone after."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.contracts.consortium_world import World, build
from tests.contracts.evm import Reverted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contracts.consortium_world import Refused


@pytest.fixture(scope="session")
def _standing() -> World:
    return build()


@pytest.fixture
def world(_standing: World) -> Iterator[World]:
    snapshot = _standing.chain.snapshot()
    yield _standing
    _standing.chain.revert(snapshot)


@pytest.fixture
def refused() -> Refused:
    """`with refused("StatusBadSize", 7)`: this custom error, and where fields are given these fields."""
    return _refused


@contextmanager
def _refused(name: str, *fields: object) -> Iterator[None]:
    with pytest.raises(Reverted) as caught:
        yield
    assert caught.value.name == name
    if fields:
        assert caught.value.values == fields

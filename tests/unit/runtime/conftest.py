from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ecert.app.migrations import migrate
from ecert.runtime.storage import Database, open_database
from tests.databases import url_of
from tests.resolver import resolver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fastapi import FastAPI

__all__ = ["resolver"]


@pytest.fixture
def ask() -> Callable[..., httpx.Response]:
    """Send one request to an application in this process."""

    def send(app: FastAPI, method: str, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401  # as httpx takes it
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://ecert.example") as client:
                return await client.request(method, path, **more)

        return asyncio.run(once())

    return send


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = open_database(url_of(tmp_path / "e.sqlite"))
    migrate(database)
    yield database
    database.close()

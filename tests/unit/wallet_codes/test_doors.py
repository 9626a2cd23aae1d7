"""The codes' doors: for a region's app alone, and strict about what they take."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from ecert.runtime.access import Access, issue_key
from ecert.runtime.access.tables import AccessKey
from ecert.runtime.storage import table_of
from ecert.runtime.web import furnish
from tests.unit.wallet_codes.town import NOW, Town, asking
from wallet_codes.api import router
from wallet_codes.codes import read
from wallet_codes.redeem import redeem

HOLDER = {"id_type": "001", "id": "320599198803070011"}
BODY = {"region": 32, "holder": HOLDER}


class Noon:
    def now(self) -> float:
        return NOW + 0.5


class App:
    def __init__(self, town: Town) -> None:
        self.town = town
        self.app = FastAPI()
        self.app.include_router(router(town.home, Noon()))
        furnish(self.app)
        self.app.state.access = Access(town.home.database, Noon())
        with town.home.database.transaction() as connection:
            table_of(AccessKey).create(connection)

    def key(self, role: str = "citizen-app", region: str = "32") -> dict[str, str]:
        text = issue_key(self.town.home.database, role=role, region=region, label="示例", now=NOW)
        return {"Authorization": f"Bearer {text}"}

    def post(self, path: str, body: object, headers: dict[str, str] | None = None) -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://ecert.example") as client:
                return await client.post(path, json=body, headers=headers)

        return asyncio.run(once())


@pytest.fixture
def app(town: Town) -> App:
    return App(town)


def test_a_code_is_minted_with_its_picture(app: App) -> None:
    body = {**BODY, "item": "EC-0001", "typed": True, "picture": True, "caption": "档案查询"}
    answer = app.post("/api/v1/codes", body, app.key())
    minted = answer.json()
    assert answer.status_code == 201
    assert read(minted["text"]).region.number == read(minted["typed"]).region.number == 32
    assert (minted["expires_at"], minted["code"]) == (NOW + 60, "苏服码")
    assert minted["svg"].startswith("<svg")
    assert "档案查询" in minted["svg"]


@pytest.mark.parametrize(("role", "region"), [("window", "32"), ("citizen-app", "31")])
def test_other_callers_are_refused(app: App, role: str, region: str) -> None:
    assert app.post("/api/v1/codes", BODY, app.key(role, region)).status_code == 403
    assert app.post("/api/v1/codes", BODY).status_code == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"region": "32"},
        {"holder": "001:1"},
        {"kind": "typed"},
        {"more": 1},
        {"holder": {**HOLDER, "id": "32059919880307001X"}},
    ],
)
def test_other_bodies_are_malformed(app: App, changed: dict[str, Any]) -> None:
    answer = app.post("/api/v1/codes", {**BODY, **changed}, app.key())
    assert answer.status_code == 422
    assert HOLDER["id"] not in answer.text


def test_uses_are_listed_and_objected_to(app: App) -> None:
    key = app.key()
    code = app.post("/api/v1/codes", BODY, key).json()
    redeem(app.town.home, asking(code["text"]), now=NOW)
    (use,) = app.post("/api/v1/uses", BODY, key).json()["uses"]
    assert use["use"]["businessCode"] == "2026-0001"
    assert app.post("/api/v1/uses", {**BODY, "before": use["id"]}, key).json() == {"uses": []}
    stranger = app.post("/api/v1/uses", {**BODY, "before": "A" * 22}, key)
    assert (stranger.status_code, stranger.json()["code"]) == (404, "use.unknown")
    assert app.post("/api/v1/uses", {**BODY, "before": "x"}, key).status_code == 422
    path = f"/api/v1/uses/{use['id']}/objection"
    assert app.post(path, {**BODY, "text": "不是我"}, key).status_code == 201
    assert app.post(path, {**BODY, "text": "不是我"}, key).status_code == 409
    assert app.post("/api/v1/uses", BODY, key).json()["uses"][0]["objection"] == "open"

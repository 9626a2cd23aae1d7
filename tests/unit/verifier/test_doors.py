"""The HTTP and command-line doors: one answer each, strict bodies, exit statuses that say the verdict."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlmodel import SQLModel

from ecert.domain.errors import Unavailable
from ecert.domain.receipt import Container, format_container
from ecert.runtime import problems
from ecert.runtime.access import Access, issue_key
from ecert.runtime.storage import Database, open_database
from tests.databases import url_of
from tests.unit.verifier.build import ESTATE, LI, World, signer
from tests.unit.verifier.called import Sponsor
from tests.unit.verifier.home import CODE, USE, HomeRegion, shown
from verifier import api, cli
from verifier.partners import Limits
from verifier.presentations import Asking, verify_file
from verifier.receipts import Receipts
from verifier.report import Report

HOLDER = {"id_type": LI.id_type, "id": LI.id}


@dataclass(frozen=True)
class _Clock:
    world: World

    def now(self) -> float:
        return float(self.world.now)


@dataclass(frozen=True)
class _Client:
    """Calls an application in this process, without a socket."""

    app: FastAPI

    def post(self, path: str, **request: object) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://ecert.test") as client:
                return await client.post(path, **request)

        return asyncio.run(send())


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = open_database(url_of(tmp_path / "doors.sqlite"))
    SQLModel.metadata.create_all(found.engine)
    yield found
    found.close()


@pytest.fixture
def home(world: World) -> HomeRegion:
    card, estate = world.anchor(world.issue(), world.issue(kind=ESTATE, index=8))
    return HomeRegion(world, (shown(card), shown(estate)))


@pytest.fixture
def client(world: World, home: HomeRegion, database: Database) -> _Client:
    app = FastAPI()
    problems.install(app)
    app.state.access = Access(database, _Clock(world))
    receipts = Receipts(lambda _: signer("receipt"), database, _no_log)
    app.state.judged = []
    callbacks = Sponsor(world, database).callbacks
    desk = api.Desk(
        world.replica,
        home,
        _Clock(world),
        Limits(),
        receipts,
        app.state.judged.append,
        callbacks.subscriptions,
        callbacks.accepting,
    )
    app.include_router(api.router(desk))
    return _Client(app)


def _no_log(*_args: object, **_named: object) -> None:
    """Keep no audit log: what joins it is tests/unit/verifier/test_receipts.py's."""


def _container(world: World) -> bytes:
    issued = world.anchored()
    return format_container(Container(str(issued.sd_jwt), issued.receipt))


def _verify(client: _Client, body: dict[str, object] | str) -> httpx.Response:
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post("/api/v1/verifications", content=text, headers={"Content-Type": "application/json"})


def test_anybody_may_verify_a_container(world: World, client: _Client) -> None:
    body = {"container": json.loads(_container(world)), "division": "310118", "holder": HOLDER}
    answer = _verify(client, body)
    assert (answer.status_code, answer.json()["verdict"]) == (200, "accept")
    assert [report.verdict for report in client.app.state.judged] == ["accept"]


def test_a_subscription_is_for_partners_alone(world: World, client: _Client) -> None:
    body = {"container": json.loads(_container(world)), "division": "310118", "subscription": "A" * 22}
    answer = _verify(client, body)
    assert (answer.status_code, answer.json()["code"]) == (403, "gateway.not_partner")


def test_a_bare_presentation_has_no_receipt(world: World, client: _Client) -> None:
    body = {"presentation": str(world.anchored().sd_jwt), "division": "310118", "holder": HOLDER}
    assert _verify(client, body).json()["verdict"] == "cannot_decide"


@pytest.mark.parametrize(
    "body",
    [
        {"division": "310118"},
        {"presentation": "x", "container": {}, "division": "310118"},
        {"presentation": "x", "division": 310118},
        {"presentation": "x", "division": "31011"},
        {"presentation": "x", "division": "310118", "more": 1},
        {"presentation": "x", "division": "310118", "at": "2020-01-01"},
        {"presentation": "x", "division": "310118", "at": 2**39},
        {"presentation": "x", "division": "310118", "holder": {"id_type": "001", "id": "1"}},
        '{"presentation": "x", "division": "310118", "division": "320509"}',
    ],
)
def test_a_body_of_another_form_is_refused(client: _Client, body: dict[str, object] | str) -> None:
    assert _verify(client, body).status_code == 422


def test_a_presentation_that_is_none_is_a_verdict(client: _Client) -> None:
    answer = _verify(client, {"presentation": "x", "division": "310118"})
    assert (answer.status_code, answer.json()["verdict"]) == (200, "refuse")


@pytest.fixture
def window(world: World, database: Database, client: _Client) -> Callable[..., httpx.Response]:
    key = issue_key(database, role="window", region="31", label="青浦", now=world.now)

    def post(*, bearer: str = f"Bearer {key}", idempotency: str | None = "k-1", **changed: object) -> httpx.Response:
        headers = {"Authorization": bearer} | ({"Idempotency-Key": idempotency} if idempotency else {})
        body = {"code": CODE, "use": USE.wire(), "holder": HOLDER} | changed
        return client.post("/api/v1/redemptions", json=body, headers=headers)

    return post


def test_a_window_redeems_a_code(window: Callable[..., httpx.Response], home: HomeRegion) -> None:
    answer = window(idempotency="case-7")
    assert (answer.status_code, answer.json()["verdict"]) == (200, "accept")
    assert answer.json()["sufficiency"]["complete"] is True
    (asked,) = home.asked
    assert re.fullmatch(r"key:[0-9a-f]{8} case-7", asked)


def test_only_a_window_redeems_and_for_its_own_region(window: Callable[..., httpx.Response], home: HomeRegion) -> None:
    assert window(bearer="Bearer nothing").status_code == 401
    assert window(use=USE.wire() | {"division": "320509"}).status_code == 403
    assert window(idempotency=None).status_code == 422
    assert window(use=USE.wire() | {"more": "x"}).status_code == 422
    assert home.asked == []


def _run(world: World, *arguments: str) -> int:
    parser = argparse.ArgumentParser()
    cli.add(parser.add_subparsers())
    verify = partial(_judge, world)
    return cli.run(parser.parse_args(["verify", *arguments]), verify)


def _judge(world: World, data: bytes, *, asking: Asking) -> Report:
    return verify_file(data, asking=asking, replica=world.replica, now=world.now)


def test_the_exit_status_is_the_verdict(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "card.json"
    file.write_bytes(_container(world))
    assert _run(world, "--holder", str(LI.ref), str(file)) == 0
    assert capsys.readouterr().out.startswith("接受 (accept)")
    assert _run(world, "--lang", "en", str(file)) == 2
    assert "The holder is not shown" in capsys.readouterr().out
    assert _run(world, "--holder", str(LI.ref), "--at", "2001-01-01", "--json", str(file)) == 1
    assert json.loads(capsys.readouterr().out)["verdict"] == "refuse"
    file.write_bytes(b"nothing")
    assert _run(world, str(file)) == 1


@pytest.mark.parametrize(
    "wrong", [("--division", "9"), ("--holder", "001:1"), ("--at", "soon"), ("--at", "2999-01-01"), ("--item", "x")]
)
def test_wrong_usage_is_no_verdict(world: World, tmp_path: Path, wrong: tuple[str, str]) -> None:
    file = tmp_path / "card.json"
    file.write_bytes(_container(world))
    assert _run(world, *wrong, str(file)) == cli.BAD_USAGE
    assert _run(world, str(tmp_path / "none.json")) == cli.BAD_USAGE


def test_a_missing_replica_is_not_wrong_usage(tmp_path: Path) -> None:
    file = tmp_path / "card.json"
    file.write_bytes(b"x")
    parser = argparse.ArgumentParser()
    cli.add(parser.add_subparsers())

    def away(_data: bytes, *, asking: Asking) -> Report:
        raise Unavailable("replica.missing", asking.division)

    with pytest.raises(Unavailable):
        cli.run(parser.parse_args(["verify", str(file)]), away)

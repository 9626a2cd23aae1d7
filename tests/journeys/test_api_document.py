"""The document of the doors says what the service says of itself, and each door lets in whom the document names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from ecert.domain.reasons import REASONS
from ecert.domain.suites import generate, load_signer
from ecert.runtime.signed.messages import Message, sign_request
from ledger import acts
from tests.journeys.doors import Door, doors_of

if TYPE_CHECKING:
    import httpx

    from ecert.domain.signer import LocalSigner
    from tests.world import World

DOCUMENT = Path(__file__).parents[2] / "docs" / "spec" / "api.md"
ROW = re.compile(r"(?m)^\| (GET|POST|PUT|DELETE) \| `([^`]+)` \| ([a-z, -]+) \| (\w*) ?\| (\d{3}) \|")
PARTNER = "91350100M000100Y43"


def documented() -> list[tuple[str, ...]]:
    return ROW.findall(DOCUMENT.read_text("utf-8"))


def test_the_table_is_the_services_own(world: World) -> None:
    told = [(method, path, body, answer) for method, path, _, body, answer in documented()]

    assert sorted(told) == sorted(_doors(world.app.openapi()))


def test_every_answer_that_is_no_success_is_a_problem(world: World) -> None:
    operations = [each for methods in world.app.openapi()["paths"].values() for each in methods.values()]

    assert all(set(each["responses"]) - {"200", "201", "202", "204"} == {"default"} for each in operations)
    assert all("application/problem+json" in each["responses"]["default"]["content"] for each in operations)


def test_each_door_lets_in_whom_the_table_names(world: World) -> None:
    card = world.issue(1)
    world.settle()
    doors = {(door.method, door.template): door for door in doors_of(world, card)}
    keys = {
        "issuer": world.issuer(1, 32),
        "window": world.key("window", 31),
        "citizen-app": world.key("citizen-app", 32),
    }

    for method, path, who, _, _ in documented():
        door = doors[method, path]
        for role, key in [("anybody", None), *keys.items()]:
            answer = world.ask(method, door.path, key=key, once=world.new_name(), json=door.body)
            assert _lets_in(answer) == bool({role, "anybody"} & set(who.split(", "))), (method, path, role, answer.text)


def test_each_door_lets_in_a_partner_where_the_table_names_it(world: World) -> None:
    card = world.issue(1)
    world.settle()
    signer = _sponsored(world)

    for door in doors_of(world, card):
        (who,) = (who for method, path, who, _, _ in documented() if (method, path) == (door.method, door.template))
        answer = _as_partner(world, signer, door)
        assert _lets_in(answer) == bool({"partner", "anybody"} & set(who.split(", "))), (door.path, answer.text)


@pytest.mark.parametrize("code", sorted(set(re.findall(r"`([a-z_]+\.[a-z_]+)`", DOCUMENT.read_text("utf-8")))))
def test_every_code_in_the_document_is_listed(code: str) -> None:
    assert code in REASONS


def _lets_in(answer: httpx.Response) -> bool:
    return answer.status_code != 401 and not any(area in answer.text for area in ("access.", "gateway."))


def _sponsored(world: World) -> LocalSigner:
    """Let region 31 sponsor a partner; give the partner's signer."""
    signer, floor = load_signer("ES256", generate("ES256")), world.house.floor
    terms = {"uscc": PARTNER, "name": "示例合作方", "items": ("EC-0001",), "until": None}
    call = acts.sponsor_partner(world.house.directory, region=31, gateway_key=signer.spki, **terms)
    with floor.database.transaction() as connection:
        floor.sending.queue(connection, call, account="31-admin", now=floor.now())
    world.settle()
    return signer


def _as_partner(world: World, signer: LocalSigner, door: Door) -> httpx.Response:
    body = b"" if door.body is None else orjson.dumps(door.body)
    headers = {"idempotency-key": world.new_name(), "content-type": "application/json"}
    url = world.house.floor.settings.public_url + door.path
    signed = sign_request(signer, Message(door.method, url, headers), body=body, now=world.house.floor.now())
    return world.ask(door.method, url, headers=signed, content=body)


def _doors(document: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    return [
        (method.upper(), path, _body(operation), min(operation["responses"]))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def _body(operation: dict[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    return str(content.get("application/json", {}).get("schema", {}).get("$ref", "")).rpartition("/")[2]

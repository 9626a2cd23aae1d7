"""Whatever is sent to any door, the answer is a problem with a listed code in both languages, and never a 500."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecert.runtime.web import BODY_LIMIT, LARGE_BODY_LIMIT
from tests.journeys.doors import NAME, NUMBER, Door, doors_of, hold_answer, knock
from tests.world import World, copied

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATES = [
    ("POST", "/api/v1/certificates"),
    ("POST", "/api/v1/certificates/batch"),
    ("POST", "/api/v1/certificates/{licence_id}/renewal"),
    ("POST", "/api/v1/certificates/{licence_id}/status"),
    ("PUT", "/api/v1/certificates/{licence_id}/mutable"),
    ("POST", "/api/v1/codes"),
    ("POST", "/api/v1/uses"),
    ("POST", "/api/v1/uses/{use_id}/objection"),
    ("POST", "/api/v1/verifications"),
    ("POST", "/api/v1/redemptions"),
    ("POST", "/api/v1/chain/transactions"),
]
SIGNED = {
    ("POST", "/api/v1/gateway/{region}/holdings"),
    ("POST", "/api/v1/gateway/{region}/redemptions"),
    ("GET", "/api/v1/gateway/{region}/audit/consistency"),
    ("POST", "/api/v1/verifications/batch"),
    ("POST", "/api/v1/subscriptions"),
    ("GET", "/api/v1/subscriptions"),
    ("DELETE", "/api/v1/subscriptions/{subscription}"),
}
"""Doors that hear nobody without a signature: test_signed_door.py and test_partners.py knock there."""

JSON = {"content-type": "application/json"}
BODIES = {
    "nothing": b"",
    "no JSON": f"{NAME} {NUMBER}".encode(),
    "cut short": b'{"region": 32, "holder": {',
    "null": b"null",
    "a number": b"1",
    "a text": f'"{NAME}"'.encode(),
    "an array": b"[]",
    "an empty object": b"{}",
    "bytes that are no UTF-8": b'{"region": "\xff\xfe"}',
    "UTF-16": '{"region": 32}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"region": 32}',
    "one name twice": b'{"region": 32, "region": 33}',
    "one name twice, deep down": b'{"holder": {"id": "1", "id": "2"}}',
    "nested arrays": b"[" * 50_000 + b"]" * 50_000,
    "nested objects": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "a fraction": b'{"region": 32.0}',
    "an exponent": b'{"region": 1e999}',
    "not a number": b'{"region": NaN}',
    "an integer beyond 64 bits": b'{"region": ' + b"9" * 4_000 + b"}",
    "a lone surrogate": b'{"code": "\\ud800"}',
    "a NUL": b'{"code": "\\u0000"}',
    "an unknown name that is personal": orjson.dumps({NAME: NUMBER}),
    "ten thousand names": orjson.dumps({str(number): number for number in range(10_000)}),
}
MEDIA_TYPES = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/cbor"]
SPOILS: list[Any] = [
    *(None, True, 0, -1, 2**63 - 1, -(2**63), "", " ", "\0", "\u202e", "１２３", NAME, NUMBER, "x" * 5_000),
    *([], {}, [None], [[[[]]]], {"": ""}, {NAME: NUMBER}, "2026-02-30", "0001-01-01", "9999-12-31", "%s%n{0}"),
]


@pytest.fixture(scope="module")
def spoiled(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, dict[Any, Door]]]:
    """One world for all of it: what is refused changes nothing, and what is taken does no harm here."""
    with copied(template, tmp_path_factory.mktemp("spoiled") / "home") as world:
        card = world.issue(1)
        world.settle()
        yield world, {(door.method, door.template): door for door in doors_of(world, card)}


Spoiled = tuple[World, dict[Any, Door]]


def test_every_door_of_the_document_is_knocked_at(spoiled: Spoiled) -> None:
    world, doors = spoiled
    document = world.app.openapi()["paths"]

    knocked = {(method.upper(), path) for path, methods in document.items() for method in methods}
    assert knocked == set(doors)
    assert set(TEMPLATES) == {name for name, door in doors.items() if door.body is not None} - SIGNED


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_is_none(spoiled: Spoiled, name: tuple[str, str], body: str) -> None:
    world, doors = spoiled

    hold_answer(knock(world, doors[name], content=BODIES[body], headers=JSON))


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_a_body_of_another_kind(spoiled: Spoiled, name: tuple[str, str], media_type: str) -> None:
    world, doors = spoiled
    body = orjson.dumps(doors[name].body)

    hold_answer(knock(world, doors[name], content=body, headers={"content-type": media_type}))


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_body_spoiled_in_one_place(spoiled: Spoiled, name: tuple[str, str]) -> None:
    world, doors = spoiled
    door = doors[name]
    places = list(_places(door.body))

    @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
    @given(st.sampled_from(places), st.sampled_from(SPOILS))
    def spoil(place: tuple[Any, ...], value: object) -> None:
        hold_answer(knock(world, door, json=_with(door.body, place, value)), refused=False)

    spoil()


@pytest.mark.parametrize("name", TEMPLATES)
def test_any_json_at_all(spoiled: Spoiled, name: tuple[str, str]) -> None:
    world, doors = spoiled
    leaves = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=20)
    keys = st.sampled_from(sorted(doors[name].body)) | st.text(max_size=5)
    anything = st.recursive(leaves, lambda x: st.lists(x, max_size=3) | st.dictionaries(keys, x, max_size=4))

    @settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
    @given(st.one_of(st.dictionaries(keys, anything, max_size=8), anything), st.binary(max_size=3))
    def send(body: object, tail: bytes) -> None:
        text = _dumped(body) + tail
        hold_answer(knock(world, doors[name], content=text, headers=JSON), refused=name[0] == "POST")

    send()


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_body_over_the_limit(spoiled: Spoiled, name: tuple[str, str]) -> None:
    world, doors = spoiled
    limit = LARGE_BODY_LIMIT if name[1].endswith("/batch") else BODY_LIMIT

    async def unsized() -> AsyncIterator[bytes]:
        for _ in range(limit // 65_536 + 1):
            yield b" " * 65_536

    said = knock(world, doors[name], content=b" " * (limit + 1), headers=JSON)
    unsaid = knock(world, doors[name], content=unsized(), headers=JSON)

    for answer in (said, unsaid):
        hold_answer(answer)
        assert (answer.status_code, answer.json()["code"]) == (413, "request.too_large")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/certificates/x",
        f"/api/v1/certificates/{NUMBER}",
        "/api/v1/certificates/1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F",
        "/api/v1/certificates/1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.0",
        "/api/v1/certificates/" + "9" * 4_000,
        "/api/v1/certificates/%00",
        "/api/v1/certificates/%ff%fe",
        "/api/v1/certificates/%F0%9F%98%80",
        "/api/v1/certificates/..%2f..%2fetc%2fpasswd",
        "/status-lists/x",
        "/status-lists/32-",
        "/status-lists/32-01",
        "/status-lists/99-1",
        "/status-lists/32-99999999999999999999",
        "/status-lists/%D9%A3%D9%A2-1",
        "/api/v1/chain/accounts/0x",
        "/api/v1/chain/accounts/" + "0x" + "A" * 40,
        "/api/v1/chain/accounts/0x" + "a" * 40 + "%0a",
        "/api/v1/chain/transactions/0x" + "0" * 64,
        "/api/v1/chain/transactions/0x00",
        "/api/v1/audit/32/consistency",
        "/api/v1/audit/32/consistency?first=0&second=1",
        "/api/v1/audit/32/consistency?first=2&second=1",
        "/api/v1/audit/32/consistency?first=1&second=9223372036854775807",
        "/api/v1/audit/32/consistency?first=1&second=9223372036854775808",
        "/api/v1/audit/32/consistency?first=x&second=" + "9" * 5_000,
        "/api/v1/audit/-1/consistency?first=1&second=1",
        "/api/v1/audit/99999999999999999999999999/consistency?first=1&second=1",
        f"/api/v1/audit/{NAME}/consistency?first=1&second=1",
        "/api/v1/nothing",
        f"/{NAME}",
        "//",
        "/docs",
    ],
)
def test_an_address_that_leads_nowhere(spoiled: Spoiled, path: str) -> None:
    world, _ = spoiled

    hold_answer(world.ask("GET", path, key=world.issuer(1, 32)))


def test_a_method_that_a_door_does_not_take(spoiled: Spoiled) -> None:
    world, doors = spoiled

    for door in doors.values():
        for method in {"DELETE", "PATCH", "TRACE"} - {door.method}:
            answer = world.ask(method, door.path, key=door.key)
            hold_answer(answer)
            assert (answer.status_code, answer.json()["code"]) == (405, "request.method")


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name[0] == "POST"])
@pytest.mark.parametrize("once", [None, "", " ", "x" * 10_000, "é", "a b", "a\tb"])
def test_an_idempotency_key_that_is_none(spoiled: Spoiled, name: tuple[str, str], once: str | None) -> None:
    world, doors = spoiled
    door = doors[name]
    headers = {} if once is None else {"Idempotency-Key": once.encode()}
    asks_for_one = "certificates" in door.path or "redemptions" in door.path

    answer = world.ask(door.method, door.path, key=door.key, json=door.body, headers=headers)

    hold_answer(answer, refused=asks_for_one)


@pytest.mark.parametrize("header", ["", "x", "Bearer", "Bearer ", "Basic eDp5", "Bearer " + "x" * 9_000, "Bearer é"])
def test_an_access_key_that_is_none(spoiled: Spoiled, header: str) -> None:
    world, doors = spoiled

    for door in doors.values():
        if door.key is not None:
            answer = world.ask(door.method, door.path, headers={"Authorization": header.encode()}, json=door.body)
            hold_answer(answer)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Bearer")


def _places(value: object, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every member and entry, and of one unknown member of every object."""
    match value:
        case dict():
            yield (*at, "unknown")
            for key, inner in value.items():
                yield (*at, key)
                yield from _places(inner, (*at, key))
        case list():
            for number, inner in enumerate(value):
                yield (*at, number)
                yield from _places(inner, (*at, number))


def _with(body: Any, place: tuple[Any, ...], value: object) -> Any:  # noqa: ANN401 - whatever JSON there is
    spoiled = copy.deepcopy(body)
    inner = spoiled
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    return spoiled


def _dumped(value: object) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # an integer beyond 64 bits, or a lone surrogate: as Python's own writer has it
        return json.dumps(value).encode()

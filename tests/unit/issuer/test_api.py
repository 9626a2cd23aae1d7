"""The door: who may ask, what a request looks like, and that an answer asked for twice is the same."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi import FastAPI

from ecert.domain import certificate, jws
from ecert.domain.status import TYP, parse_status_list_claims
from ecert.runtime.access import Access, issue_key
from ecert.runtime.web import furnish
from issuer.api import router
from ledger.port import Head
from tests.unit.issuer.world import HOUSEHOLD, LI, NOW, OTHER, USCC

if TYPE_CHECKING:
    from tests.unit.issuer.world import World

PATH = "/api/v1/certificates"
HEAD = Head(7, bytes(32), NOW - 30)
BODY = {
    "type": HOUSEHOLD,
    "division": "320509",
    "holders": [{"kind": "person", "id_type": "001", "id": LI.id, "name": LI.name}],
    "elements": {"HZXM": "李示例"},
    "first_day": "2026-01-01",
}


@dataclass(frozen=True)
class Clock:
    def now(self) -> float:
        return NOW + 0.5


@dataclass(frozen=True)
class Followed:
    """One list of region 32, in which index 5 is revoked, as of half a minute ago."""

    head: Head = HEAD

    def bitmap(self, *, region: int, number: int) -> bytes | None:
        return b"\x00\x04" + bytes(254) if (region, number) == (32, 1) else None


@dataclass(frozen=True)
class Door:
    app: FastAPI
    keys: dict[str, str]

    def __call__(self, method: str, path: str, *, by: str | None = USCC, key: str | None = "k", **more: Any) -> Any:  # noqa: ANN401 — as httpx takes it
        headers = {"Idempotency-Key": key} if key else {}
        if by is not None:
            headers["Authorization"] = f"Bearer {self.keys[by]}"

        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://ecert.example") as client:
                return await client.request(method, path, headers=headers, **more)

        return asyncio.run(once())


@pytest.fixture
def door(world: World) -> Door:
    app = FastAPI()
    furnish(app, large=(PATH,))
    app.state.access = Access(world.room.database, Clock())
    app.include_router(router(world.room, Followed(), Clock()))
    names: dict[str, dict[str, Any]] = {
        USCC: {"role": "issuer", "authority": USCC},
        OTHER: {"role": "issuer", "authority": OTHER},
        "window": {"role": "window"},
    }
    database = world.room.database
    return Door(app, {n: issue_key(database, region="32", label="示例", now=NOW, **w) for n, w in names.items()})


def test_a_certificate_is_issued_read_suspended_and_renewed(door: Door) -> None:
    issued = door("POST", PATH, json=BODY)
    assert issued.status_code == 201
    name = issued.json()["licence_id"]
    parsed = certificate.parse(issued.json()["certificate"])
    assert parsed.fingerprint.hex() == issued.json()["fingerprint"]
    assert issued.json()["status"] == {"uri": parsed.status.uri, "index": parsed.status.index}

    changed = door("POST", f"{PATH}/{name}/status", key="s", json={"action": "suspend", "reason": "lost"})
    assert changed.json() == {
        "licence_id": name,
        "status": "SUSPENDED",
        "effective_at": "2027-01-15T08:00:00Z",
        "waits": False,
    }

    renewed = door("POST", f"{PATH}/{name}/renewal", key="r", json={k: v for k, v in BODY.items() if k != "type"})
    assert (renewed.status_code, renewed.json()["licence_id"][:-5]) == (201, name[:-5])

    kept = door("GET", f"{PATH}/{name}").json()
    assert kept["certificate"] == {"v": 1, "sd_jwt": issued.json()["certificate"], "receipt": None}
    assert (kept["status"], kept["superseded_by"]) == ("SUPERSEDED", renewed.json()["licence_id"])
    assert [(c["reason"], c["state"]) for c in kept["changes"]] == [("lost", "queued"), ("replaced", "queued")]


def test_a_batch_is_answered_in_order(door: Door) -> None:
    bodies = [{**BODY, "elements": {"HZXM": name}} for name in ("甲", "乙")]
    answer = door("POST", f"{PATH}/batch", json={"certificates": bodies})

    issued = [certificate.parse(one["certificate"]).elements["HZXM"] for one in answer.json()["certificates"]]
    assert (answer.status_code, issued) == (201, ["甲", "乙"])


def test_an_answer_asked_for_twice_is_the_same_bytes(door: Door, world: World) -> None:
    first, again = (door("POST", PATH, json=BODY) for _ in range(2))
    other = door("POST", PATH, json={**BODY, "first_day": "2026-01-02"})

    assert first.content == again.content
    assert (other.status_code, other.json()["code"]) == (409, "idempotency.other_request")
    assert world.counts()["issuer_certificate"] == 1


def test_mutable_elements_are_set(door: Door) -> None:
    body = {**BODY, "type": "000000000000000000002", "elements": {}, "mutable": {"LJJF": 3}}
    name = door("POST", PATH, json=body).json()["licence_id"]

    assert door("PUT", f"{PATH}/{name}/mutable", json={"elements": {"LJJF": 6}}).status_code == 204
    kept = door("GET", f"{PATH}/{name}").json()
    assert kept["mutable"] == {"LJJF": {"value": 6, "at": "2027-01-15T08:00:00Z"}}


@pytest.mark.parametrize(("by", "status"), [(None, 401), ("window", 403)])
def test_only_an_authority_s_system_comes_in(door: Door, by: str | None, status: int) -> None:
    assert door("POST", PATH, by=by, json=BODY).status_code == status


def test_another_authority_s_certificate_is_not_there(door: Door) -> None:
    name = door("POST", PATH, json=BODY).json()["licence_id"]

    asked = [
        door("GET", f"{PATH}/{name}", by=OTHER),
        door("POST", f"{PATH}/{name}/status", by=OTHER, json={"action": "revoke", "reason": "lost"}),
        door("POST", f"{PATH}/{name}/renewal", by=OTHER, json={k: v for k, v in BODY.items() if k != "type"}),
        door("PUT", f"{PATH}/{name}/mutable", by=OTHER, json={"elements": {}}),
    ]
    assert [(a.status_code, a.json()["code"]) for a in asked] == [(404, "certificate.unknown")] * 4


WRONG: list[tuple[dict[str, object], str]] = [
    ({"first_day": "2026-02-30"}, "date.form"),
    ({"last_day": "2026-13-01"}, "date.form"),
    ({"holders": []}, "issue.holders"),
    (
        {"holders": [{"kind": "person", "id_type": "001", "id": "110105194912310021", "name": "示例"}]},
        "resident_id.check",
    ),
    ({"holders": [{"kind": "person", "id_type": "001"}]}, "request.malformed"),
    ({"surprise": 1}, "request.malformed"),
    ({"renewals": "1"}, "request.malformed"),
    ({"type": "x"}, "issue.not_granted"),
    ({"suite": "RS256"}, "suite.unknown"),
]


@pytest.mark.parametrize(("change", "code"), WRONG)
def test_a_wrong_body_is_refused_by_name_and_not_repeated(door: Door, change: dict[str, object], code: str) -> None:
    answer = door("POST", PATH, json={**BODY, **change})

    assert answer.json()["code"] == code
    assert "110105194912310021" not in answer.text


def test_a_request_without_its_key_is_refused(door: Door) -> None:
    assert door("POST", PATH, key=None, json=BODY).json()["code"] == "request.malformed"


def test_anybody_fetches_a_signed_status_list(door: Door, world: World) -> None:
    answer = door("GET", "/status-lists/32-1", by=None, key=None)

    token = jws.parse(answer.text, typ=TYP, limit=10_000)
    signer = world.room.keys.signer("region-32-status-1", suite="ES256")
    jws.verify(token, suite_name="ES256", spki=signer.spki)
    claims = parse_status_list_claims(token.claims)
    assert claims.bitmap == b"\x00\x04" + bytes(254)
    assert (claims.uri, claims.iat, claims.exp) == ("https://ecert.example/status-lists/32-1", NOW - 30, NOW + 3_570)
    assert answer.headers["content-type"] == "application/statuslist+jwt"
    assert answer.headers["cache-control"] == "public, max-age=60"


@pytest.mark.parametrize("name", ["32-2", "33-1", "32-", "x", "32-1.", "032-1"])
def test_a_list_that_is_none_is_not_found(door: Door, name: str) -> None:
    answer = door("GET", f"/status-lists/{name}", by=None)

    assert (answer.status_code, answer.json()["code"]) == (404, "status.unknown_list")

"""Every door of the application with a good request to spoil; a door that is missing here fails a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ecert.domain.reasons import REASONS
from tests.world import use

if TYPE_CHECKING:
    import httpx

    from tests.world import Issued, World

NAME, NUMBER = "李示例", "320599198803070011"
"""What no answer to a spoiled request may repeat."""


@dataclass(frozen=True, slots=True)
class Door:
    """A door: its template, a good path, who may call it, and a good body (None where it takes none)."""

    method: str
    template: str
    path: str
    key: str | None = None
    body: Any = None


def doors_of(world: World, card: Issued) -> list[Door]:
    """Give every door with a request that it takes."""
    issuer, holder = world.issuer(1, 32), {"id_type": "001", "id": NUMBER}
    face = world.face(1)
    renewal = {key: value for key, value in face.items() if key != "type"}
    app, window = world.key("citizen-app", 32), world.key("window", 31)
    one = f"/api/v1/certificates/{card.licence_id}"
    hashed, account = "0x" + "a" * 64, "0x" + "a" * 40
    signed = {"account": account, "nonce": 0, "raw": "0x00", "hash": hashed, "purpose": "vote"}
    listed, _ = card.place
    of_one = "/api/v1/certificates/{licence_id}"
    return [
        Door("POST", "/api/v1/certificates", "/api/v1/certificates", issuer, face),
        Door("POST", "/api/v1/certificates/batch", "/api/v1/certificates/batch", issuer, {"certificates": [face]}),
        Door("POST", f"{of_one}/renewal", f"{one}/renewal", issuer, renewal),
        Door("POST", f"{of_one}/status", f"{one}/status", issuer, {"action": "revoke", "reason": "lost"}),
        Door("PUT", f"{of_one}/mutable", f"{one}/mutable", issuer, {"elements": {}}),
        Door("GET", of_one, one, issuer),
        Door("GET", "/status-lists/{name}", "/status-lists/" + listed.rpartition("/")[2]),
        Door("POST", "/api/v1/codes", "/api/v1/codes", app, {"region": 32, "holder": holder, "item": "EC-0001"}),
        Door("POST", "/api/v1/uses", "/api/v1/uses", app, {"region": 32, "holder": holder}),
        Door(
            "POST",
            "/api/v1/uses/{use_id}/objection",
            f"/api/v1/uses/{'A' * 22}/objection",
            app,
            {"region": 32, "holder": holder, "text": "异议"},
        ),
        Door(
            "POST",
            "/api/v1/verifications",
            "/api/v1/verifications",
            None,
            {"container": world.read(card)["certificate"], "division": "310118", "holder": holder, "at": 1_750_000_000},
        ),
        Door(
            "POST",
            "/api/v1/redemptions",
            "/api/v1/redemptions",
            window,
            {"code": "20000007", "use": use(), "holder": holder},
        ),
        Door("GET", "/api/v1/chain", "/api/v1/chain"),
        Door("GET", "/api/v1/trust-list", "/api/v1/trust-list"),
        Door("GET", "/api/v1/chain/accounts/{address}", f"/api/v1/chain/accounts/{account}"),
        Door("POST", "/api/v1/chain/transactions", "/api/v1/chain/transactions", None, signed),
        Door(
            "GET",
            "/api/v1/chain/transactions/{transaction_hash}",
            f"/api/v1/chain/transactions/{hashed}",
        ),
        Door("GET", "/api/v1/audit/{region}/consistency", "/api/v1/audit/32/consistency?first=1&second=1"),
        *_gateway_doors(holder),
        Door("GET", "/healthz", "/healthz"),
        Door("GET", "/readyz", "/readyz"),
        Door("GET", "/metrics", "/metrics"),
    ]


def _gateway_doors(holder: dict[str, str]) -> list[Door]:
    """Give the doors of regions' and partners' gateways; who knocks without a signature is nobody there."""
    verification = {"presentation": "a~", "division": "310118", "item": "EC-0001"}
    every, subscriptions = "/api/v1/gateway/{region}", "/api/v1/subscriptions"
    redemption = {"code": "20000007", "use": use(), "holder": holder, "requester": "31"}
    return [
        Door("POST", f"{every}/holdings", "/api/v1/gateway/32/holdings", None, {"holder": holder, "types": []}),
        Door("POST", f"{every}/redemptions", "/api/v1/gateway/32/redemptions", None, redemption),
        Door("GET", f"{every}/audit/consistency", "/api/v1/gateway/32/audit/consistency?first=1&second=1"),
        Door(
            "POST",
            "/api/v1/verifications/batch",
            "/api/v1/verifications/batch",
            None,
            {"verifications": [verification]},
        ),
        Door("POST", subscriptions, subscriptions, None, {"url": "https://partner.example/told"}),
        Door("GET", subscriptions, subscriptions),
        Door("DELETE", f"{subscriptions}/{{subscription}}", f"{subscriptions}/{'A' * 22}"),
    ]


def knock(world: World, door: Door, **more: Any) -> httpx.Response:  # noqa: ANN401 - as httpx takes it
    """Ask at a door as one who may."""
    once = world.new_name() if door.method == "POST" else None
    return world.ask(door.method, more.pop("path", door.path), key=door.key, once=more.pop("once", once), **more)


def hold_answer(answer: httpx.Response, *, refused: bool = True) -> None:
    """Hold an answer to what every door promises; `refused` False lets it be a good answer too."""
    if not refused and answer.status_code < 300:
        return
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text[:300])
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem.keys() - {"errors"} == {
        "type",
        "title",
        "title_en",
        "status",
        "code",
        "instance",
        "detail",
    }
    reason = REASONS[problem["code"]]
    assert (problem["title"], problem["title_en"], problem["status"]) == (reason.zh, reason.en, answer.status_code)
    assert reason.zh
    assert reason.en
    assert NAME not in answer.text
    assert NUMBER not in answer.text


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """Give a problem's status and code."""
    return answer.status_code, answer.json()["code"]

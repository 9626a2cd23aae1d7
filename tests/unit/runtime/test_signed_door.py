from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI
from pydantic import BaseModel, ConfigDict

from ecert.domain.errors import Conflict, NotAllowed
from ecert.domain.gateways import Gateway, PartnerGateway, RegionGateway
from ecert.domain.suites import generate, load_signer
from ecert.runtime.signed import Door, Message, SignedRoute, require_partner, require_region, sign_request
from ecert.runtime.signed.messages import verify_answer
from ecert.runtime.web import furnish

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from ecert.runtime.storage import Database

NOW = 1_750_000_000
URL = "http://ecert.example"
REGION, PARTNER, OWN = (load_signer("ES256", generate("ES256")) for _ in range(3))
GATEWAYS: dict[str, Gateway] = {
    REGION.kid: RegionGateway(32, "ES256", REGION.spki),
    PARTNER.kid: PartnerGateway(31, "ES256", PARTNER.spki, "91350100M000100Y43", "示例", ("EC-0001",)),
    OWN.kid: RegionGateway(31, "ES256", OWN.spki),
}


Region = Annotated[RegionGateway, Depends(require_region)]


class Fixed:
    def now(self) -> float:
        return NOW


def find_key(kid: str) -> Gateway:
    if kid not in GATEWAYS:
        raise NotAllowed("gateway.key_unknown")
    return GATEWAYS[kid]


class Said(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    word: str


@pytest.fixture
def app(db: Database) -> FastAPI:
    app = FastAPI()
    furnish(app)
    app.state.door = door(db)
    doors = APIRouter(route_class=SignedRoute)

    @doors.post("/regions/{region}")
    def regions(
        region: int, said: Said, gateway: Annotated[RegionGateway, Depends(require_region)]
    ) -> dict[str, object]:
        if said.word == "taken":
            raise Conflict("code.used")
        return {"from": gateway.region, "to": region, "word": said.word}

    @doors.post("/partners")
    def partners(said: Said, gateway: Annotated[PartnerGateway, Depends(require_partner)]) -> dict[str, object]:
        gateway.hold_item(said.word)
        return {"from": gateway.uscc}

    app.include_router(doors)
    return app


def door(db: Database) -> Door:
    return Door(db, Fixed(), URL, find_key, lambda _region: OWN, (31,))


@pytest.fixture
def send(app: FastAPI, ask: Callable[..., httpx.Response]) -> Callable[..., tuple[httpx.Response, Message]]:
    def sent(path: str, signer: object = REGION, body: bytes = b'{"word":"hello"}') -> tuple[httpx.Response, Message]:
        message = Message("POST", URL + path, {"content-type": "application/json"})
        message = Message("POST", URL + path, sign_request(signer, message, body=body, now=NOW))
        return ask(app, "POST", path, headers=message.headers, content=body), message

    return sent


def test_a_region_is_let_in_and_answered_with_a_signature(send: Callable[..., tuple[httpx.Response, Message]]) -> None:
    answer, message = send("/regions/31")

    assert answer.json() == {"from": 32, "to": 31, "word": "hello"}
    shown = verify_answer(
        message, status=200, headers=dict(answer.headers), body=answer.content, find_key=find_key, now=NOW
    )
    assert shown.kid == OWN.kid


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"word":"taken"}', 409, "code.used"),
        (b'{"word":1}', 422, "request.malformed"),
        (b'{"word":"a","word":"b"}', 422, "json.duplicate_key"),
    ],
)
def test_problems_are_signed_too(
    send: Callable[..., tuple[httpx.Response, Message]], body: bytes, status: int, code: str
) -> None:
    answer, message = send("/regions/31", body=body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    verify_answer(message, status=status, headers=dict(answer.headers), body=answer.content, find_key=find_key, now=NOW)


def test_the_very_same_request_is_refused_also_after_a_restart(
    app: FastAPI, db: Database, ask: Callable[..., httpx.Response], send: Callable[..., tuple[httpx.Response, Message]]
) -> None:
    first, message = send("/regions/31")
    app.state.door = door(db)
    again = ask(app, "POST", "/regions/31", headers=message.headers, content=b'{"word":"hello"}')

    assert (first.status_code, again.status_code, again.json()["code"]) == (200, 403, "gateway.replayed")
    assert "signature" not in again.headers


def test_a_nonce_is_forgotten_only_when_the_clock_alone_refuses_it(db: Database) -> None:
    message = Message("GET", URL + "/", {})
    message = Message("GET", URL + "/", sign_request(REGION, message, body=b"", now=NOW))
    admitted = door(db)
    admitted.admit(message, b"")

    admitted.purge(NOW + 120)
    with pytest.raises(NotAllowed, match=r"gateway\.replayed"):
        admitted.admit(message, b"")
    admitted.purge(NOW + 181)
    assert admitted.admit(message, b"")


@pytest.mark.parametrize(
    ("path", "signer", "code"),
    [
        ("/regions/31", PARTNER, "gateway.not_region"),
        ("/partners", REGION, "gateway.not_partner"),
        ("/partners", PARTNER, "partner.item"),
        ("/regions/31", load_signer("ES256", generate("ES256")), "gateway.key_unknown"),
    ],
)
def test_who_may_not_is_refused(
    send: Callable[..., tuple[httpx.Response, Message]], path: str, signer: object, code: str
) -> None:
    answer, _ = send(path, signer)

    assert (answer.status_code, answer.json()["code"]) == (403, code)


@pytest.mark.parametrize("path", ["/regions/31", "/partners"])
def test_without_a_signature_nobody_is_let_in(app: FastAPI, ask: Callable[..., httpx.Response], path: str) -> None:
    answer = ask(app, "POST", path, json={"word": "hello"})

    assert (answer.status_code, answer.json()["code"]) == (403, "gateway.unsigned")


def test_a_partner_is_let_in_for_its_items(send: Callable[..., tuple[httpx.Response, Message]]) -> None:
    answer, _ = send("/partners", PARTNER, b'{"word":"EC-0001"}')

    assert answer.json() == {"from": "91350100M000100Y43"}

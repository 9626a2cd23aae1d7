"""Who is let in: each door's role, a key's own region, and nobody with a revoked key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecert.runtime.access import list_keys, revoke_key
from tests.journeys.doors import code_of
from tests.world import World, use

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

IDENTITY = 1


def test_each_door_is_for_its_role(world: World) -> None:
    doors: list[tuple[str, str, str, dict[str, Any]]] = [
        ("issuer", "POST", "/api/v1/certificates", world.face(IDENTITY)),
        ("window", "POST", "/api/v1/redemptions", {"code": "10000007", "use": use()}),
        ("citizen-app", "POST", "/api/v1/codes", {"region": 32, "holder": {"id_type": "001", "id": "1"}}),
    ]
    keys = {
        "issuer": world.issuer(IDENTITY, 32),
        "window": world.key("window", 32),
        "citizen-app": world.key("citizen-app", 32),
    }
    for role, method, path, body in doors:
        assert code_of(world.ask(method, path, once="x", json=body)) == (401, "access.missing")
        assert code_of(world.ask(method, path, key="Bearer ek_x", once="x", json=body)) == (401, "access.unknown")
        for other, key in keys.items():
            if other != role:
                assert code_of(world.ask(method, path, key=key, once="x", json=body)) == (403, "access.role_refused")


def test_a_key_acts_for_its_own_region(world: World) -> None:
    holder = {"id_type": "001", "id": "320599198803070011"}
    body = {"region": 32, "holder": holder}

    minted = world.ask("POST", "/api/v1/codes", key=world.key("citizen-app", 31), json=body)
    redeemed = world.ask(
        "POST",
        "/api/v1/redemptions",
        key=world.key("window", 32),
        once="x",
        json={"code": "10000007", "use": use(division="310118")},
    )

    assert code_of(minted) == code_of(redeemed) == (403, "access.region")


def test_a_revoked_key_opens_nothing(world: World) -> None:
    key, database = world.issuer(IDENTITY, 32), world.house.floor.database
    (stored,) = list_keys(database)
    revoke_key(database, stored.id, now=int(world.time.now()))

    answer = world.ask("POST", "/api/v1/certificates", key=key, once="x", json=world.face(IDENTITY))

    assert code_of(answer) == (401, "access.revoked")


def test_a_large_body_is_read_only_for_whom_the_door_lets_in(world: World) -> None:
    path, spoilt = "/api/v1/certificates/batch", b'{"certificates": [' + b" " * 300_000
    headers = {"Content-Type": "application/json"}

    async def pieces() -> AsyncIterator[bytes]:
        yield spoilt

    def told(body: Any, key: str | None) -> tuple[int, str]:  # noqa: ANN401 - bytes, or pieces of unsaid length
        return code_of(world.ask("POST", path, key=key, once="x", content=body, headers=headers))

    assert told(spoilt, None) == told(pieces(), None) == (401, "access.missing")
    assert told(spoilt, world.key("window", 31)) == (403, "access.role_refused")
    assert told(spoilt, world.issuer(IDENTITY, 32)) == (422, "json.syntax")
    assert told(pieces(), world.issuer(IDENTITY, 32)) == (422, "json.syntax")

"""What a day's callers ask of a world at its doors, each with the key under which it may be asked for again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

    from tests.world import Issued, World

__all__ = ["ask_everything", "codes", "issue", "redeem", "stock"]


def stock(world: World) -> tuple[Issued, str, object]:
    """Issue and anchor what Mr Li needs; give his card, a code, his card's container, and the callers their keys."""
    card = world.issue(1)
    world.issue(24)
    world.settle()
    world.key("window", 31)
    return card, world.mint(card.holder)["text"], world.read(card)["certificate"]


def issue(world: World, key: str, *, number: int = 2) -> httpx.Response:
    """Ask for an identity card in Jiangsu."""
    body = world.face(1, number=number)
    return world.ask("POST", "/api/v1/certificates", key=world.issuer(1, 32), once=key, json=body)


def suspend(world: World, card: Issued, key: str) -> httpx.Response:
    """Ask for a suspension."""
    path, body = f"/api/v1/certificates/{card.licence_id}/status", {"action": "suspend", "reason": "lost"}
    return world.ask("POST", path, key=world.issuer(card.type_no, card.region), once=key, json=body)


def redeem(world: World, card: Issued, code: str, key: str) -> httpx.Response:
    """Redeem a code at a window in Qingpu."""
    return world.redeem(code, holder=card.holder, once=key)


def verify(world: World, card: Issued, container: object) -> httpx.Response:
    """Verify a file, which needs the replica alone."""
    holder = {"id_type": card.holder.id_type, "id": card.holder.id}
    body = {"container": container, "division": "310118", "holder": holder}
    return world.ask("POST", "/api/v1/verifications", json=body)


def ask_everything(world: World, card: Issued, code: str, container: object) -> dict[str, httpx.Response]:
    """Ask for everything at once: what waits for the same lock waits together."""
    with ThreadPoolExecutor() as callers:
        asked = {
            "issue": callers.submit(issue, world, "new-card"),
            "suspend": callers.submit(suspend, world, card, "suspension"),
            "redeem": callers.submit(redeem, world, card, code, "window"),
            "verify": callers.submit(verify, world, card, container),
        }
        return {name: answer.result() for name, answer in asked.items()}


def codes(answers: dict[str, httpx.Response]) -> dict[str, tuple[int, str]]:
    """Read each answer's status and its problem's code, or its verdict with the first reason."""
    return {name: (answer.status_code, _told(answer.json())) for name, answer in answers.items()}


def _told(body: dict[str, object]) -> str:
    match body:
        case {"code": str(code)}:
            return code
        case {"verdict": "accept"}:
            return "accept"
        case {"verdict": str(verdict), "reasons": [{"code": str(code)}, *_]}:
            return f"{verdict} {code}"
        case _:
            return "done"

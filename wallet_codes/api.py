"""The codes' doors: a region's app mints for its citizens, and shows them who used what."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import Field

from ecert.runtime.access import Caller, require
from ecert.runtime.bodies import Body, HolderRefBody
from ecert.runtime.clock import Clock
from ecert.runtime.strict_body import StrictRoute
from wallet_codes.home import Home
from wallet_codes.mint import MintedCode, MintRequest, mint
from wallet_codes.objections import OPEN, object_to
from wallet_codes.qr import draw_svg
from wallet_codes.usage import USE_ID, UseEntry, uses

__all__ = ["router"]

_App = Annotated[Caller, Depends(require("citizen-app"))]
_Region = Annotated[int, Field(ge=10, le=99)]
_UseId = Annotated[str, Path(pattern=USE_ID)]


class MintBody(Body):
    """What a citizen wants to show; `picture` asks for the code as SVG, captioned with `caption`."""

    region: _Region
    holder: HolderRefBody
    agent_for: HolderRefBody | None = None
    kind: Literal["online", "offline"] = "online"
    item: str | None = Field(default=None, max_length=40)
    types: list[Annotated[str, Field(max_length=21)]] = Field(default_factory=list, max_length=37)
    typed: bool = False
    picture: bool = False
    caption: str = Field(default="", max_length=60)

    def request(self) -> MintRequest:
        """Give what the use case takes."""
        return MintRequest(
            region=self.region,
            holder=self.holder.ref(),
            kind=self.kind,
            item=self.item,
            types=tuple(self.types),
            agent_for=None if self.agent_for is None else self.agent_for.ref(),
            typed=self.typed,
        )


class UsesBody(Body):
    """Whose uses; in a body, because an address would be logged."""

    region: _Region
    holder: HolderRefBody


class UseListBody(UsesBody):
    """From where on: `before` is the `id` of the last use that was listed."""

    before: str | None = Field(default=None, pattern=USE_ID)


class ObjectionBody(UsesBody):
    """An objection in the holder's words."""

    text: str = Field(max_length=500)


def router(home: Home, clock: Clock) -> APIRouter:
    """Build the doors over this deployment's home regions; every one is for a region's app."""
    doors = APIRouter(prefix="/api/v1", tags=["codes"], route_class=StrictRoute)

    @doors.post("/codes", status_code=201)
    def mint_code(body: MintBody, caller: _App) -> dict[str, Any]:
        """Mint a code for a holder who is at the app."""
        caller.hold(region=str(body.region))
        minted = mint(home, body.request(), now=int(clock.now()))
        return {**_code(minted), "svg": _drawn(minted, body.caption) if body.picture else None}

    @doors.post("/uses")
    def list_uses(body: UseListBody, caller: _App) -> dict[str, Any]:
        """List who used what of a holder, newest first, at most 100 at a time."""
        caller.hold(region=str(body.region))
        found = uses(home, region=body.region, holder=body.holder.ref(), before=body.before)
        return {"uses": [_use(each) for each in found]}

    @doors.post("/uses/{use_id}/objection", status_code=201)
    def object_to_use(use_id: _UseId, body: ObjectionBody, caller: _App) -> dict[str, str]:
        """Object to a use, once."""
        caller.hold(region=str(body.region))
        now, holder = int(clock.now()), body.holder.ref()
        object_to(home, region=body.region, holder=holder, use_id=use_id, text=body.text, now=now)
        return {"state": OPEN}

    return doors


def _code(minted: MintedCode) -> dict[str, Any]:
    return {
        "text": minted.text,
        "typed": minted.typed,
        "expires_at": minted.expires_at,
        "region": minted.region.number,
        "code": minted.region.code_zh,
    }


def _drawn(minted: MintedCode, caption: str) -> str:
    return draw_svg(minted.text, region=minted.region, caption=caption)


def _use(entry: UseEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": entry.at,
        "kind": entry.kind,
        "use": entry.use.wire(),
        "holder_match": entry.holder_match,
        "shown": [{"type": code, "elements": list(keys)} for code, keys in entry.shown],
        "objection": entry.objection,
    }

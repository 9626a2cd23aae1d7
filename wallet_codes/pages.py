"""/wallet, for a phone: what a citizen holds, a code for a chosen purpose that renews itself, and who used what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from markupsafe import Markup
from starlette.responses import Response

from ecert.domain.catalogue import by_code
from ecert.domain.errors import Malformed
from ecert.domain.items import ITEMS, Item, by_item_code
from ecert.domain.use import LEGAL_BASES
from ecert.runtime.shell import Filled, Lang, Visit, Visitor, face_rows, page_router
from wallet_codes.mint import MintedCode, MintRequest, mint
from wallet_codes.objections import LONGEST, object_to
from wallet_codes.qr import draw_svg
from wallet_codes.shelves import Citizen, Citizens, shelves
from wallet_codes.usage import MOST, USE_ID, UseEntry, uses

if TYPE_CHECKING:
    from wallet_codes.home import Home

__all__ = ["Wallet", "router"]

ROLE: Final = "citizen"

_ItemCode = Annotated[str, Query(alias="item", max_length=40)]
_Owner = Annotated[int, Query(alias="owner", ge=0, le=99)]
_UseId = Annotated[str, Path(pattern=USE_ID)]
_Before = Annotated[str | None, Query(pattern=USE_ID)]
_EARLY: Final = 5
"""Seconds before a code's end at which a page without scripts loads again."""


@dataclass(frozen=True, slots=True)
class Wallet:
    """What the pages work with."""

    home: Home
    citizens: Citizens

    def citizen(self, visit: Visit) -> Citizen:
        """Tell who is at the browser; NotAllowed("session.missing")."""
        return self.citizens.citizen(visit.role(ROLE))


def router(wallet: Wallet) -> APIRouter:
    """Build the pages over this deployment's home regions."""
    doors = page_router()

    @doors.get("/wallet")
    def certificates(visit: Visitor) -> Response:
        """List every certificate, and offer to show a code."""
        citizen = wallet.citizen(visit)
        return visit.page(
            "wallet/certificates.html",
            citizen=citizen,
            items=ITEMS.items.values(),
            shelves=shelves(wallet.home, citizen, now=visit.now),
            face_rows=face_rows,
        )

    @doors.get("/wallet/code")
    def code(visit: Visitor, item: _ItemCode = "", owner: _Owner = 0) -> Response:
        """Show a code, made for this moment; asked again, another one."""
        return _code(visit, wallet, item, owner, template="wallet/code.html")

    @doors.get("/wallet/code/fresh")
    def fresh_code(visit: Visitor, item: _ItemCode = "", owner: _Owner = 0) -> Response:
        """Give the next code alone, for the page that shows the last one."""
        return _code(visit, wallet, item, owner, template="wallet/fresh.html")

    @doors.get("/wallet/uses")
    def use_list(visit: Visitor, before: _Before = None) -> Response:
        """List who used what, newest first."""
        citizen = wallet.citizen(visit)
        entries = uses(wallet.home, region=citizen.region, holder=citizen.ref, before=before)
        earlier = entries[-1].id if len(entries) == MOST else None
        shown = [_entry(each) for each in entries]
        return visit.page("wallet/uses.html", entries=shown, before=before, earlier=earlier, longest=LONGEST)

    @doors.post("/wallet/uses/{use_id}/objection")
    def objection(visit: Visitor, form: Filled, use_id: _UseId) -> Response:
        """Object to a use, once."""
        citizen = wallet.citizen(visit)
        # Browsers end lines with CR LF in forms.
        text = form.text("text").replace("\r\n", "\n")
        object_to(wallet.home, region=citizen.region, holder=citizen.ref, use_id=use_id, text=text, now=visit.now)
        before = form.text("before")
        return visit.go(f"/wallet/uses?before={before}" if re.fullmatch(USE_ID, before) else "/wallet/uses")

    return doors


def _code(visit: Visit, wallet: Wallet, item_code: str, owner: int, *, template: str) -> Response:
    citizen = wallet.citizen(visit)
    item = by_item_code(item_code) if item_code else None
    if owner >= len(citizen.owners):
        raise Malformed("request.malformed", "owner")
    minted = mint(wallet.home, _request(citizen, item, owner), now=visit.now)
    seconds = minted.expires_at - visit.now
    return visit.page(
        template,
        item=item,
        owner=owner,
        name=citizen.owners[owner][0],
        minted=minted,
        seconds=seconds,
        reload_after=max(1, seconds - _EARLY),
        svg=_drawn(minted, item, visit.session.lang),
    )


def _request(citizen: Citizen, item: Item | None, owner: int) -> MintRequest:
    return MintRequest(
        region=citizen.region,
        holder=citizen.ref,
        item=None if item is None else item.code,
        agent_for=citizen.owners[owner][1] if owner else None,
        typed=True,
    )


def _drawn(minted: MintedCode, item: Item | None, lang: Lang) -> Markup:
    caption = "通用 · General" if item is None else {"zh": item.zh, "en": item.en}[lang]
    # The drawing escapes its texts itself.
    return Markup(draw_svg(minted.text, region=minted.region, caption=caption))  # noqa: S704 - our own drawing


def _entry(entry: UseEntry) -> dict[str, Any]:
    zh, en = LEGAL_BASES[entry.use.legal_basis]
    shown = [(by_code(code), [by_code(code).element(key) for key in keys]) for code, keys in entry.shown]
    use = entry.use
    # What was written down is shown in Chinese as it stands; the list gives the English of the same code.
    listed = ITEMS.items.get(use.item_code)
    item = {"zh": use.item_name, "en": listed.en if listed else use.item_name}
    return {"use": entry, "item": item, "basis": {"zh": zh, "en": en}, "shown": shown}

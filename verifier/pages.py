"""/desk, for a window: an item is chosen, a code scanned, and one word says what to do, with reasons and a receipt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from ecert.domain import ids
from ecert.domain.dates import civil_day
from ecert.domain.errors import Malformed, NotFound, VerificationFailed
from ecert.domain.holders import ID_TYPES, HolderRef, parse_holder_ref
from ecert.domain.reasons import explain
from ecert.domain.use import LEGAL_BASES, parse_use
from ecert.runtime.shell import Filled, Form, Visit, Visitor, page_router
from verifier.desk import BASES, Desk, Window, find_items, offered_item, scanned, serve
from verifier.receipts import verify_receipt
from verifier.redemptions import Redemption
from verifier.result import articles_of, certificates_of, explanation_of, is_away, needs_of

if TYPE_CHECKING:
    from ecert.domain.items import Item

__all__ = ["router"]

ROLE: Final = "clerk"

_Words = Annotated[str, Query(alias="q", max_length=80)]
_ItemCode = Annotated[str, Path(max_length=40)]
_ID_TYPES: Final = [(code, {"zh": zh, "en": en.capitalize()}) for code, (zh, en) in ID_TYPES.items()]


@dataclass(frozen=True, slots=True)
class _Station:
    visit: Visit
    window: Window
    item: Item


def router(desk: Desk) -> APIRouter:
    """Build the pages."""
    doors = page_router()

    @doors.get("/desk")
    def items(visit: Visitor, words: _Words = "") -> Response:
        """Choose the service item, by its code or any part of its name."""
        window = _window(desk, visit)
        return visit.page("desk/items.html", window=window, words=words, items=find_items(window, words))

    @doors.get("/desk/items/{code}")
    def counter(visit: Visitor, code: _ItemCode) -> Response:
        """Give the form of an item, ready for a scan."""
        return _form(_station(desk, visit, code))

    @doors.post("/desk/items/{code}")
    def answer(visit: Visitor, form: Filled, code: _ItemCode) -> Response:
        """Redeem and judge; what the clerk can mend comes back in the form."""
        station = _station(desk, visit, code)
        try:
            redemption = _redemption(desk, station, form)
        except Malformed as fault:
            return _form(station, form, fault)
        served = serve(desk, station.window, redemption, now=visit.now)
        return visit.page(
            "desk/result.html",
            window=station.window,
            item=station.item,
            use=redemption.use,
            report=served.report,
            explanation=explanation_of(served.report),
            articles=articles_of(served.report),
            is_away=is_away(served.report),
            needs=needs_of(served.report),
            certificates=certificates_of(served.report),
            receipt=served.receipt,
            again={**form.texts, "code": redemption.code},
        )

    @doors.post("/desk/receipt")
    def receipt(visit: Visitor, form: Filled) -> Response:
        """Hand a receipt out as a file, after its signature was verified; NotFound("desk_receipt.key")."""
        _window(desk, visit)
        desk.replica.refresh()
        text = form.text("receipt")
        try:
            found = verify_receipt(text, replica=desk.replica)
        except VerificationFailed:
            raise NotFound("desk_receipt.key") from None
        name = f"receipt-{civil_day(found.iat)}-{found.jti[:8]}.jws"
        return Response(
            text, media_type="application/jose", headers={"content-disposition": f'attachment; filename="{name}"'}
        )

    return doors


def _window(desk: Desk, visit: Visit) -> Window:
    return desk.windows.window(visit.role(ROLE))


def _station(desk: Desk, visit: Visit, code: str) -> _Station:
    window = _window(desk, visit)
    return _Station(visit, window, offered_item(window, code))


def _form(station: _Station, form: Form | None = None, fault: Malformed | None = None) -> Response:
    filled = {
        "case_number": f"DEMO-{station.visit.now}",
        "purpose": f"办理{station.item.zh}",
        "legal_basis": BASES[station.item.basis],
        "id_type": "001",
        "id": "",
        "key": ids.new_token(128),
    }
    if form is not None:
        filled |= {name: form.text(name) for name in filled if form.text(name)}
    return station.visit.page(
        "desk/counter.html",
        status=200 if fault is None else 422,
        window=station.window,
        item=station.item,
        filled=filled,
        fault=None if fault is None else explain(fault.code),
        full_width=explain("desk.full_width"),
        bases=[(code, {"zh": zh, "en": en}) for code, (zh, en) in LEGAL_BASES.items()],
        id_types=_ID_TYPES,
    )


def _redemption(desk: Desk, station: _Station, form: Form) -> Redemption:
    use = station.window.use(
        station.item,
        case_number=form.text("case_number").strip(),
        purpose=form.text("purpose").strip(),
        legal_basis=form.text("legal_basis"),
    )
    return Redemption(
        code=scanned(desk, text=form.text("code"), picture=form.files.get("picture", b"")),
        use=parse_use(use),
        holder=_holder(form),
        asker=f"window:{station.window.device}",
        idempotency_key=form.text("key"),
    )


def _holder(form: Form) -> HolderRef | None:
    number = form.text("id").strip()
    return parse_holder_ref({"id_type": form.text("id_type"), "id": number}) if number else None

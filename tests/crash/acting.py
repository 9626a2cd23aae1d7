"""Each kind of act done by its use case, and done again by whoever got no answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Final

import orjson

from ecert.app.delta import Delta
from ecert.app.demo.acts import queue
from ecert.app.demo.authorities import SEATS, Seat
from ecert.app.demo.founding import SINCE, issuing_suites
from ecert.app.demo.people import household
from ecert.app.demo.wants import Want
from ecert.app.wiring import House
from ecert.domain.errors import Conflict, NotFound
from ecert.domain.redeem import parse_response
from ecert.domain.use import parse_use
from issuer import (
    Authority,
    Change,
    Issued,
    IssueRequest,
    Once,
    change_many,
    establish,
    issue_many,
    once,
    renew,
    rotate_key,
)
from issuer.kept import read, update_mutable
from tests.crash.calling import partner
from tests.crash.notes import Act, Json
from tests.world import FIRST_DAY, ITEM, use
from verifier.presentations import Asking, verify_presentation
from wallet_codes import MintRequest, RedeemRequest, mint, object_to, redeem

__all__ = ["SUITE", "again", "perform", "want_of"]

SUITE: Final = "ES256"
REQUESTER: Final = "31"


def perform(house: House, act: Act) -> Json:
    """Do an act; return what its caller is told, as JSON has it."""
    return _ACTS[act.kind](house, act)


def again(house: House, act: Act) -> Json:
    """Do again what got no answer, as its caller would: with the same key, or until what is wanted stands."""
    match act.kind:
        case "rotate":
            return _register(house, act)
        case "mint":
            return None  # a code that nobody saw is nobody's
        case "object":
            try:
                return perform(house, act)
            except Conflict:
                return {}
        case _:
            return perform(house, act)


def want_of(about: Mapping[str, Json]) -> Want:
    """Read a wanted certificate."""
    return Want(about["type_no"], SUITE, about["region"], about["region"], about["number"])


def _once(house: House, act: Act) -> Once:
    region = act.about.get("region", 31)
    request = orjson.dumps(act.about, option=orjson.OPT_SORT_KEYS)
    return once(house.floor.vault, caller="crash", key=act.key, region=region, request=request)


def _issue(house: House, act: Act) -> Json:
    requests = [want_of(want).request(FIRST_DAY) for want in act.about["wants"]]
    return _issued(issue_many(house.issuer, requests, now=house.floor.now(), once=_once(house, act)), requests)


def _renew(house: House, act: Act) -> Json:
    request, now = want_of(act.about["want"]).request(FIRST_DAY), house.floor.now()
    return _issued([renew(house.issuer, act.about["licence_id"], request, now=now, once=_once(house, act))], [request])


def _issued(issued: Sequence[Issued], requests: Sequence[IssueRequest]) -> Json:
    return {"issued": [_one(each, request.authority) for each, request in zip(issued, requests, strict=True)]}


def _one(issued: Issued, authority: str) -> dict[str, str]:
    return {
        "licence_id": issued.licence_id,
        "authority": authority,
        "fingerprint": issued.fingerprint.hex(),
        "text": sha256(issued.text.encode()).hexdigest(),
    }


def _change(house: House, act: Act) -> Json:
    about, now = act.about, house.floor.now()
    at = now + about["later"] if about["later"] else None
    wanted = Change(about["licence_id"], about["action"], about["ground"], at)
    (told,) = change_many(house.issuer, [wanted], authority=about["authority"], now=now, once=_once(house, act))
    return {"status": told.status.name}


def _mutable(house: House, act: Act) -> Json:
    about = act.about
    authority, now = about["authority"], house.floor.now()
    update_mutable(house.issuer, about["licence_id"], about["elements"], authority=authority, now=now)
    return {}


def _rotate(house: House, act: Act) -> Json:
    seat = _seat(act)
    call = rotate_key(house.issuer, seat.uscc, suite=SUITE, now=house.floor.now())
    queue(Delta.alone(house), [(seat.region, call)])
    return {}


def _register(house: House, act: Act) -> Json:
    seat = _seat(act)
    wanted = Authority(seat.uscc, seat.region, seat.division, seat.name, issuing_suites(), seat.types, SINCE)
    queue(Delta.alone(house), [(seat.region, call) for call in establish(house.issuer, wanted, now=house.floor.now())])
    return {}


def _seat(act: Act) -> Seat:
    return next(seat for seat in SEATS if seat.uscc == act.about["authority"])


def _mint(house: House, act: Act) -> Json:
    holder = household(act.about["region"], act.about["number"]).people["husband"].ref
    request = MintRequest(act.about["region"], holder, typed=act.about["typed"])
    minted = mint(house.home, request, now=house.floor.now())
    return {"text": minted.text, "typed": minted.typed}


def _redeem(house: House, act: Act) -> Json:
    holder = household(act.about["region"], act.about["number"]).people["husband"].ref
    wanted = parse_use(use(item=act.about["item"]))
    request = RedeemRequest(act.about["text"], wanted, holder, REQUESTER, "key:test", act.key)
    response = redeem(house.home, request, now=house.floor.now())
    return {"response": response, "use_id": parse_response(response).claims.jti}


def _miss(house: House, act: Act) -> Json:
    wanted = parse_use(use(item=ITEM) | {"device": act.about["device"]})
    try:
        redeem(
            house.home,
            RedeemRequest("20000007", wanted, None, REQUESTER, f"key:{act.about['device']}", act.key),
            now=house.floor.now(),
        )
    except NotFound:
        return {}
    raise AssertionError("a code that was never minted was redeemed")


def _object(house: House, act: Act) -> Json:
    about = act.about
    holder = household(about["region"], about["number"]).people["husband"].ref
    now = house.floor.now()
    object_to(house.home, region=about["region"], holder=holder, use_id=about["use_id"], text="异议", now=now)
    return {}


def _subscribe(house: House, act: Act) -> Json:
    whose, url = partner(act.about["partner"]), f"https://{act.about['partner']}.example/told"
    made = house.callbacks.subscriptions.subscribe(whose, url, days=90, now=house.floor.now())
    return {"id": made.id}


def _accept(house: House, act: Act) -> Json:
    about, now = act.about, house.floor.now()
    try:
        subscription = house.callbacks.subscriptions.find(partner(about["partner"]), about["id"])
    except NotFound:
        return {"kept": 0}
    position, container = house.replica.position, read(house.issuer, about["licence_id"], authority=about["authority"])
    asking = Asking("310118", want_of(about["want"]).holder)
    report = verify_presentation(container.container, asking=asking, replica=house.replica, now=now)
    return {"kept": house.callbacks.accepting.keep(subscription, [report], position=position, now=now)}


def _end(house: House, act: Act) -> Json:
    with suppress(NotFound):  # somebody who got no answer asks again
        house.callbacks.subscriptions.end(partner(act.about["partner"]), act.about["id"])
    return {}


_ACTS: Final[Mapping[str, Callable[[House, Act], Json]]] = {
    "issue": _issue,
    "renew": _renew,
    "change": _change,
    "mutable": _mutable,
    "rotate": _rotate,
    "mint": _mint,
    "redeem": _redeem,
    "miss": _miss,
    "object": _object,
    "subscribe": _subscribe,
    "accept": _accept,
    "end": _end,
}

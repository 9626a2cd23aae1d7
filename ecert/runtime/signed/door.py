"""The door for signed requests: who signed, is it new, and an answer signed by the region that was asked.

    doors = APIRouter(route_class=SignedRoute)

A request without a signature passes on as it is, for doors that also take access keys; `require_region` and
`require_partner` let nobody in without one. The answer to whoever was let in is signed, problems too.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from sqlalchemy.exc import IntegrityError
from starlette.exceptions import HTTPException

from ecert.domain.errors import EcertError, NotAllowed
from ecert.domain.gateways import Gateway, PartnerGateway, RegionGateway
from ecert.domain.strict import b64url_decode
from ecert.runtime.access import guard
from ecert.runtime.problems import problem, request_id
from ecert.runtime.signed import store
from ecert.runtime.signed.messages import SKEW, FindKey, Message, Shown, authority_of, sign_answer, verify_request
from ecert.runtime.strict_body import StrictRoute

if TYPE_CHECKING:
    from ecert.domain.signer import Signer
    from ecert.runtime.clock import Clock
    from ecert.runtime.storage import Database

__all__ = ["Door", "SignedRoute", "require_partner", "require_region", "signed_by"]

_STATE: Final = "ecert.signed"
_KEPT: Final = 3 * SKEW
"""Seconds: a message that another clock took a minute early is still refused a minute late."""

_SIGNED_FIELDS: Final = ("content-digest", "signature-input", "signature")


@dataclass(frozen=True, slots=True)
class Door:
    """What the guard needs; the application keeps one as `app.state.door`. `signer` gives a region's gateway key."""

    database: Database
    clock: Clock
    public_url: str
    find_key: FindKey
    signer: Callable[[int], Signer]
    regions: tuple[int, ...]

    def admit(self, message: Message, body: bytes) -> Shown:
        """Verify a request and keep its nonce, durably; NotAllowed `gateway.replayed` beside what verifying raises."""
        now = int(self.clock.now())
        authority = authority_of(self.public_url)
        shown = verify_request(message, body=body, find_key=self.find_key, authority=authority, now=now)
        try:
            with self.database.transaction() as connection:
                store.add(connection, key=b64url_decode(shown.kid), nonce=shown.nonce, until=now + _KEPT)
        except IntegrityError:
            raise NotAllowed("gateway.replayed") from None
        return shown

    def purge(self, now: int) -> None:
        """Forget nonces that no clock would take again."""
        with self.database.transaction() as connection:
            store.purge(connection, now=now)

    def dress(self, message: Message, region: int, response: Response) -> None:
        """Sign an answer by the region's gateway key."""
        body, now = bytes(response.body), int(self.clock.now())
        signed = sign_answer(self.signer(region), message, status=response.status_code, headers={}, body=body, now=now)
        for name in _SIGNED_FIELDS:
            response.headers[name] = signed[name]


class SignedRoute(StrictRoute):
    """A route that verifies a signed request before anything else reads it, and signs its answer."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Put the guard before the strict reading."""
        serve = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            if "signature" not in request.headers and "signature-input" not in request.headers:
                return await serve(request)
            door, body = cast("Door", request.app.state.door), await request.body()
            message = _message(request)
            shown = request.scope[_STATE] = await run_in_threadpool(door.admit, message, body)
            response = await _served(serve, request)
            await run_in_threadpool(door.dress, message, _speaker(door, request, shown.gateway), response)
            return response

        return guarded


def signed_by(request: Request) -> Gateway | None:
    """Tell who signed the request; None where nobody did."""
    shown = request.scope.get(_STATE)
    return None if shown is None else cast("Shown", shown).gateway


@guard
def require_region(request: Request) -> RegionGateway:
    """Let regions' gateways in alone; NotAllowed `gateway.unsigned`, `gateway.not_region`."""
    match signed_by(request):
        case None:
            raise NotAllowed("gateway.unsigned")
        case RegionGateway() as gateway:
            return gateway
        case PartnerGateway():
            raise NotAllowed("gateway.not_region")


@guard
def require_partner(request: Request) -> PartnerGateway:
    """Let sponsored partners in alone; NotAllowed `gateway.unsigned`, `gateway.not_partner`."""
    match signed_by(request):
        case None:
            raise NotAllowed("gateway.unsigned")
        case PartnerGateway() as gateway:
            return gateway
        case RegionGateway():
            raise NotAllowed("gateway.not_partner")


async def _served(serve: Callable[[Request], Coroutine[Any, Any, Response]], request: Request) -> Response:
    try:
        return await serve(request)
    except (EcertError, RequestValidationError, HTTPException) as fault:
        return problem(fault, request=request_id(request.scope)).response()


def _message(request: Request) -> Message:
    """Read the request as it was signed: fields that came twice are one, joined (RFC 9110 section 5.3)."""
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Message(request.method, str(request.url), headers)


def _speaker(door: Door, request: Request, gateway: Gateway) -> int:
    """Name the region that answers: the one in the path, a partner's sponsor, or the first that is served here."""
    told = request.path_params.get("region", str(gateway.region))
    region = int(told) if str(told).isdigit() else 0
    return region if region in door.regions else min(door.regions)

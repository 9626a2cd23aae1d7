"""What every request passes before a room sees it: an id, a body limit, strict headers and a last resort.

Pure ASGI, so that the hot endpoint pays microseconds. Nothing that a room raises reaches the server's own log,
which would print the message.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from starlette.exceptions import HTTPException

from ecert.domain import ids
from ecert.runtime import problems

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    Observe: TypeAlias = Callable[[str, int, float], None]

BODY_LIMIT: Final = 256 * 1024
LARGE_BODY_LIMIT: Final = 16 * 1024 * 1024

_TOO_LARGE: Final = 413
_DIGITS: Final = 18
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; media-src 'self' blob:; manifest-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", _POLICY.encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(self), geolocation=(), microphone=()"),
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)


def furnish(
    app: FastAPI,
    *,
    large: tuple[str, ...] = (),
    page: problems.Page | None = None,
    observe: Observe | None = None,
) -> None:
    """Put the envelope, the body limit and the problem answers around `app`.

    Paths that begin with one of `large` may send 16 MB, all others 256 KB. `observe(route, status, seconds)` is
    told of every answer; `route` is the template ("/codes/{code}"), never the path.
    """
    problems.install(app, page=page)
    app.add_middleware(BodyLimit, large=large)
    app.add_middleware(Envelope, observe=observe)


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """Refuses a body by what it says of its size, and by the bytes that do arrive."""

    app: ASGIApp
    large: tuple[str, ...] = ()
    limit: int = BODY_LIMIT
    large_limit: int = LARGE_BODY_LIMIT

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 413 at once, or pass the request on and raise it where the body is read."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.large_limit if scope["path"].startswith(self.large) else self.limit
        if _claimed(scope) > limit:
            refused = problems.problem(HTTPException(_TOO_LARGE), request=problems.request_id(scope))
            await refused.response()(scope, receive, send)
            return
        arrived = 0

        async def counted() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > limit:
                raise HTTPException(_TOO_LARGE)
            return message

        await self.app(scope, counted, send)


@dataclass(frozen=True, slots=True)
class Envelope:
    """Gives the request its id, the answer its headers, and a defect its 500."""

    app: ASGIApp
    observe: Observe | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; nothing but a broken-off answer is raised from here."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = scope["ecert.request_id"] = ids.new_token(96)
        begun, status = time.perf_counter(), 0

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _dress(message, request)
            await send(message)

        try:
            await self.app(scope, receive, dressed)
        except Exception as error:  # noqa: BLE001  # the last resort: a server's log would print the message
            answer = problems.problem(error, request=request)
            if status:
                message = "the answer broke off"
                raise RuntimeError(message) from None
            await answer.response()(scope, receive, dressed)
        if self.observe:
            self.observe(_route(scope), status, time.perf_counter() - begun)


def _dress(message: Message, request: str) -> None:
    headers = list(message.get("headers", ()))
    said = {name for name, _ in headers}
    headers += (pair for pair in _HEADERS if pair[0] not in said)
    message["headers"] = [*headers, (b"x-request-id", request.encode())]


def _claimed(scope: Scope) -> int:
    for name, text in scope["headers"]:
        if name == b"content-length" and text.isdigit():
            return int(text[:_DIGITS])  # what is cut off says nothing new, and what arrives is counted
    return 0


def _route(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", "unmatched"))

"""JSON bodies at the door: one meaning each, whatever parser comes after (ecert.domain.strict).

    router = APIRouter(route_class=StrictRoute)

and every JSON body of that router is held to it before the framework's models, and so the API page, see it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute

from ecert.domain import strict
from ecert.domain.errors import Malformed
from ecert.runtime.web import BODY_LIMIT, LARGE_BODY_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from fastapi import Request
    from fastapi.responses import Response


async def read_json(request: Request, *, limit: int = LARGE_BODY_LIMIT, depth: int = 16) -> object:
    """Read the JSON body; Malformed `request.media_type` (415) or `json.*`."""
    if not _says_json(request):
        raise Malformed("request.media_type", "application/json is wanted")
    body = await request.body()
    if len(body) > BODY_LIMIT:  # seconds of work, and whoever sent it has shown no key yet: nobody else may wait for it
        return await run_in_threadpool(strict.loads, body, limit=limit, depth=depth)
    return strict.loads(body, limit=limit, depth=depth)


class StrictRoute(APIRoute):
    """A route whose JSON body has no duplicate key, no fraction, and at most 16 levels."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Put the strict reading before the framework's own."""
        serve = super().get_route_handler()

        async def held(request: Request) -> Response:
            if _says_json(request) and await request.body():
                await read_json(request)
            return await serve(request)

        return held


def _says_json(request: Request) -> bool:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json"))

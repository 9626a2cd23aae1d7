"""JSON bodies at the door: one meaning each, whatever parser comes after (ecert.domain.strict).

    router = APIRouter(route_class=StrictRoute)

and every JSON body of that router is held to it before the framework's models, and so the API page, see it. A large
one is read only for whom the door lets in: to parse 16 MB takes seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute

from ecert.domain import strict
from ecert.domain.errors import Malformed
from ecert.runtime.access.door import is_guard
from ecert.runtime.web import BODY_LIMIT, LARGE_BODY_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from fastapi import Request
    from fastapi.responses import Response


_DIGITS: Final = 18


async def read_json(request: Request, *, limit: int = LARGE_BODY_LIMIT, depth: int = 16) -> object:
    """Read the JSON body; Malformed `request.media_type` (415) or `json.*`."""
    if not _says_json(request):
        raise Malformed("request.media_type", "application/json is wanted")
    body = await request.body()
    if len(body) > BODY_LIMIT:  # seconds of work: nobody else may wait for it
        return await run_in_threadpool(strict.loads, body, limit=limit, depth=depth)
    return strict.loads(body, limit=limit, depth=depth)


class StrictRoute(APIRoute):
    """A route whose JSON body has no duplicate key, no fraction, at most 16 levels; guards come before a large one."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Put the strict reading before the framework's own."""
        serve = super().get_route_handler()
        guards = [each.call for each in self.dependant.dependencies if each.call and is_guard(each.call)]

        async def held(request: Request) -> Response:
            if _may_be_large(request):
                for guard in guards:
                    await run_in_threadpool(guard, request)
            if _says_json(request) and await request.body():
                await read_json(request)
            return await serve(request)

        return held


def _may_be_large(request: Request) -> bool:
    claimed = request.headers.get("content-length", "")
    return not claimed.isdigit() or int(claimed[:_DIGITS]) > BODY_LIMIT


def _says_json(request: Request) -> bool:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json"))

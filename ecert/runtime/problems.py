"""The one table from errors to what a caller reads: problem details, RFC 9457.

No answer and no log line repeats what was sent, for a body holds people. What nobody expected is a 500 whose
cause stands in the log by its kind and place alone.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from ecert.domain.errors import Conflict, EcertError, Malformed, NotAllowed, NotFound, Unavailable
from ecert.domain.reasons import explain
from ecert.runtime.logs import log, place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping

    from fastapi import FastAPI, Request
    from fastapi.responses import Response

MEDIA_TYPE: Final = "application/problem+json"

_ROOTS: Final[Mapping[type, int]] = {
    Malformed: 422,
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    Unavailable: 503,
}
# Codes for which RFC 9110 has a narrower status.
_CODES: Final = {
    "access.missing": 401,
    "access.unknown": 401,
    "access.revoked": 401,
    "request.too_large": 413,
    "request.media_type": 415,
    "partner.limit": 429,
}
_HTTP: Final = {404: "request.not_found", 405: "request.method", 413: "request.too_large"}
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}")


@dataclass(frozen=True, slots=True)
class Problem:
    """An answer: `body` has type, title (zh), title_en, detail, code, status, instance, perhaps errors."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """Make the HTTP answer, application/problem+json."""
        return JSONResponse(self.body, self.status, self.headers, MEDIA_TYPE)


Page: TypeAlias = "Callable[[Request, Problem], Response]"


def problem(error: Exception, *, request: str = "") -> Problem:
    """Find the answer to any error; `request` is the request's id. A defect is also written to the log."""
    match error:
        case EcertError():
            status = _CODES.get(error.code) or next(_ROOTS[kind] for kind in type(error).__mro__ if kind in _ROOTS)
            return _problem(error.code, status, request, headers=_headers(error, status), detail=error.detail)
        case RequestValidationError():
            return _problem("request.malformed", 422, request, errors=list(_places(error.errors())))
        case HTTPException():
            code = _HTTP.get(error.status_code, "request.refused")
            return _problem(code, error.status_code, request, headers=error.headers or {})
        case _:
            name, place = type(error).__name__, place_of(error)
            log("request.failed", level=logging.ERROR, error=name, place=place, request=request)
            return _problem("internal.error", 500, request)


def install(app: FastAPI, *, page: Page | None = None) -> None:
    """Answer every error of `app` by the table; where a browser wants HTML, by `page` if one is given."""

    async def answer(request: Request, error: Exception) -> Response:
        found = problem(error, request=request_id(request.scope))
        if page is None or "text/html" not in request.headers.get("accept", ""):
            return found.response()
        shown = page(request, found)
        shown.headers.update(found.headers)
        return shown

    for kind in (EcertError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, answer)


def request_id(scope: MutableMapping[str, Any]) -> str:
    """Return the id that the envelope gave to the request; empty outside of one."""
    return str(scope.get("ecert.request_id", ""))


def _problem(
    code: str, status: int, request: str, *, headers: Mapping[str, str] | None = None, **more: object
) -> Problem:
    reason = explain(code)
    body = {
        "type": f"urn:ecert:problem:{code}",
        "title": reason.zh,
        "title_en": reason.en,
        "status": status,
        "code": code,
        "instance": f"urn:ecert:request:{request}",
    }
    return Problem(status, body | {"detail": ""} | more, headers or {})


def _headers(error: EcertError, status: int) -> dict[str, str]:
    match error:
        case Unavailable():
            return {"Retry-After": str(error.retry_after)}
        case _ if status == 401:  # noqa: PLR2004  # RFC 9110 section 15.5.2 demands the challenge
            return {"WWW-Authenticate": 'Bearer realm="ecert"'}
        case _:
            return {}


def _places(errors: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    # Where and what kind, never what was sent: an unknown key is the sender's own text too.
    for error in errors:
        path = error["loc"][:-1] if error["type"] == "extra_forbidden" else error["loc"]
        yield {"at": ".".join(_safe(step) for step in path), "type": error["type"]}


def _safe(step: str | int) -> str:
    return str(step) if isinstance(step, int) or _NAME.fullmatch(step) else "*"

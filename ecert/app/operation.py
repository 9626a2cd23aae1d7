"""The operator's doors: /healthz (the process answers), /readyz (what is degraded, by name), /metrics (Prometheus).

They name no person and ask for no key: keep them, like the whole service, on loopback or behind mTLS.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from ecert.app.readiness import degraded, is_ready
from ecert.app.watching import Watch
from ecert.app.wiring import House
from ecert.domain.errors import Unavailable
from ecert.domain.reasons import explain
from ecert.runtime import problems
from ecert.runtime.metrics import CONTENT_TYPE

__all__ = ["router"]


def router(house: House, watch: Watch) -> APIRouter:
    """Build the doors."""
    doors = APIRouter(tags=["operation"])

    @doors.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Say that the process answers."""
        return {"state": "up"}

    @doors.get("/readyz", response_class=JSONResponse)
    def readyz(request: Request) -> Response:
        """Say what is degraded; 503 where no certificate can be judged."""
        found = _told(house)
        if is_ready(house):
            return JSONResponse({"state": "degraded" if found else "ready", "degraded": found})
        unready = problems.problem(Unavailable("operation.unready"), request=problems.request_id(request.scope))
        return replace(unready, body={**unready.body, "degraded": found}).response()

    @doors.get("/metrics", response_class=PlainTextResponse)
    def metrics() -> Response:
        """Give the counts in Prometheus' text format."""
        return Response(watch.text(), media_type=CONTENT_TYPE)

    return doors


def _told(house: House) -> list[dict[str, Any]]:
    reasons = ((each.name, explain(each.code)) for each in degraded(house))
    return [{"name": name, "code": reason.code, "zh": reason.zh, "en": reason.en} for name, reason in reasons]

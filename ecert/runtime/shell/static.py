"""The shell's style sheet and scripts: few, ours, and named by their content, so that browsers may keep them."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from ecert.domain.errors import NotFound
from ecert.runtime.shell.gate import hold_near

__all__ = ["address", "static_router"]

_MEDIA_TYPES: Final = {"css": "text/css", "js": "text/javascript"}
_YEAR: Final = 365 * 86_400


@dataclass(frozen=True, slots=True)
class _Static:
    content: bytes
    media_type: str
    version: str


def _load() -> dict[str, _Static]:
    found: dict[str, _Static] = {}
    for entry in (files("ecert.runtime") / "static").iterdir():
        ending = entry.name.rpartition(".")[2]
        if ending in _MEDIA_TYPES:
            content = entry.read_bytes()
            found[entry.name] = _Static(content, _MEDIA_TYPES[ending], sha256(content).hexdigest()[:12])
    return found


_FILES: Final = _load()


def address(name: str) -> str:
    """Give a static file's address; KeyError, our defect, where there is none of that name."""
    return f"/static/{_FILES[name].version}/{name}"


def static_router() -> APIRouter:
    """Build the door to the static files, behind the same gate as the pages."""
    doors = APIRouter(prefix="/static", include_in_schema=False, dependencies=[Depends(hold_near)])

    @doors.get("/{version}/{name}")
    async def static_file(version: str, name: str) -> Response:
        """Give one file in its present version."""
        found = _FILES.get(name)
        if found is None or found.version != version:
            raise NotFound("request.not_found")
        headers = {"cache-control": f"private, max-age={_YEAR}, immutable"}
        return Response(found.content, media_type=found.media_type, headers=headers)

    return doors

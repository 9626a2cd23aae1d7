"""The guard of a door: a dependency that lets one role in.

@router.post("/certificates")
def issue(caller: Annotated[Caller, Depends(require("issuer"))]) -> ...
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar, cast
from weakref import WeakSet

from fastapi import Request  # FastAPI reads the annotation at run time

from ecert.domain.errors import NotAllowed
from ecert.runtime.access.keys import Caller, Role, authenticate

if TYPE_CHECKING:
    from ecert.runtime.clock import Clock
    from ecert.runtime.storage import Database

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Access:
    """What the guard needs; the application keeps one as `app.state.access`."""

    db: Database
    clock: Clock


def require(*roles: Role) -> Callable[[Request], Caller]:
    """Make a dependency that returns the caller: 401 without a key that holds, 403 `access.role_refused`."""

    def caller(request: Request) -> Caller:
        access = cast("Access", request.app.state.access)
        found = authenticate(access.db, request.headers.get("authorization"), now=int(access.clock.now()))
        if found.role not in roles:
            raise NotAllowed("access.role_refused", found.role)
        return found

    return guard(caller)


def guard(call: Callable[[Request], T]) -> Callable[[Request], T]:
    """Mark a dependency as one that may be asked before a large body is read."""
    _GUARDS.add(call)
    return call


def is_guard(call: object) -> bool:
    """Tell whether a dependency was marked by `guard`."""
    return call in _GUARDS


_GUARDS: Final[WeakSet[Callable[[Request], object]]] = WeakSet()

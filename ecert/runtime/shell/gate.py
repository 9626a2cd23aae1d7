"""The pages' gate while there is no sign-in: this machine alone, by its own name, and through no proxy.

The Host header is held too: a foreign page whose name is made to resolve to 127.0.0.1 (DNS rebinding) sends its own.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

from fastapi import Request  # FastAPI reads the annotation at run time

from ecert.domain.errors import NotFound

__all__ = ["hold_near"]

_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_FORWARDING: Final = frozenset(
    {"forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip"},
)
_FORWARDED: Final = "x-forwarded-"
"""How a proxy's own headers begin, whatever else they are named."""


def hold_near(request: Request) -> None:
    """Raise NotFound("request.not_found") unless a browser on this machine asks this machine directly."""
    if not (_is_loopback(request) and _is_own_name(request)) or _is_forwarded(request):
        raise NotFound("request.not_found")


def _is_loopback(request: Request) -> bool:
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _is_own_name(request: Request) -> bool:
    name, colon, port = request.headers.get("host", "").lower().rpartition(":")
    host = name if colon and port.isdigit() else f"{name}{colon}{port}"
    return host in _NAMES


def _is_forwarded(request: Request) -> bool:
    names = {name.lower() for name in request.headers}
    return not names.isdisjoint(_FORWARDING) or any(name.startswith(_FORWARDED) for name in names)

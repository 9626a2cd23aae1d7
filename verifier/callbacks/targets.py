"""Where a callback may go: no partner's URL leads this deployment to an address that the open network cannot reach.

The URL is held when it is subscribed, and the addresses of its host each time that one is delivered: the connection is
then made to the very address that was judged, so a name that changes its mind in between gains nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from ecert.domain.errors import Malformed, NotAllowed

__all__ = ["Target", "Targets"]

Address: TypeAlias = IPv4Address | IPv6Address

_URL: Final = re.compile(r"https?://(?:[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")
_LONGEST: Final = 500
_HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_PORTS: Final = {"http": 80, "https": 443}
_CARRIERS: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("2002::/16"))
"""Prefixes that carry an IPv4 address to a translator: what they lead to cannot be judged here."""


@dataclass(frozen=True, slots=True)
class Target:
    """A parsed URL: what the connection is made to, and the path with its query."""

    scheme: str
    host: str
    port: int
    path: str


@dataclass(frozen=True, slots=True)
class Targets:
    """What this deployment lets callbacks go to: the open network, `networks`, and `loopback` in a demonstration."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    loopback: bool = False

    def parse(self, url: str) -> Target:
        """Read a URL; Malformed("callback.url"), NotAllowed("callback.address") for an address that may not be."""
        target = _parse(url)
        written = _written(target.host)
        if target.scheme != "https" and not (self.loopback and written is not None and written.is_loopback):
            raise Malformed("callback.url", "https is wanted")
        if written is not None:
            self.hold([written])
        return target

    def hold(self, addresses: Iterable[Address]) -> None:
        """Refuse all where one is refused; NotAllowed("callback.address")."""
        if not all(map(self._allows, addresses)):
            raise NotAllowed("callback.address")

    def _allows(self, address: Address) -> bool:
        plain = (isinstance(address, IPv6Address) and address.ipv4_mapped) or address
        if any(plain in each for each in self.networks):
            return True
        if plain.is_loopback:
            return self.loopback
        is_open = plain.is_global and not plain.is_multicast and not plain.is_reserved
        return is_open and not any(plain in each for each in _CARRIERS)


def _parse(url: str) -> Target:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Malformed("callback.url") from None
    host = parts.hostname or ""
    is_named = _HOST.fullmatch(host) or _written(host) is not None
    if len(url) > _LONGEST or not _URL.fullmatch(url) or not is_named or "@" in parts.netloc or port == 0:
        raise Malformed("callback.url")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], path)


def _written(host: str) -> Address | None:
    """Read a host that is an address itself."""
    with suppress(ValueError):
        return ip_address(host)
    return None

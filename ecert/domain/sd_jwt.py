"""Selective disclosure: values hidden behind salted digests, and put back one by one (RFC 9901).

    issuer-signed JWT ~ disclosure ~ disclosure ~ ... ~ [key-binding JWT]

A disclosure is base64url of `[salt, name, value]`, or `[salt, value]` for an array's entry; it may hold digests of
further disclosures (recursive, section 4.2.6). What was signed is kept as it came: nothing here serialises a parsed
value again.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from ecert.domain.errors import Malformed
from ecert.domain.strict import b64url_decode, b64url_encode, loads

__all__ = ["Disclosed", "SdJwt", "disclose", "hide_entry", "hide_member", "split"]

SD_ALG = "sha-256"
_SALT = 16
_LIMIT = 256 * 1024
_MOST = 1_000
_DEEPEST = 16
_JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_RESERVED = frozenset({"_sd", "...", "_sd_alg"})


@dataclass(frozen=True, slots=True)
class SdJwt:
    """The parts as they came: the issuer-signed JWT, the disclosures, and the key-binding JWT where there is one."""

    jwt: str
    disclosures: tuple[str, ...]
    key_binding: str | None

    def __str__(self) -> str:
        """Join the parts again, byte for byte (RFC 9901 section 4)."""
        return "~".join((self.jwt, *self.disclosures, self.key_binding or ""))


@dataclass(frozen=True, slots=True)
class Disclosed:
    """The payload with what was disclosed put in place, and which disclosures stand under each top path.

    `under` maps `(container, name or entry number)` to the numbers of the disclosures that a value needs, its own
    first.
    """

    claims: Mapping[str, Any]
    under: Mapping[tuple[str, str | int], tuple[int, ...]]


def hide_member(name: str, value: object) -> tuple[str, str]:
    """Hide an object's member behind a fresh 128-bit salt: return (disclosure, digest)."""
    return _hide([b64url_encode(secrets.token_bytes(_SALT)), name, value])


def hide_entry(value: object) -> tuple[str, str]:
    """Hide an array's entry: return (disclosure, digest); the array holds `{"...": digest}` in its place."""
    return _hide([b64url_encode(secrets.token_bytes(_SALT)), value])


def _hide(parts: list[object]) -> tuple[str, str]:
    disclosure = b64url_encode(orjson.dumps(parts))
    return disclosure, digest(disclosure)


def digest(disclosure: str) -> str:
    """Digest a disclosure over its ASCII text as it stands (section 4.2.3)."""
    return b64url_encode(hashlib.sha256(disclosure.encode("ascii")).digest())


def split(text: str) -> SdJwt:
    """Take a compact SD-JWT apart; Malformed("sd_jwt.*") where it is none. Bounded in size and in disclosures."""
    if not isinstance(text, str) or len(text) > _LIMIT or not text.isascii():
        raise Malformed("sd_jwt.size", f"ASCII text of at most {_LIMIT} characters is expected")
    jwt, *rest = text.split("~", _MOST + 2)
    if not rest:
        raise Malformed("sd_jwt.form", "an SD-JWT ends with a tilde or a key-binding JWT")
    *disclosures, binding = rest
    if len(disclosures) > _MOST:
        raise Malformed("sd_jwt.disclosures", f"at most {_MOST} disclosures")
    if not all(disclosures):
        raise Malformed("sd_jwt.form", "an empty disclosure")
    if binding and not _JWT.fullmatch(binding):
        raise Malformed("sd_jwt.form", "what follows the last tilde is no key-binding JWT")
    return SdJwt(jwt, tuple(disclosures), binding or None)


def disclose(claims: Mapping[str, Any], disclosures: Iterable[str]) -> Disclosed:
    """Put the disclosures in place (section 7.1, steps 3 and 4); Malformed("sd_jwt.*") for one twice or stray."""
    table: dict[str, tuple[int, list[Any]]] = {}
    for number, disclosure in enumerate(disclosures):
        parts = loads(b64url_decode(disclosure), limit=_LIMIT)
        if not isinstance(parts, list) or len(parts) not in (2, 3) or not isinstance(parts[0], str):
            raise Malformed("sd_jwt.disclosure", "a salt, perhaps a name, and a value are expected")
        if table.setdefault(digest(disclosure), (number, parts))[0] != number:
            raise Malformed("sd_jwt.repeated", "a disclosure stands twice")
    walk = _Walk(table)
    placed = walk.members(claims)
    if walk.seen != len(table):
        raise Malformed("sd_jwt.stray", "a disclosure belongs to no digest")
    return Disclosed(placed, walk.under)


class _Walk:
    """One pass over a payload; counts digests so that none is used twice (section 7.1 step 4)."""

    def __init__(self, table: Mapping[str, tuple[int, list[Any]]]) -> None:
        self.table = table
        self.digests: set[str] = set()
        self.seen = 0
        self.under: dict[tuple[str, str | int], tuple[int, ...]] = {}
        self.path: list[str | int] = []

    def find(self, claimed: object) -> tuple[int, list[Any]] | None:
        if not isinstance(claimed, str) or claimed in self.digests:
            raise Malformed("sd_jwt.digest", "a digest is no text, or stands twice")
        self.digests.add(claimed)
        found = self.table.get(claimed)
        if found is not None:
            self.seen += 1
        return found

    def members(self, value: Mapping[str, Any]) -> dict[str, Any]:
        placed: dict[str, Any] = {}
        for name, member in value.items():
            if name == "..." or (name == "_sd_alg" and self.path):
                raise Malformed("sd_jwt.reserved", "a member named '...', or an _sd_alg that is not at the top")
            if name not in _RESERVED:
                placed[name] = self.step(name, member)
        digests = value.get("_sd", [])
        if not isinstance(digests, list):
            raise Malformed("sd_jwt.digest", "_sd is an array")
        for claimed in digests:
            found = self.find(claimed)
            if found is None:
                continue
            number, parts = found
            if len(parts) != 3 or not isinstance(parts[1], str):  # noqa: PLR2004 — salt, name, value
                raise Malformed("sd_jwt.disclosure", "an object's member has a name")
            name = parts[1]
            if name in _RESERVED or name in placed:
                raise Malformed("sd_jwt.reserved", "a disclosed name is reserved or taken")
            placed[name] = self.enter(number, name, parts[2])
        return placed

    def entries(self, value: list[Any]) -> list[Any]:
        placed: list[Any] = []
        for entry in value:
            if isinstance(entry, dict) and "..." in entry:
                if len(entry) != 1:
                    raise Malformed("sd_jwt.digest", "a hidden entry has its digest alone")
                found = self.find(entry["..."])
                if found is None:
                    continue
                number, parts = found
                if len(parts) != 2:  # noqa: PLR2004 — salt, value
                    raise Malformed("sd_jwt.disclosure", "an array's entry has no name")
                placed.append(self.enter(number, len(placed), parts[1]))
            else:
                placed.append(self.step(len(placed), entry))
        return placed

    def enter(self, number: int, name: str | int, value: object) -> object:
        top = (str(self.path[0]) if self.path else "", self.path[1] if len(self.path) > 1 else name)
        self.under[top] = (*self.under.get(top, ()), number)
        return self.step(name, value)

    def step(self, name: str | int, value: object) -> object:
        # A disclosure may hold another's digest, a thousand times over: what each may nest is not what all may.
        if len(self.path) >= _DEEPEST:
            raise Malformed("sd_jwt.depth", f"deeper than {_DEEPEST}")
        self.path.append(name)
        try:
            if isinstance(value, dict):
                return self.members(value)
            if isinstance(value, list):
                return self.entries(value)
            return value
        finally:
            self.path.pop()

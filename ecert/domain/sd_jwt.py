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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from ecert.domain.errors import Malformed
from ecert.domain.strict import b64url_decode, b64url_encode, loads

__all__ = ["Disclosed", "SdJwt", "disclose", "hide_entry", "hide_member", "split"]

SD_ALG = "sha-256"
_SALT = 16
_LIMIT = 256 * 1024
_MOST = 1_000
_DEEPEST = 16
_JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")
_RESERVED = frozenset({"_sd", "...", "_sd_alg"})
_Numbered: TypeAlias = tuple[int, list[Any]]
_Path: TypeAlias = tuple[str | int, ...]


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


def disclose(claims: Mapping[str, Any], disclosures: Sequence[str]) -> Disclosed:
    """Put the disclosures in place (section 7.1, steps 3 and 4); Malformed("sd_jwt.*") for one twice or stray."""
    table: dict[str, _Numbered] = {}
    for number, disclosure in enumerate(disclosures):
        parts = loads(b64url_decode(disclosure), limit=_LIMIT)
        if not isinstance(parts, list) or len(parts) not in (2, 3) or not isinstance(parts[0], str):
            raise Malformed("sd_jwt.disclosure", "a salt, perhaps a name, and a value are expected")
        table[digest(disclosure)] = number, parts
    if len(table) != len(disclosures):
        raise Malformed("sd_jwt.repeated", "a disclosure stands twice")
    walk = _Walk(table)
    placed = walk.members(claims, ())
    if not table.keys() <= walk.digests:
        raise Malformed("sd_jwt.stray", "a disclosure belongs to no digest")
    return Disclosed(placed, walk.under)


class _Walk:
    """One pass over a payload; keeps the digests so that none is used twice (section 7.1 step 4)."""

    def __init__(self, table: Mapping[str, _Numbered]) -> None:
        self.table = table
        self.digests: set[str] = set()
        self.under: dict[tuple[str, str | int], tuple[int, ...]] = {}

    def found(self, digests: object) -> list[_Numbered]:
        if not isinstance(digests, list) or not set(map(type, digests)) <= {str}:
            raise Malformed("sd_jwt.digest", "digests are texts, and those of members an array")
        fresh = set(digests)
        if len(fresh) != len(digests) or not self.digests.isdisjoint(fresh):
            raise Malformed("sd_jwt.digest", "a digest stands twice")
        self.digests |= fresh
        return [self.table[claimed] for claimed in digests if claimed in self.table]

    def members(self, value: Mapping[str, Any], path: _Path) -> dict[str, Any]:
        placed: dict[str, Any] = {}
        for name, member in value.items():
            if name not in _RESERVED:
                placed[name] = self.shown(member, path, name) if isinstance(member, (dict, list)) else member
            elif name == "..." or (name == "_sd_alg" and path):
                raise Malformed("sd_jwt.reserved", "a member named '...', or an _sd_alg that is not at the top")
        for number, parts in self.found(value["_sd"]) if "_sd" in value else ():
            if len(parts) != 3 or not isinstance(parts[1], str):  # noqa: PLR2004 — salt, name, value
                raise Malformed("sd_jwt.disclosure", "an object's member has a name")
            name = parts[1]
            if name in _RESERVED or name in placed:
                raise Malformed("sd_jwt.reserved", "a disclosed name is reserved or taken")
            placed[name] = self.hidden(number, parts[2], path, name)
        return placed

    def entries(self, value: list[Any], path: _Path) -> list[Any]:
        placed: list[Any] = []
        for entry in value:
            if not isinstance(entry, dict) or "..." not in entry:
                placed.append(self.shown(entry, path, len(placed)))
                continue
            if len(entry) != 1:
                raise Malformed("sd_jwt.digest", "a hidden entry has its digest alone")
            for number, parts in self.found([entry["..."]]):
                if len(parts) != 2:  # noqa: PLR2004 — salt, value
                    raise Malformed("sd_jwt.disclosure", "an array's entry has no name")
                placed.append(self.hidden(number, parts[1], path, len(placed)))
        return placed

    def hidden(self, number: int, value: object, path: _Path, name: str | int) -> object:
        top = (str(path[0]), path[1] if len(path) > 1 else name) if path else ("", name)
        self.under[top] = (*self.under.get(top, ()), number)
        return self.shown(value, path, name)

    def shown(self, value: object, path: _Path, name: str | int) -> object:
        if not isinstance(value, (dict, list)):
            return value
        # A disclosure may hold another's digest, a thousand times over: what each may nest is not what all may.
        if len(path) >= _DEEPEST:
            raise Malformed("sd_jwt.depth", f"deeper than {_DEEPEST}")
        inner = (*path, name)
        return self.members(value, inner) if isinstance(value, dict) else self.entries(value, inner)

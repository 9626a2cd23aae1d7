"""What the members vote on, as calls and back as words; docs/contracts.md, "Who may do what".

A proposal carries a call as bytes, and the Consortium looks at its selector alone. Words are therefore shown only for
bytes that are exactly what those words encode to: nobody votes on something else than what was read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Final

from eth_hash.auto import keccak

from ecert.domain.errors import Malformed
from ledger.directory import Directory
from ledger.port import Call

__all__ = [
    "ROLES",
    "admit",
    "appoint",
    "execute",
    "heal",
    "propose",
    "read_motion",
    "release",
    "remove",
    "role_name",
    "validators",
    "vote",
]

ROLES: Mapping[str, bytes] = MappingProxyType({name: keccak(name.encode()) for name in ("trust", "anchor", "status")})
"""The directory's roles by their names."""

_WORD = 32
_MOTIONS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "admitMember": ("admit", {"member": "uint32", "name": "string", "admin": "address"}),
    "removeMember": ("remove", {"member": "uint32"}),
    "healAdmin": ("heal", {"member": "uint32", "admin": "address"}),
    "appointContract": ("appoint", {"role": "bytes32", "address": "address"}),
    "publishRelease": ("release", {"name": "string", "version": "string", "sha256": "bytes32", "from": "uint64"}),
    "setValidators": ("validators", {"members": "uint32[]", "keys": "bytes32[]"}),
}
_MOST: Final = 64


def admit(d: Directory, *, member: int, name: str, admin: bytes) -> Call:
    """Admit a region, with its admin's address (20 bytes)."""
    return d.call("Consortium", "admitMember", member, name, admin)


def remove(d: Directory, *, member: int) -> Call:
    """Remove a region."""
    return d.call("Consortium", "removeMember", member)


def heal(d: Directory, *, member: int, admin: bytes) -> Call:
    """Give a region another admin in place of a lost one."""
    return d.call("Consortium", "healAdmin", member, admin)


def appoint(d: Directory, *, role: str, address: bytes) -> Call:
    """Let a contract succeed the one that holds the role (a key of `ROLES`)."""
    return d.call("Consortium", "appointContract", ROLES[role], address)


def release(d: Directory, *, name: str, version: str, sha256: bytes, effective_from: int) -> Call:
    """Publish a version of a shared list by its SHA-256."""
    return d.call("Consortium", "publishRelease", name, version, sha256, effective_from)


def validators(d: Directory, *, members: Sequence[int], keys: Sequence[bytes]) -> Call:
    """Put the validators, each a member's with its ed25519 key, in place of those in force."""
    return d.call("Consortium", "setValidators", tuple(members), tuple(keys))


def propose(d: Directory, *, action: bytes, expires_at: int) -> Call:
    """Propose an encoded action; proposing is not voting."""
    return d.call("Consortium", "propose", action, expires_at)


def vote(d: Directory, *, number: int) -> Call:
    """Vote for a proposal."""
    return d.call("Consortium", "vote", number)


def execute(d: Directory, *, number: int) -> Call:
    """Run a proposal that has votes of more than two thirds of the members."""
    return d.call("Consortium", "execute", number)


def read_motion(d: Directory, action: bytes, *, encode: Callable[[Call], bytes]) -> dict[str, object] | None:
    """Put a proposed action into words: `do`, then its arguments; None where the bytes are not exactly one of six."""
    for function, (word, fields) in _MOTIONS.items():
        if action.startswith(_selector(function, fields)):
            # Read leniently: whether the words say what would run, their own encoding decides.
            with suppress(IndexError, UnicodeDecodeError, Malformed):
                values = [_value(action[4:], _WORD * place, kind) for place, kind in enumerate(fields.values())]
                if encode(d.call("Consortium", function, *values)) == action:
                    return {"do": word, **dict(zip(fields, values, strict=True))}
    return None


def role_name(role: bytes) -> str:
    """Name a role of the directory; one that this release does not know is told in hexadecimal."""
    return next((name for name, digest in ROLES.items() if digest == role), "0x" + role.hex())


def _selector(function: str, fields: Mapping[str, str]) -> bytes:
    return keccak(f"{function}({','.join(fields.values())})".encode())[:4]


def _value(body: bytes, place: int, kind: str) -> object:
    word = body[place : place + _WORD]
    if len(word) < _WORD:
        raise IndexError
    match kind:
        case "uint32[]" | "bytes32[]":
            return _values(body, int.from_bytes(word, "big"), kind.removesuffix("[]"))
        case "string":
            start = int.from_bytes(word, "big")
            length = int.from_bytes(body[start : start + _WORD], "big")
            return body[start + _WORD : start + _WORD + length].decode("utf-8")
        case "address":
            return word[12:]
        case "bytes32":
            return word
        case _:
            return int.from_bytes(word, "big")


def _values(body: bytes, start: int, kind: str) -> tuple[object, ...]:
    count = int.from_bytes(body[start : start + _WORD], "big")
    if count > _MOST:
        raise IndexError
    return tuple(_value(body, start + _WORD * (place + 1), kind) for place in range(count))

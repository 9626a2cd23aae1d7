"""Everything that a region can do on chain, as calls; `ledger.sending` signs and queues them (docs/contracts.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ecert.domain.ids import division_to_int
from ledger.directory import ACCOUNT_ROLES, Directory
from ledger.port import Call

__all__ = [
    "MOST_INDICES",
    "add_key",
    "allow_account",
    "create_status_list",
    "declare_compromised",
    "dissolve_authority",
    "end_sponsorship",
    "grant",
    "recognise",
    "register_authority",
    "revoke_key",
    "set_status",
    "sponsor_partner",
    "withdraw_grant",
]

MOST_INDICES: Final = 2_000
"""How many indices `set_status` is given at once: about 20 million gas (docs/contracts.md, Gas)."""

_TRUST = "TrustRegistry"


def allow_account(d: Directory, *, region: int, role: str, address: bytes, allowed: bool) -> Call:
    """Let an account (20 bytes) act for the region in a role: anchor, audit or status."""
    return d.call("Consortium", "setAccount", region, ACCOUNT_ROLES[role], address, allowed)


def register_authority(d: Directory, *, uscc: str, division: str, name: str, not_before: int) -> Call:
    """Register an issuing authority of a division of the sender's region."""
    return d.call(_TRUST, "registerAuthority", _uscc(uscc), division_to_int(division), name, not_before)


def dissolve_authority(d: Directory, *, uscc: str, at: int, successor: str | None) -> Call:
    """End an authority; a successor must be registered already."""
    return d.call(_TRUST, "dissolveAuthority", _uscc(uscc), at, _uscc(successor))


def add_key(
    d: Directory,
    *,
    region: int,
    owner: str | None,
    suite: str,
    purpose: str,
    spki: bytes,
    not_before: int,
    not_after: int | None,
) -> Call:
    """Register a public key (SPKI DER) of an authority, or of the region itself (`owner` None)."""
    end = not_after or 0
    return d.call(_TRUST, "addKey", region, _uscc(owner), suite, purpose, spki, not_before, end, bytes(32))


def revoke_key(d: Directory, *, region: int, owner: str | None, key_id: bytes, at: int) -> Call:
    """Revoke a key from a time on."""
    return d.call(_TRUST, "revokeKey", region, _uscc(owner), key_id, at)


def declare_compromised(d: Directory, *, region: int, owner: str | None, key_id: bytes, since: int) -> Call:
    """Say since when somebody else may have signed with a key."""
    return d.call(_TRUST, "declareCompromised", region, _uscc(owner), key_id, since)


def grant(d: Directory, *, uscc: str, types: Iterable[str], since: int) -> Call:
    """Let an authority issue types from a time on."""
    return d.call(_TRUST, "grant", _uscc(uscc), _types(types), since)


def withdraw_grant(d: Directory, *, uscc: str, types: Iterable[str], until: int) -> Call:
    """End an authority's right to issue types."""
    return d.call(_TRUST, "withdrawGrant", _uscc(uscc), _types(types), until)


def recognise(d: Directory, *, accepting: str, cells: Sequence[tuple[str, str, bool]], since: int) -> Call:
    """Say which (type, issuing division) an accepting division takes, and which not, from a time on."""
    types = _types(type_code for type_code, _, _ in cells)
    issuing = [division_to_int(division) for _, division, _ in cells]
    accepted = [accepts for _, _, accepts in cells]
    return d.call(_TRUST, "recognise", division_to_int(accepting), types, issuing, accepted, since)


def sponsor_partner(
    d: Directory,
    *,
    region: int,
    uscc: str,
    name: str,
    gateway_key: bytes,
    items: Sequence[str],
    until: int | None,
) -> Call:
    """Sponsor a partner: its gateway's key (SPKI DER), the items that it may use, and until when."""
    return d.call(_TRUST, "sponsorPartner", region, _uscc(uscc), name, gateway_key, list(items), until or 0)


def end_sponsorship(d: Directory, *, region: int, uscc: str) -> Call:
    """End a sponsorship."""
    return d.call(_TRUST, "endSponsorship", region, _uscc(uscc))


def create_status_list(d: Directory, *, region: int, number: int, size: int) -> Call:
    """Open the region's next status list of `size` certificates."""
    return d.call("StatusRegistry", "createList", region, number, size)


def set_status(
    d: Directory, *, region: int, number: int, indices: Iterable[int], status: int, effective_at: int
) -> Call:
    """Change many indices of one list to one status."""
    return d.call("StatusRegistry", "setStatus", region, number, sorted(indices), status, effective_at)


def _uscc(uscc: str | None) -> bytes:
    return (uscc or "").encode("ascii").ljust(18, b"\0")


def _types(types: Iterable[str]) -> list[bytes]:
    return [type_code.encode("ascii") for type_code in types]

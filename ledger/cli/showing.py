"""The consortium as this deployment's replica tells it: members, contracts, proposals, releases and the head's age."""

from __future__ import annotations

from collections.abc import Iterable

from ecert.domain.dates import format_instant
from ecert.domain.errors import Malformed
from ecert.domain.trust import Proposal
from ledger import motions
from ledger.acting import Acting
from ledger.directory import CONTRACTS

__all__ = ["consortium_shown", "motion_shown"]


def consortium_shown(acting: Acting) -> dict[str, object]:
    """Tell the whole state, as JSON has it; times are RFC 3339, addresses and digests 0x and hexadecimal."""
    acting.replica.refresh()
    trust, header, now = acting.replica.trust, acting.replica.header, acting.now()
    members = [member for member in trust.members.values() if member.removed is None]
    present = {member.region for member in members}
    return {
        "chain": {
            "chain_id": header.chain_id,
            "genesis": _hex(header.genesis),
            "consortium": _hex(header.consortium),
        },
        "head": {
            "number": header.head.number,
            "hash": _hex(header.head.hash),
            "time": _time(header.head.time),
            "age_seconds": now - header.head.time,
        },
        "members": [
            {"region": str(m.region), "name": m.name, "admin": _hex(m.admin), "admitted": _time(m.admitted)}
            for m in sorted(members, key=lambda m: m.region)
        ],
        "contracts": [_contract(*entry) for entry in _in_force(trust.directory)],
        "votes_needed": len(present) * 2 // 3 + 1,
        "proposals": [_proposal(acting, p, present, now) for _, p in sorted(trust.proposals.items())],
        "releases": [
            {"name": r.name, "version": r.version, "sha256": _hex(r.sha256), "from": _time(r.effective_from.when)}
            for r in trust.releases
        ],
    }


def motion_shown(acting: Acting, action: bytes) -> dict[str, object]:
    """Tell a proposed action in words; bytes that are not exactly one of the six are told as such."""
    words = motions.read_motion(acting.directory, action, encode=acting.encode)
    if words is None:
        return {"do": "unreadable", "bytes": _hex(action)}
    return {key: _shown(key, value) for key, value in words.items()}


def _shown(key: str, value: object) -> object:
    match key, value:
        case "role", bytes():
            return motions.role_name(value)
        case "from", int():
            return _time(value)
        case "member", int():
            return str(value)
        case _, tuple():
            return [_hex(one) if isinstance(one, bytes) else str(one) for one in value]
        case _, bytes():
            return _hex(value)
        case _:
            return value


def _proposal(acting: Acting, proposal: Proposal, present: set[int], now: int) -> dict[str, object]:
    late = "expired" if now > proposal.expires_at else "open"
    return {
        "id": proposal.id,
        "region": str(proposal.region),
        "action": motion_shown(acting, proposal.action),
        "expires": _time(proposal.expires_at),
        "votes": [str(region) for region in sorted(proposal.votes & present)],
        "state": "executed" if proposal.executed else late,
    }


def _in_force(directory: Iterable[tuple[bytes, bytes, int]]) -> Iterable[tuple[bytes, bytes, int]]:
    """Keep the newest entry of each role: the others were succeeded."""
    return {role: (role, address, block) for role, address, block in directory}.values()


def _contract(role: bytes, address: bytes, block: int) -> dict[str, object]:
    name = CONTRACTS.get(role, "-")
    return {"role": motions.role_name(role), "name": name, "address": _hex(address), "from_block": block}


def _time(unix: int) -> str:
    """Write an instant; a member may have proposed one that no calendar holds."""
    try:
        return format_instant(unix)
    except Malformed:
        return str(unix)


def _hex(raw: bytes) -> str:
    return "0x" + raw.hex()

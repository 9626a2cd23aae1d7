"""Readiness: what is degraded, by name. One judgement for /readyz, for /metrics and so for every alert.

A degraded part stops what needs it and nothing else: with the database away files are still verified. Only a replica by
which no type may be judged makes the whole unready.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ecert.app.audits import newest_break, unproved
from ecert.app.lists import released, shared_lists
from ecert.app.rounds import Rounds
from ecert.app.wiring import House
from ecert.domain.catalogue import CATALOGUE
from ecert.domain.errors import EcertError
from ledger.backlog import backlog
from ledger.port import HasValidators
from verifier.subject import AHEAD

__all__ = ["PARTS", "Degraded", "degraded", "is_ready"]

ROUND_LIMIT: Final = 60
OUTBOX_LIMIT: Final = 600
PROOF_LIMIT: Final = 3600
QUIET_HEARTBEATS: Final = 3
DISK_LIMIT: Final = 1 << 30
"""Seconds, seconds, seconds, heartbeats without a block, bytes free under ECERT_HOME."""

_FRESH: Final = CATALOGUE.strictest
_USABLE: Final = CATALOGUE.most_patient


@dataclass(frozen=True, slots=True)
class Degraded:
    """A part that does not do all that it should, and the code that says why."""

    name: str
    code: str


def degraded(house: House) -> tuple[Degraded, ...]:
    """Judge every part now; asks this deployment's own database, keys, disk and memory, and nobody else."""
    return tuple(Degraded(name, code) for name, why in _CHECKS.items() if (code := why(house)) is not None)


def is_ready(house: House) -> bool:
    """Tell whether any certificate can be judged: the replica is young enough for some type, and not ahead."""
    house.replica.refresh()
    return -AHEAD <= _age(house) <= _USABLE


def _age(house: House) -> float:
    return house.replica.age(house.floor.clock.now())


def _replica(house: House) -> str | None:
    house.replica.refresh()
    if _age(house) < -AHEAD:
        return "replica.clock"
    return "replica.stale" if _age(house) > _FRESH else None


def _database(house: House) -> str | None:
    return _fault(lambda: backlog(house.floor.database, ()))


def _keys(house: House) -> str | None:
    return _fault(house.floor.keys.names)


def _rounds(house: House) -> str | None:
    if not isinstance(house.rounds, Rounds):
        return None  # another process of this deployment goes round, and says it
    if house.floor.now() - house.rounds.finished <= ROUND_LIMIT:
        return None
    return house.rounds.fault or "operation.rounds_late"


def _chain(house: House) -> str | None:
    if not isinstance(house.rounds, Rounds):
        return None
    head = house.rounds.follower.head
    limit = QUIET_HEARTBEATS * house.floor.settings.heartbeat
    return "operation.chain_quiet" if head is None or house.floor.now() - head.time > limit else None


def _validators(house: House) -> str | None:
    match house.floor.ledger:
        case HasValidators() as network:
            return None if all(each.is_up for each in network.validators()) else "operation.validators_away"
    return None  # an embedded chain has none


def _outbox(house: House) -> str | None:
    try:
        oldest = backlog(house.floor.database, house.floor.regions).oldest()
    except EcertError:
        return None  # `database` says it
    return "operation.outbox_waiting" if oldest is not None and house.floor.now() - oldest > OUTBOX_LIMIT else None


def _audit(house: House) -> str | None:
    is_forged = any(newest_break(house, region) for region in house.replica.forged_logs)
    return "operation.audit_forged" if is_forged else None


def _proofs(house: House) -> str | None:
    oldest = max((unproved(house, region).age for region in house.replica.audit_logs), default=0)
    return "operation.audit_unproved" if oldest > PROOF_LIMIT else None


def _releases(house: House) -> str | None:
    ours, theirs = shared_lists(), released(house.replica.trust, now=house.floor.now())
    if any(name in theirs and theirs[name] != digest for name, digest in ours.items()):
        return "operation.release_differs"
    return None if ours.keys() <= theirs.keys() else "operation.release_missing"


def _disk(house: House) -> str | None:
    return "operation.disk_low" if shutil.disk_usage(house.floor.settings.home).free < DISK_LIMIT else None


def _fault(attempt: Callable[[], object]) -> str | None:
    try:
        attempt()
    except EcertError as fault:
        return fault.code
    return None


_CHECKS: Final[Mapping[str, Callable[[House], str | None]]] = MappingProxyType(
    {
        "replica": _replica,
        "database": _database,
        "keys": _keys,
        "rounds": _rounds,
        "chain": _chain,
        "validators": _validators,
        "outbox": _outbox,
        "audit": _audit,
        "proofs": _proofs,
        "releases": _releases,
        "disk": _disk,
    }
)
PARTS: Final = tuple(_CHECKS)
"""The names that can be degraded."""

"""Judging: whether each anchored root of an audit log continues the one before (docs/spec/audit.md).

The region that keeps the log is asked for the proof. What does not continue is recorded against it for ever. No answer
is no proof of anything: the root waits unjudged, which readiness and metrics tell, and the region is asked again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from ecert.domain.errors import EcertError, Malformed, Unavailable, VerificationFailed
from ecert.domain.merkle import verify_consistency
from ecert.runtime.logs import log
from ecert.runtime.rests import rest_after
from ledger.replica import Batch, ReplicaWriter

__all__ = ["ConsistencyProofs", "Judging"]

_TURN: Final = 3.0
_FIRST_REST: Final = 1.0
_LONGEST_REST: Final = 60.0


class ConsistencyProofs(Protocol):
    """Where a region's audit log is kept: asked for a proof that one anchored root continues another."""

    def consistency(self, *, region: int, first: int, second: int) -> list[bytes]:
        """Return the RFC 9162 section 2.1.4 path between two sizes.

        Unavailable where the region does not answer, or not with a path; NotFound where it denies having such a log.
        """


@dataclass(frozen=True, slots=True)
class _Asked:
    """When a region may be asked again, and how often in a row it did not answer."""

    due: float = 0.0
    silences: int = 0


_NEVER: Final = _Asked()


@dataclass(slots=True)
class Judging:
    """Judges what a replica followed; `clock` gives seconds that only rise."""

    writer: ReplicaWriter
    proofs: ConsistencyProofs
    clock: Callable[[], float] = time.monotonic
    _asked: dict[int, _Asked] = field(default_factory=dict)

    def turn(self) -> None:
        """Judge what is there, for three seconds at most: batches wait meanwhile. The next turn goes on from here.

        Who was asked longest ago comes first, and who did not answer rests, up to a minute: so neither a region that is
        away nor a slow one keeps the others' roots unjudged.
        """
        begun = self.clock()
        for region in sorted(self.writer.reader.audit_logs, key=self._due):
            if self._due(region) <= begun:
                self._judge(region, until=begun + _TURN)

    def _due(self, region: int) -> float:
        return self._asked.get(region, _NEVER).due

    def _judge(self, region: int, *, until: float) -> None:
        batches = self.writer.reader.audit_logs[region]
        for place in range(self.writer.reader.judged_logs.get(region, 0), len(batches)):
            if self.clock() >= until:
                return
            # The first of all roots continues nothing.
            holds = place == 0 or self._continues(region, batches[place - 1], batches[place])
            self._note(region, is_silent=holds is None)
            if holds is None:
                return
            if not holds:
                log("audit.forged", level=logging.WARNING, region=str(region), batch=place + 1)
            self.writer.note_audit("AuditProved" if holds else "AuditForged", region=region, number=place + 1)
            self.writer.commit()

    def _note(self, region: int, *, is_silent: bool) -> None:
        silences = self._asked.get(region, _NEVER).silences + 1 if is_silent else 0
        rest = rest_after(silences, first=_FIRST_REST, longest=_LONGEST_REST) if is_silent else 0.0
        self._asked[region] = _Asked(self.clock() + rest, silences)

    def _continues(self, region: int, first: Batch, second: Batch) -> bool | None:
        """Tell whether a root continues the one before; None while the region that keeps the log is away."""
        try:
            path = self.proofs.consistency(region=region, first=first.size, second=second.size)
        except Unavailable:
            return None
        except EcertError:
            return False  # it answers that it has no such log, which it anchored
        try:
            verify_consistency(
                first=first.size,
                second=second.size,
                first_root=first.root,
                second_root=second.root,
                path=path,
                hash_alg=second.hash_alg,
            )
        except (VerificationFailed, Malformed):
            return False
        return first.hash_alg == second.hash_alg

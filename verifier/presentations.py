"""Use case: verify a file or presentation; replica only, so it may run in an event loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ecert.domain.errors import Malformed
from ecert.domain.holders import HolderRef
from ecert.domain.items import by_item_code
from ecert.domain.receipt import Container, read_certificate
from ledger.replica import Replica
from verifier.evidence import Presented, Question, ask
from verifier.findings import Group, invalid
from verifier.report import Report, report_on
from verifier.subject import Situation
from verifier.verify import verify

__all__ = ["Asking", "verify_file", "verify_presentation"]


@dataclass(frozen=True, slots=True)
class Asking:
    """What a caller asks beside the certificate: a parsed division, and what else it names."""

    division: str
    holder: HolderRef | None = None
    at: int | None = None
    known_at: int | None = None
    item: str | None = None

    def question(self, now: int) -> Question:
        """Put the question; Malformed("question.future")."""
        return ask(
            division=self.division,
            now=now,
            at=self.at,
            known_at=self.known_at,
            holder=self.holder,
            item=self.item,
        )


def verify_presentation(container: Container, *, asking: Asking, replica: Replica, now: int) -> Report:
    """Judge one certificate; Malformed("question.future"), NotFound("item.unknown")."""
    item = by_item_code(asking.item) if asking.item else None
    situation = Situation(replica, asking.question(now), now)
    evidence = Presented(container.sd_jwt, container.receipt)
    judged = verify(evidence, question=situation.question, replica=replica, now=now)
    return report_on([judged], situation=situation, assurance="full", item=item)


def verify_file(data: bytes | str | dict[str, Any], *, asking: Asking, replica: Replica, now: int) -> Report:
    """Judge a container, as text or as JSON read before, or a bare SD-JWT.

    What is neither is refused in a report, with its parser's code.
    """
    try:
        container = read_certificate(data)
    except Malformed as fault:
        situation = Situation(replica, asking.question(now), now)
        return report_on((), situation=situation, assurance="full", findings=(invalid(Group.FORM, fault.code),))
    return verify_presentation(container, asking=asking, replica=replica, now=now)

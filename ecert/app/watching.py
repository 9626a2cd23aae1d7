"""What an operator watches: every metric of a deployment, filled as it works or read when it is asked for.

Labels are routes, codes, regions and names of parts; nothing of a person can come in. docs/operations.md says what each
alert over them means.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass, field

from ecert.app.audits import newest_break, unproved
from ecert.app.readiness import PARTS, degraded
from ecert.app.rounds import Rounds
from ecert.app.wiring import House
from ecert.domain.errors import EcertError
from ecert.runtime.metrics import Counter, Gauge, Histogram, Registry
from ledger.backlog import backlog
from ledger.port import HasMetrics, HasValidators
from verifier.findings import Verdict
from verifier.report import Report

__all__ = ["Watch"]


@dataclass(slots=True)
class Watch:
    """The metrics of one house; `observe` and `judged` are told as things happen, `text` reads the rest."""

    house: House
    registry: Registry = field(default_factory=Registry)
    _answers: Counter = field(init=False)
    _seconds: Histogram = field(init=False)
    _verdicts: Counter = field(init=False)
    _reasons: Counter = field(init=False)
    _gauges: dict[str, Gauge] = field(init=False)

    def __post_init__(self) -> None:
        """Make every metric, so that each is told from the first answer on."""
        counter, gauge = self.registry.counter, self.registry.gauge
        self._answers = counter("ecert_answers_total", "Answers given, by route and status.")
        self._seconds = self.registry.histogram("ecert_answer_seconds", "Time to answer, by route.")
        self._verdicts = counter("ecert_verdicts_total", "Verdicts given, by assurance.")
        self._reasons = counter("ecert_verdict_reasons_total", "Why verdicts were not accept, by code.")
        self._gauges = {name: gauge(f"ecert_{name}", meaning) for name, meaning in _GAUGES.items()}
        refused = self.house.anchoring.refused
        self.registry.keep("ecert_batches_refused_total", "Batches that the contract refused, by its error.", refused)
        if isinstance(self.house.floor.ledger, HasMetrics):
            self.house.floor.ledger.measure(self.registry)

    def observe(self, route: str, status: int, taken: float) -> None:
        """Count an answer and its time, seconds."""
        self._answers.add(route=route, status=str(status))
        self._seconds.observe(taken, route=route)

    def judged(self, report: Report) -> None:
        """Count a verdict; of one that is not accept also its reasons."""
        self._verdicts.add(verdict=report.verdict.value, assurance=report.assurance)
        if report.verdict is not Verdict.ACCEPT:
            for reason in report.reasons:
                self._reasons.add(verdict=report.verdict.value, code=reason.code)

    def text(self) -> str:
        """Read what stands now and write everything; what cannot be read now keeps its last number."""
        found = {each.name for each in degraded(self.house)}
        for part in PARTS:
            self._set("degraded", part in found, part=part)
        self._follow()
        with suppress(EcertError):  # `degraded` says that the database is away
            self._wait()
        self._validate()
        self._set("home_free_bytes", shutil.disk_usage(self.house.floor.settings.home).free)
        return self.registry.text()

    def _follow(self) -> None:
        house, now = self.house, self.house.floor.clock.now()
        house.replica.refresh()
        self._set("replica_age_seconds", house.replica.age(now))
        self._set("replica_block", house.replica.head.number)
        self._set("replica_bytes", house.replica.header.end)
        for region in house.replica.trust.members:
            self._audit(region)
        if isinstance(house.rounds, Rounds):
            self._round(house.rounds, now)

    def _audit(self, region: int) -> None:
        waiting = unproved(self.house, region)
        self._set("audit_break", newest_break(self.house, region), region=str(region))
        self._set("audit_unproved", waiting.count, region=str(region))
        self._set("audit_unproved_age_seconds", waiting.age, region=str(region))

    def _round(self, rounds: Rounds, now: float) -> None:
        self._set("round_age_seconds", now - rounds.finished)
        for code, count in tuple(rounds.faults.items()):
            self._set("round_faults", count, code=code)
        head = rounds.follower.head
        if head is not None:
            self._set("chain_head_block", head.number)
            self._set("chain_head_age_seconds", now - head.time)

    def _wait(self) -> None:
        now, waiting = self.house.floor.now(), backlog(self.house.floor.database, self.house.floor.regions)
        for region, each in waiting.outbox.items():
            self._set("outbox_waiting", each.count, region=str(region))
            self._set("outbox_age_seconds", 0 if each.oldest is None else now - each.oldest, region=str(region))
        self._set("transactions_waiting", waiting.transactions.count)
        count, oldest, given_up = self.house.callbacks.delivery.waiting()
        self._set("callbacks_waiting", count)
        self._set("callbacks_age_seconds", 0 if oldest is None else now - oldest)
        self._set("callbacks_given_up", given_up)

    def _validate(self) -> None:
        match self.house.floor.ledger:
            case HasValidators() as network:
                known = network.validators()
                self._set("validators_known", len(known))
                self._set("validators_seen", sum(each.is_up for each in known))
                for each in known:
                    self._set("validator_block", each.block or 0, validator=each.name)

    def _set(self, name: str, number: float, **labels: str) -> None:
        self._gauges[name].set(number, **labels)


_GAUGES = {
    "degraded": "1 for a part that /readyz names as degraded.",
    "replica_age_seconds": "Seconds since the newest block followed.",
    "replica_block": "The newest block followed.",
    "replica_bytes": "Bytes of the replica's file that count.",
    "audit_break": "The newest audit root that does not continue the one before, by region; 0: none, or agreed on.",
    "audit_unproved": "Audit roots that wait for their region's proof, by region.",
    "audit_unproved_age_seconds": "Seconds since the oldest of them was anchored, by region.",
    "round_age_seconds": "Seconds since a round of anchoring and following went well.",
    "round_faults": "Rounds that failed since the start, by code.",
    "chain_head_block": "The ledger's newest final block.",
    "chain_head_age_seconds": "Seconds since the ledger's newest final block.",
    "outbox_waiting": "Fingerprints that are in no batch yet, by region.",
    "outbox_age_seconds": "Seconds that the oldest of them has waited, by region.",
    "transactions_waiting": "Signed transactions that are not final.",
    "callbacks_waiting": "Callbacks to partners that were not taken yet.",
    "callbacks_age_seconds": "Seconds that the oldest of them has waited.",
    "callbacks_given_up": "Callbacks given up, of the subscriptions that stand.",
    "validators_known": "Validators that ECERT_LEDGER names; none on an embedded chain.",
    "validators_seen": "Those of them that answer.",
    "validator_block": "The newest block heard of from a validator; 0 for none.",
    "home_free_bytes": "Bytes free on the disk of ECERT_HOME.",
}

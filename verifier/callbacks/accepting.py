"""Keeping what was accepted under a subscription: identifier, fingerprint, place in a status list; nothing of a person.

Only what was accepted now is kept, by what a certificate itself says of its end and by the subscription's days. What
the list's changes were when it was judged is part of it, so that no change between verdict and writing is lost.
Written name: `callback.accept`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from ecert.domain.errors import Unavailable
from ecert.runtime.storage import Database
from ledger.replica import Replica
from verifier.callbacks.noting import write_events
from verifier.callbacks.store import acceptances as rows
from verifier.callbacks.store.acceptances import Acceptance
from verifier.callbacks.store.subscriptions import Subscription
from verifier.findings import Verdict
from verifier.report import CertificateReport, Report

__all__ = ["Accepting"]

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Accepting:
    """Keeps what partners accepted, by a deployment's replica."""

    database: Database
    replica: Replica

    def keep(self, subscription: Subscription, reports: Iterable[Report], *, position: int, now: int) -> int | None:
        """Keep every certificate that was accepted, durably; return how many, None where it cannot be done just now.

        `position` is the replica's from before the certificates were judged.
        """
        found = {each.fingerprint: each for each in self._accepted(subscription, reports, position, now)}
        try:
            if found:
                with self.database.transaction() as connection:
                    self._write(connection, sorted(found.values(), key=lambda each: each.fingerprint), now)
        except (Unavailable, IntegrityError):  # IntegrityError: it was ended meanwhile
            return None
        return len(found)

    def purge(self, now: int) -> None:
        """Forget what has had its time."""
        with self.database.transaction() as connection:
            rows.purge(connection, now=now)

    def _accepted(
        self, subscription: Subscription, reports: Iterable[Report], position: int, now: int
    ) -> Iterable[Acceptance]:
        for report in reports:
            is_now = report.question.at is None and report.question.known_at is None
            for each in report.certificates if is_now else ():
                kept = self._acceptance(subscription, each, position, now)
                if kept is not None:
                    yield kept

    def _acceptance(
        self, subscription: Subscription, told: CertificateReport, position: int, now: int
    ) -> Acceptance | None:
        subject = told.subject
        if told.verdict is not Verdict.ACCEPT or subject is None or subject.certificate is None:
            return None
        place, until = subject.status, now + subscription.days * _DAY
        return Acceptance(
            subscription=subscription.id,
            fingerprint=subject.certificate.fingerprint,
            licence=str(subject.certificate.licence),
            region=place.region,
            number=place.number,
            place=place.index,
            counted=self.replica.counted(region=place.region, number=place.number, until=position) or 0,
            until=until if subject.exp is None else min(until, subject.exp),
        )

    def _write(self, connection: Connection, accepted: list[Acceptance], now: int) -> None:
        """Hold every list first, in one order, so that nobody waits for one who waits for him."""
        counted = {each.list: each.counted for each in accepted}
        for name in sorted(counted):
            rows.open_list(connection, name, counted=counted[name])
        noted = {name: rows.share(connection, name) for name in sorted(counted)}
        rows.purge(connection, now=now)  # what has had its time was not told of: it is as new
        new = rows.add(connection, accepted)
        rows.prolong(connection, accepted)
        for each in accepted:
            if each.fingerprint in new and noted[each.list] > each.counted:
                self._catch_up(connection, each, noted[each.list], now)

    def _catch_up(self, connection: Connection, each: Acceptance, noted: int, now: int) -> None:
        """Tell of what others noted between the verdict and this writing."""
        self.replica.refresh()
        changes = self.replica.changes(region=each.region, number=each.number, after=each.counted)
        for ordinal, change in enumerate(changes[: noted - each.counted], each.counted + 1):
            if each.place in change.indices:
                height = self.replica.head.number
                write_events(connection, [each], change, ordinal=ordinal, height=height, now=now)

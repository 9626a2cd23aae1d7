"""A sponsor's callbacks over the small world: a partner, its subscription, a clock, and a way to accept and deliver."""

from __future__ import annotations

import runpy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import load_der_public_key

from ecert.app.migrations import migrate
from ecert.domain.gateways import PartnerGateway
from ecert.domain.receipt import Container
from ecert.runtime.storage import Database, open_database
from tests.databases import url_of
from tests.unit.verifier.build import LI, Issued, World, signer
from verifier.callbacks import (
    Accepting,
    Callbacks,
    Delivery,
    Noting,
    Posting,
    Subscription,
    Subscriptions,
    Targets,
    Whose,
)
from verifier.presentations import Asking, verify_presentation
from verifier.report import Report

__all__ = ["CLIENT", "PARTNER", "Sponsor", "open_sponsor"]

CLIENT = runpy.run_path(str(Path(__file__).parents[3] / "docs/partners/client.py"))
PARTNER = PartnerGateway(31, "ES256", b"", "91350100M000100Y43", "示例平台", ("EC-0101",))


@dataclass
class Sponsor:
    """Everything of callbacks; `now` is what the clock says, `ended` whose sponsorship has ended."""

    world: World
    database: Database
    posting: Posting = field(default_factory=lambda: Posting(Targets(loopback=True), timeout=60.0))
    now: int = 0
    ended: set[Whose] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.now = self.now or self.world.now

    @property
    def callbacks(self) -> Callbacks:
        """Whatever a process has: it keeps nothing of its own in memory."""
        return Callbacks(
            Subscriptions(self.database, self.posting.targets, (31,)),
            Accepting(self.database, self.world.replica),
            Noting(self.database, self.world.replica),
            Delivery(
                self.database,
                self.posting,
                lambda _region: signer("gateway"),
                self.ended.__contains__,
                lambda: self.now,
            ),
        )

    def subscribe(self, url: str, *, days: int = 90) -> Subscription:
        return self.callbacks.subscriptions.subscribe(PARTNER, url, days=days, now=self.now)

    def judge(self, *issued: Issued) -> tuple[list[Report], int]:
        """Verify; return the reports, and how far the replica was before."""
        position = self.world.replica.position
        asking = Asking("310118", LI.ref)
        return [
            verify_presentation(
                Container(str(each.sd_jwt), each.receipt),
                asking=asking,
                replica=self.world.replica,
                now=self.world.now,
            )
            for each in issued
        ], position

    def accept(self, subscription: Subscription, *issued: Issued) -> int | None:
        """Verify and keep what was accepted."""
        reports, position = self.judge(*issued)
        return self.callbacks.accepting.keep(subscription, reports, position=position, now=self.now)

    def change(self, index: int, *statuses: int) -> None:
        """Let the chain change a certificate, and note it."""
        for status in statuses:
            self.world.status(index, status)
        self.note()

    def note(self) -> None:
        self.callbacks.noting.once(self.now)

    def deliver(self) -> int:
        return self.callbacks.delivery.once()

    def inbox(self, url: str) -> Any:  # noqa: ANN401 - a class of the client's file
        return CLIENT["Inbox"](url, load_der_public_key(signer("gateway").spki))


def open_sponsor(folder: Path, world: World) -> Sponsor:
    database = open_database(url_of(folder / "called.sqlite"))
    migrate(database)
    return Sponsor(world, database)

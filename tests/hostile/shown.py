"""One small certificate and every way to show it, with a question that accepts it as it stands.

    showing = Showing(folder)
    showing.file(showing.container)      # -> Verdict.ACCEPT

A verdict on a code is that of its certificates: the item asks for a second one, which is not what is tried here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecert.domain.errors import EcertError
from ecert.domain.receipt import Container, format_container
from ecert.domain.signer import key_id
from ledger.replica import open_replica
from tests.unit.verifier.build import LI, World, signer
from tests.unit.verifier.home import CODE, USE, HomeRegion, ask, entry, offline_code, shown
from verifier.findings import Verdict
from verifier.presentations import Asking, verify_file

if TYPE_CHECKING:
    from pathlib import Path

    from ecert.domain.trust import KeyRecord
    from ledger.replica import Batch
    from verifier.report import Report

ASKING = Asking("310118", LI.ref)
LEAVES = 5


class Showing:
    """A certificate of two elements and one holder, the third of five leaves of the newest batch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.world = World(folder)
        others = [self.world.issue(index=9 + number) for number in range(LEAVES - 1)]
        self.issued_index = 7
        own = self.world.issue(index=self.issued_index)
        self.issued = self.world.anchor(*others[:2], own, *others[2:])[2]
        assert self.issued.receipt is not None
        self.receipt = self.issued.receipt
        self.sd_jwt = str(self.issued.sd_jwt)
        self.container = format_container(Container(self.sd_jwt, self.receipt))
        self.offline = offline_code(self.world, entry(self.issued, elements={}))

    def file(self, data: bytes | str) -> Verdict:
        """Judge a container's bytes or a bare SD-JWT."""
        return verify_file(data, asking=ASKING, replica=self.world.replica, now=self.world.now).verdict

    def answer(self) -> str:
        """Give a home region's signed redeem response, fresh."""
        home = HomeRegion(self.world, shown=(shown(self.issued),))
        requester, now = USE.organisation, self.world.now
        return home.redeem(
            text=CODE, use=USE, holder=LI.ref, requester=requester, asker="key:1", idempotency_key="k", now=now
        )

    def online(self, text: str) -> set[Verdict]:
        """Judge a redeem response's certificates."""
        return _verdicts(ask(HomeRegion(self.world, text=text), code=CODE, holder=LI.ref))

    def without_network(self, text: str) -> set[Verdict]:
        """Judge an offline code's certificates."""
        return _verdicts(ask(HomeRegion(self.world), code=text, holder=LI.ref))

    def stored(self, folder: Path) -> Verdict | str:
        """Judge the container by the replica file in `folder`; an error's code where there is no reading it."""
        try:
            replica = open_replica(folder)
        except EcertError as fault:
            return fault.code
        return verify_file(self.container, asking=ASKING, replica=replica, now=self.world.now).verdict

    def key(self, name: str) -> KeyRecord:
        """Give the trusted record of a key of the world."""
        (record,) = self.world.replica.trust.keys_of(key_id(signer(name).spki))
        return record

    def trust(self, record: KeyRecord) -> None:
        """Put a record where the replica keeps the one of that name."""
        self.world.replica.trust.keys[record.region, record.owner, record.key_id] = record

    @property
    def batches(self) -> dict[tuple[int, int, int], tuple[Batch, ...]]:
        """The replica's batches, to be changed and put back."""
        return self.world.replica._batches


def _verdicts(report: Report) -> set[Verdict]:
    return {certificate.verdict for certificate in report.certificates}

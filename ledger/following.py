"""Following: every final block, in order and whole, into this deployment's replica (docs/spec/replica.md).

For each block: (1) its parent is the block followed before, (2) the events of every contract of the directory are
taken, from the block of its appointment on, (3) each contract's running event hash, recomputed from them, equals the
one in the contract's own slots at the end of the stretch, and (4) only then does the stretch count. What does not hold
stops the follower, by name; the replica ages and says so. Then the new roots of audit logs are judged (ledger.judging).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ecert.domain.errors import Unavailable
from ledger.chronicle import EMPTY, Chronicle, extend
from ledger.directory import CONTRACTS
from ledger.judging import Judging
from ledger.port import Event, FinalBlock, Head, Ledger
from ledger.replica import ReplicaWriter

__all__ = ["Follower"]

STRETCH = 500


@dataclass(slots=True)
class Follower:
    """Reads a ledger into a replica. `judging` None leaves audit logs unjudged (a verify-only deployment may).

    `head` is the ledger's newest final block when it was last asked, whether or not it could be followed.
    """

    ledger: Ledger
    writer: ReplicaWriter
    consortium: bytes
    judging: Judging | None = None
    head: Head | None = None

    def step(self) -> int:
        """Follow up to the ledger's head; return how many blocks were taken. Unavailable("replica.*" | "ledger.*")."""
        try:
            taken = self._follow()
            if self.judging is not None:
                self.judging.turn()
        except BaseException:
            self.writer.roll_back()
            raise
        return taken

    def _follow(self) -> int:
        taken = 0
        self.head = self.ledger.head()
        target = self.head.number
        while (done := self.writer.header.head.number) < target:
            taken += self._stretch(done + 1, min(done + STRETCH, target))
        return taken

    def _stretch(self, first: int, last: int) -> int:
        contracts = self._contracts()
        chronicles: dict[bytes, Chronicle] = {}
        taken = 0
        for passing in self.ledger.blocks(first=first, last=last, contracts=contracts):
            block = passing
            appointed = _appointed(block.events).items() - contracts.items()
            if appointed:
                # A contract may speak in the very block that appoints it: the block is read again with it.
                contracts.update(appointed)
                (block,) = self.ledger.blocks(first=block.number, last=block.number, contracts=contracts)
            self._hold_link(block)
            self._extend(chronicles, block.events)
            self.writer.add(block)
            taken += 1
            if appointed:
                break
        self._hold_chronicles(chronicles, contracts)
        self.writer.add_chronicles(chronicles)
        self.writer.commit()
        return taken

    def _contracts(self) -> dict[bytes, str]:
        directory = self.writer.reader.trust.directory
        appointed = {address: CONTRACTS[role] for role, address, _ in directory if role in CONTRACTS}
        return {self.consortium: "Consortium", **appointed}

    def _hold_link(self, block: FinalBlock) -> None:
        head = self.writer.header.head
        if (block.number, block.parent) != (head.number + 1, head.hash) or block.time < head.time:
            raise Unavailable("replica.unlinked", f"block {block.number} does not continue {head.number}")

    def _extend(self, chronicles: dict[bytes, Chronicle], events: tuple[Event, ...]) -> None:
        for event in events:
            before = chronicles.get(event.address) or self._told(event.address)
            chronicles[event.address] = extend(before, [event])

    def _told(self, address: bytes) -> Chronicle:
        return self.writer.reader.chronicles.get(address, EMPTY)

    def _hold_chronicles(self, chronicles: Mapping[bytes, Chronicle], contracts: Mapping[bytes, str]) -> None:
        """Compare with the slots of every contract, also of those that seem to have said nothing."""
        block = self.writer.header.head.number
        for address, name in contracts.items():
            count, head = (self.ledger.slot(address, slot, block=block) for slot in (0, 1))
            if (chronicles.get(address) or self._told(address)) != (int.from_bytes(count, "big"), head):
                raise Unavailable("replica.events", f"the events of {name} at block {block} are not all there")


def _appointed(events: tuple[Event, ...]) -> dict[bytes, str]:
    found: dict[bytes, str] = {}
    for event in events:
        role, address = event.args.get("role"), event.args.get("contractAddress")
        if event.name == "ContractAppointed" and isinstance(role, bytes) and isinstance(address, bytes):
            found |= {address: CONTRACTS[role]} if role in CONTRACTS else {}
    return found

"""What must hold of a settled house whatever happened to it: database, chain and replica tell one story."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import text

from ecert.app.wiring import House
from ecert.domain.merkle import Tree, verify_consistency
from ecert.domain.status import Status
from ledger.following import Follower
from ledger.judging import Judging
from ledger.port import FinalBlock, Head
from ledger.replica import AUDIT, CERTIFICATES, Replica, ReplicaWriter

__all__ = ["Standing", "faults", "restored_faults"]

Row = Any
_MENDED = frozenset({"StatusFutureEffect", "StatusForbiddenMove"})
"""What a network may answer to a change whose block bears an earlier time: the home sends what counts again, and no
change may be left refused (issuer/settling.py)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A settled house with its rows and its blocks up to a head, read once."""

    house: House
    head: Head
    certificates: list[Row]
    leaves: list[Row]
    batches: list[Row]
    blocks: list[FinalBlock]

    @classmethod
    def of(cls, house: House) -> Standing:
        head = house.floor.ledger.head()
        contracts = {house.directory.anchor: "CertificateAnchor"}
        blocks = list(house.floor.ledger.blocks(first=0, last=head.number, contracts=contracts))
        return cls(
            house,
            head,
            rows(house, "SELECT * FROM issuer_certificate ORDER BY id"),
            rows(house, "SELECT * FROM ledger_leaf ORDER BY region, batch, position"),
            rows(
                house,
                "SELECT b.*, t.block, t.error FROM ledger_batch b "
                'JOIN ledger_transaction t ON t.id = b."transaction" ORDER BY b.region, b.kind, b.number',
            ),
            blocks,
        )


def rows(house: House, query: str) -> list[Row]:
    """Read rows of the house's database."""
    with house.floor.database.reading() as connection:
        return list(connection.execute(text(query)))


def faults(standing: Standing, scratch: Path) -> Iterator[str]:
    """Tell everything that does not hold; nothing for a house that is whole."""
    yield from _chain(standing)
    yield from _queue(standing)
    yield from _nonces(standing)
    yield from _leaves(standing)
    yield from _batches(standing)
    yield from _sizes(standing)
    yield from _roots(standing)
    yield from _statuses(standing)
    yield from _audit(standing)
    yield from _codes(standing)
    yield from _replica(standing, scratch)


def restored_faults(standing: Standing, scratch: Path) -> Iterator[str]:
    """Tell what does not hold of a house that goes on from a backup: what came after it is on chain alone."""
    yield from _chain(standing)
    yield from _queue(standing)
    yield from _batches(standing)
    yield from _statuses(standing)
    yield from _replica(standing, scratch)
    if len({(row.region, row.fingerprint) for row in standing.leaves}) != len(standing.leaves):
        yield "leaves: one stands twice"
    for account in rows(standing.house, "SELECT address, nonce FROM ledger_account"):
        if standing.house.floor.ledger.next_nonce(account.address) != account.nonce:
            yield f"queue: account {account.address.hex()} goes on at nonce {account.nonce}"


def _chain(standing: Standing) -> Iterator[str]:
    """The head is complete (its state answers) and every block continues the one before."""
    ledger, blocks = standing.house.floor.ledger, standing.blocks
    for before, block in pairwise(blocks):
        if block.parent != before.hash or block.time < before.time:
            yield f"chain: block {block.number} does not continue {before.number}"
    if standing.head.hash != blocks[-1].hash:
        yield "chain: the head is not the last block"
    if ledger.slot(standing.house.directory.anchor, 0, block=blocks[-1].number) == bytes(32) and standing.batches:
        yield "chain: the newest state does not know the events before it"


def _queue(standing: Standing) -> Iterator[str]:
    """Every transaction is final once, in the block noted, and none was refused for good."""
    ledger = standing.house.floor.ledger
    for row in rows(standing.house, "SELECT * FROM ledger_transaction ORDER BY account, nonce"):
        outcome = ledger.outcome(row.hash)
        if outcome is None or (outcome.block, outcome.time) != (row.block, row.block_time):
            yield f"queue: transaction {row.id} ({row.purpose}) is noted in {row.block}, the chain says {outcome}"
        elif row.error is not None and row.error not in _MENDED:
            yield f"queue: transaction {row.id} ({row.purpose}) was refused: {row.error}"


def _nonces(standing: Standing) -> Iterator[str]:
    """An account's nonces have neither gap nor double, here as on chain."""
    ledger = standing.house.floor.ledger
    nonces: dict[bytes, list[int]] = defaultdict(list)
    for row in rows(standing.house, "SELECT account, nonce FROM ledger_transaction ORDER BY account, nonce"):
        nonces[row.account].append(row.nonce)
    for account, used in nonces.items():
        if used != list(range(len(used))) or ledger.next_nonce(account) != len(used):
            yield f"queue: account {account.hex()} has nonces {used}"


def _leaves(standing: Standing) -> Iterator[str]:
    """Certificates equal leaves, each in one place of one batch; holders and list counts are whole."""
    certificates = Counter((row.region, row.fingerprint) for row in standing.certificates)
    leaves = Counter((row.region, row.fingerprint) for row in standing.leaves)
    if certificates != leaves:
        yield f"leaves: {len(standing.certificates)} certificates, {len(standing.leaves)} leaves"
    places = [(row.region, row.list, row.idx) for row in standing.certificates]
    if len(set(places)) != len(places):
        yield "leaves: two certificates share an index"
    used = Counter((row.region, row.list) for row in standing.certificates)
    lists = {(r.region, r.number): r.used for r in rows(standing.house, "SELECT * FROM issuer_status_list")}
    if {place: count for place, count in lists.items() if count} != dict(used):
        yield f"leaves: lists count {lists}, certificates {dict(used)}"
    held = {row.certificate for row in rows(standing.house, "SELECT certificate FROM issuer_holder")}
    if held != {row.id for row in standing.certificates}:
        yield "leaves: a certificate without holder, or the reverse"


def _batches(standing: Standing) -> Iterator[str]:
    """Batches here equal batches on chain, numbered without gap."""
    anchored = _anchored(standing)
    told = {(row.region, row.kind, row.number): (row.root, row.size) for row in standing.batches}
    if told != anchored:
        yield f"batches: {sorted(told)} here, {sorted(anchored)} on chain"
    by_kind: dict[tuple[int, int], list[int]] = defaultdict(list)
    for region, kind, number in anchored:
        by_kind[region, kind].append(number)
    for place, numbers in by_kind.items():
        if sorted(numbers) != list(range(1, len(numbers) + 1)):
            yield f"batches: numbers {sorted(numbers)} of {place}"


def _sizes(standing: Standing) -> Iterator[str]:
    """As many leaves are anchored as there are certificates."""
    anchored = _anchored(standing)
    sizes = sum(size for (_, kind, _), (_, size) in anchored.items() if kind == CERTIFICATES)
    if sizes != len(standing.certificates):
        yield f"batches: {sizes} leaves anchored for {len(standing.certificates)} certificates"


def _roots(standing: Standing) -> Iterator[str]:
    """Each leaf stands in one batch, each batch's places have no gap, and its root is over its leaves."""
    in_batches: dict[int | None, list[Row]] = defaultdict(list)
    for leaf in standing.leaves:
        in_batches[leaf.batch].append(leaf)
    for row in (row for row in standing.batches if row.kind == CERTIFICATES):
        leaves = in_batches.pop(row.id, [])
        if [leaf.position for leaf in leaves] != list(range(row.size)):
            yield f"roots: {row.region}-{row.number} has places {[leaf.position for leaf in leaves]}"
        elif Tree(leaf.fingerprint for leaf in leaves).root != row.root:
            yield f"roots: the root of {row.region}-{row.number} is not over its leaves"
    if in_batches:
        yield f"roots: leaves of no batch that counts: {sorted(map(str, in_batches))}"


def _anchored(standing: Standing) -> dict[tuple[int, int, int], tuple[bytes, int]]:
    events = [event.args for block in standing.blocks for event in block.events if event.name == "BatchAnchored"]
    found = {(e["region"], e["kind"], e["number"]): (e["root"], e["size"]) for e in events}
    assert len(found) == len(events), "the contract took a number twice"
    return found


def _statuses(standing: Standing) -> Iterator[str]:
    """Each certificate has the same status in the database, on chain and in the replica."""
    house = standing.house
    for row in standing.certificates:
        ask = house.directory.call("StatusRegistry", "statusOf", row.region, row.list, row.idx)
        (chained,) = house.floor.ledger.ask(ask)
        followed = house.replica.status(region=row.region, number=row.list, index=row.idx)
        recorded = house.replica.recorded(region=row.region, number=row.list, indices=[row.idx])[row.idx]
        if not row.status == chained == followed == recorded:
            yield f"status: {row.id} is {row.status} here, {chained} on chain, {followed} ({recorded}) in the replica"
    for row in rows(house, "SELECT certificate, state FROM issuer_change WHERE state NOT IN ('final', 'overtaken')"):
        yield f"status: a change of {row.certificate} is {row.state}"


def _audit(standing: Standing) -> Iterator[str]:
    """A region's log has no gap, its records open and are whole, its anchored roots are over it, one after another."""
    house = standing.house
    heads = {row.region: row.size for row in rows(house, "SELECT * FROM ledger_audit_head")}
    for region in house.floor.regions:
        records = house.audit.read(region)
        if [record.position for record in records] != list(range(heads.get(region, 0))):
            yield f"audit: region {region} counts {heads.get(region)}, holds {len(records)}"
        if not all(record.is_whole for record in records):
            yield f"audit: a record of region {region} is not its leaf's"
        leaves = [record.leaf for record in records]
        states = [row for row in standing.batches if (row.region, row.kind) == (region, AUDIT)]
        if any(Tree(leaves[: state.size]).root != state.root for state in states):
            yield f"audit: an anchored root of region {region} is not over its log"
        if (states[-1].size if states else 0) != len(leaves):
            yield f"audit: the last root of region {region} is not over the whole log"
        for node in rows(house, f"SELECT * FROM ledger_audit_node WHERE region = {region}"):  # noqa: S608 - a number
            if Tree(leaves[node.place << node.level : node.place + 1 << node.level]).root != node.hash:
                yield f"audit: a kept subtree of region {region} is another"
        judged = house.replica.judged_logs.get(region, 0)
        if judged != len(states) or region in house.replica.forged_logs:
            yield f"audit: {judged} of {len(states)} roots of region {region} are judged"
        for one, two in pairwise(states):
            path = house.audit.consistency(region=region, first=one.size, second=two.size)
            verify_consistency(first=one.size, second=two.size, first_root=one.root, second_root=two.root, path=path)
    yield from _recorded(standing)


def _recorded(standing: Standing) -> Iterator[str]:
    """What stands is recorded as often as it was done."""
    house = standing.house
    recorded = Counter(record.kind for region in house.floor.regions for record in house.audit.read(region))
    ((changes, ended),) = rows(house, "SELECT count(*), count(*) FILTER (WHERE effective_at > at) FROM issuer_change")
    ((uses,),) = rows(house, "SELECT count(*) FROM wallet_use")
    ((objections,),) = rows(house, "SELECT count(*) FROM wallet_objection")
    done = {"issue": len(standing.certificates), "status": changes, "redeem": uses, "objection": objections}
    late = recorded["status_due"] + recorded["status_overtaken"]
    if {kind: recorded[kind] for kind in done} != done or late != ended:
        yield f"audit: {dict(recorded)} recorded, {done} and {ended} done"


def _codes(standing: Standing) -> Iterator[str]:
    """A code was used if and only if its use and its answer stand."""
    ((used,),) = rows(standing.house, "SELECT count(*) FROM wallet_code WHERE used_at IS NOT NULL")
    ((uses,),) = rows(standing.house, "SELECT count(*) FROM wallet_use")
    ((answers,),) = rows(standing.house, "SELECT count(*) FROM wallet_answer")
    if not used == uses == answers:
        yield f"codes: {used} used, {uses} uses, {answers} answers"


def _replica(standing: Standing, scratch: Path) -> Iterator[str]:
    """The replica, mended by following on, equals one that is followed from the first block."""
    house, identity = standing.house, standing.house.floor.ledger.identity()
    consortium = house.directory.consortium
    fresh = ReplicaWriter(scratch, chain=identity, consortium=consortium, genesis=Head(0, identity.genesis, 0))
    try:
        anew = Follower(house.floor.ledger, fresh, consortium, Judging(fresh, house.audit))
        anew.step()
        # A network may have made a block meanwhile, and a turn of judging is short.
        while fresh.reader.head != house.replica.head or any(map(fresh.reader.unjudged, house.floor.regions)):
            house.rounds.follow()
            anew.step()
        if _told(fresh.reader, standing) != _told(house.replica, standing):
            yield "replica: following anew tells another story"
    finally:
        fresh.close()


def _told(replica: Replica, standing: Standing) -> tuple[object, ...]:
    lists = {(row.region, row.list) for row in standing.certificates}
    bits = {place: replica.bitmap(region=place[0], number=place[1]) for place in sorted(lists)}
    return (replica.head, replica._batches, replica.chronicles, replica.audit_logs, replica.judged_logs, bits)


def name_of(status: int) -> str:
    """Name a stored status."""
    return Status(status).name

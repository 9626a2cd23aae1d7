"""Status lists that the chain should have and has not: opened again under their numbers, with what stands in them.

A StatusRegistry that succeeds another begins empty, and an opening may have been refused (docs/contracts.md). What the
replica followed of a list stays in force. A successor's list begins at zero, so every status that was followed, a final
one too, is written into it behind its opening. Both are queued in one transaction: whatever else is queued for the list
comes after them, and a process that is killed has queued all of it or nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from ecert.domain.status import Status
from issuer.room import Issuer
from issuer.store import lists
from issuer.store.lists import StoredList
from ledger import acts
from ledger.directory import directory_followed
from ledger.port import Call

__all__ = ["open_lists", "reopen_lists"]

_AT_ONCE = 50  # transactions and the rest of the last list's: they are signed while others wait for the database
_ENTRIES = 4  # in a byte


def reopen_lists(issuer: Issuer, now: int) -> int:
    """Queue the opening of each region's missing lists, the first few of many; return how many.

    Nothing before the replica has followed what put the registry in force: until then an older one may still change.
    Unavailable("ledger.*") without the chain.
    """
    if not _is_followed(issuer):
        return 0
    return sum(_reopen(issuer, region, now) for region in issuer.regions)


def open_lists(issuer: Issuer, region: int) -> int:
    """Tell up to which number a region's lists are open in the registry in force; 0 where another may be."""
    return _count(issuer, region) if _is_followed(issuer) else 0


def _is_followed(issuer: Issuer) -> bool:
    followed = directory_followed(issuer.followed().trust, issuer.directory.consortium)
    return followed is not None and followed.status == issuer.directory.status


def _reopen(issuer: Issuer, region: int, now: int) -> int:
    known = _count(issuer, region)
    with issuer.database.reading() as connection:
        if not lists.after(connection, region=region, number=known):
            return 0
    account, opened, queued = f"{region}-status", 0, 0
    with issuer.database.transaction() as connection:
        issuer.sending.hold(connection, account)
        if issuer.sending.is_busy(connection, account, purpose="createList"):
            return 0
        # Asked again: while nobody else queues, no list is opened twice, and no old status is written over a newer one.
        for each in lists.after(connection, region=region, number=_count(issuer, region)):
            if queued >= _AT_ONCE:
                break
            for call in _opening(issuer, each):
                issuer.sending.queue(connection, call, account=account, now=now)
                queued += 1
            opened += 1
    return opened


def _count(issuer: Issuer, region: int) -> int:
    (count,) = issuer.sending.ledger.ask(issuer.directory.call("StatusRegistry", "listCount", region))
    return int(str(count))


def _opening(issuer: Issuer, each: StoredList) -> Iterator[Call]:
    where = {"region": each.region, "number": each.number}
    yield acts.create_status_list(issuer.directory, **where, size=each.size)
    replica = issuer.followed()
    since = replica.head.time  # of a block: the chain takes nothing from its future
    standing = _standing(replica.bitmap(**where) or b"")
    for status, indices in standing.items():
        for start in range(0, len(indices), acts.MOST_INDICES):
            part = indices[start : start + acts.MOST_INDICES]
            yield acts.set_status(issuer.directory, **where, indices=part, status=status, effective_at=since)


def _standing(bitmap: bytes) -> dict[Status, list[int]]:
    """Group the indices of a bitmap by their statuses, all but the valid ones."""
    found: dict[Status, list[int]] = {Status.INVALID: [], Status.SUSPENDED: [], Status.SUPERSEDED: []}
    for place, byte in enumerate(bitmap):
        for entry in range(_ENTRIES) if byte else ():
            status = Status(byte >> 2 * entry & 3)
            if status is not Status.VALID:
                found[status].append(_ENTRIES * place + entry)
    return found

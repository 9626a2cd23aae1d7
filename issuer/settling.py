"""What the chain answered to status changes: final, refused, or to be asked again because its clock is behind ours.

A block's time may lag the clocks around it by seconds (on a network it is a median of earlier votes), and the contract
takes no change before its time: `StatusFutureEffect` says "not yet", never "no". A registry that was succeeded, and a
successor in which the list is not open yet, say the same: the change waits until it is (`reopening`). A later change of
the same certificate may have come to the chain meanwhile, so an early one is sent again only while it is the newest:
behind a later one it would undo that. The later one then met another status than it was made for, and
`StatusForbiddenMove` may mean that the chain is already where it leads, or that a certificate beside it in the
transaction is. It leads there only where the replica, too, is there: a registry may lack what was followed of the one
before. Any other refusal is kept for the authority to see, because home and chain then disagree.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from ecert.domain.errors import NotAllowed
from ecert.domain.status import MOVES, Status
from issuer.reopening import open_lists
from issuer.room import Issuer
from issuer.store import certificates, changes
from ledger import acts
from ledger.store import queue as queue_rows

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from issuer.store.certificates import StoredCertificate
    from issuer.store.changes import StoredChange

__all__ = ["settle"]

_AT_ONCE = 1_000
_NOT_YET = "StatusFutureEffect"
_NOT_OPEN = frozenset({"AppointedNotCurrent", "StatusUnknownList"})
_NO_SUCH_MOVE = "StatusForbiddenMove"
_AGAIN = _NOT_OPEN | {_NOT_YET, _NO_SUCH_MOVE}


def settle(issuer: Issuer, now: int) -> int:
    """Take in the outcomes of queued changes; return how many transactions were sent anew."""
    ended = _ended(issuer)
    if not ended:
        return 0
    again = 0
    chained = {number: _chained(issuer, number) for number, error in ended.items() if error == _NO_SUCH_MOVE}
    with issuer.database.transaction() as connection:
        for number, error in ended.items():
            if error in _AGAIN:
                again += _reconsider(issuer, connection, number, chained.get(number), now)
            else:
                changes.end(connection, number, state=changes.REFUSED if error else changes.FINAL)
    return again


def _ended(issuer: Issuer) -> dict[int, str | None]:
    """Give the chain's error, or None, by transaction; of those left out it cannot be told yet what becomes of them."""
    with issuer.database.reading() as connection:
        under_way = changes.transactions(connection, most=_AT_ONCE)
        outcomes = {number: queue_rows.outcome_of(connection, number) for number in under_way}
        where = {n: _list_of(connection, n) for n, (_, error) in outcomes.items() if error in _NOT_OPEN}
    opened = {region: open_lists(issuer, region) for region in {region for region, _ in where.values()}}
    return {
        number: error
        for number, (block, error) in outcomes.items()
        if block is not None
        and (error not in _NOT_OPEN or where[number][1] <= opened[where[number][0]])
        and (error != _NO_SUCH_MOVE or block <= issuer.followed().head.number)
    }


def _list_of(connection: Connection, transaction: int) -> tuple[int, int]:
    first, *_ = changes.carried(connection, transaction)
    row = certificates.find_all(connection, [first.certificate])[first.certificate]
    return row.region, row.list


Chained = Mapping[int, tuple[Status | None, Status | None]]
"""By a change's id: its certificate's status on chain and in the replica, None where they know none."""


def _chained(issuer: Issuer, transaction: int) -> Chained:
    with issuer.database.reading() as connection:
        carried = changes.carried(connection, transaction)
        rows = certificates.find_all(connection, [change.certificate for change in carried])
    return {change.id: _told(issuer, rows[change.certificate]) for change in carried}


def _told(issuer: Issuer, row: StoredCertificate) -> tuple[Status | None, Status | None]:
    followed = issuer.followed().status(region=row.region, number=row.list, index=row.idx)
    call = issuer.directory.call("StatusRegistry", "statusOf", row.region, row.list, row.idx)
    try:
        (status,) = issuer.sending.ledger.ask(call)
    except NotAllowed:
        return None, followed
    return Status(int(str(status))), followed


def _reconsider(issuer: Issuer, connection: Connection, transaction: int, chained: Chained | None, now: int) -> bool:
    """Send again what still counts of a refused transaction; tell whether there was any."""
    carried = changes.of_transaction(connection, transaction)
    rows = certificates.hold_all(connection, [change.certificate for change in carried])
    followed = changes.followed(connection, transaction)
    left = []
    for change in carried:
        state = _state(change, followed, chained)
        if state is None:
            left.append(change)
        else:
            changes.close(connection, change, state=state)
    if left:  # else all were overtaken, or another process was first
        _resend(issuer, connection, left, rows, now)
    return bool(left)


def _state(change: StoredChange, followed: Collection[int], chained: Chained | None) -> str | None:
    """Say what became of a change; None for one to be sent again."""
    if change.id in followed:
        return changes.OVERTAKEN
    if chained is None:
        return None
    found, told = chained.get(change.id, (None, None))
    if found == told == change.new:
        return changes.FINAL
    return None if (found, change.new) in MOVES else changes.REFUSED


def _resend(
    issuer: Issuer,
    connection: Connection,
    left: list[StoredChange],
    rows: Mapping[str, StoredCertificate],
    now: int,
) -> None:
    """Let one transaction carry on what one carried: alike in list, status and time."""
    first = left[0]
    call = acts.set_status(
        issuer.directory,
        region=first.region,
        number=rows[first.certificate].list,
        indices=[rows[change.certificate].idx for change in left],
        status=Status(first.new),
        effective_at=first.effective_at,
    )
    again = issuer.sending.queue(connection, call, account=f"{first.region}-status", now=now)
    if first.transaction is not None:
        changes.resend(connection, first.transaction, again=again)

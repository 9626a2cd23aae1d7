"""What the chain answered to status changes: final, refused, or to be asked again because its clock is behind ours.

A block's time may lag the clocks around it by seconds (on a network it is a median of earlier votes), and the contract
takes no change before its time: `StatusFutureEffect` says "not yet", never "no". A later change of the same certificate
may have come to the chain meanwhile, so an early one is sent again only while it is the newest: behind a later one it
would undo that. The later one then met another status than it was made for, and `StatusForbiddenMove` may mean that
the chain is already where it leads, or that a certificate beside it in the transaction is. Any other refusal is kept
for the authority to see, because home and chain then disagree.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from ecert.domain.errors import NotAllowed
from ecert.domain.status import MOVES, Status
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
_NO_SUCH_MOVE = "StatusForbiddenMove"


def settle(issuer: Issuer, now: int) -> int:
    """Take in the outcomes of queued changes; return how many transactions were sent anew."""
    with issuer.database.reading() as connection:
        under_way = changes.transactions(connection, most=_AT_ONCE)
        outcomes = {number: queue_rows.outcome_of(connection, number) for number in under_way}
    ended = {number: error for number, (block, error) in outcomes.items() if block is not None}
    if not ended:
        return 0
    again = 0
    chained = {number: _chained(issuer, number) for number, error in ended.items() if error == _NO_SUCH_MOVE}
    with issuer.database.transaction() as connection:
        for number, error in ended.items():
            if error in {_NOT_YET, _NO_SUCH_MOVE}:
                again += _reconsider(issuer, connection, number, chained.get(number), now)
            else:
                changes.end(connection, number, state=changes.REFUSED if error else changes.FINAL)
    return again


Chained = Mapping[int, Status | None]
"""By a change's id: its certificate's status on chain, None where the chain knows none."""


def _chained(issuer: Issuer, transaction: int) -> Chained:
    with issuer.database.reading() as connection:
        carried = changes.carried(connection, transaction)
        rows = certificates.find_all(connection, [change.certificate for change in carried])
    return {change.id: _on_chain(issuer, rows[change.certificate]) for change in carried}


def _on_chain(issuer: Issuer, row: StoredCertificate) -> Status | None:
    call = issuer.directory.call("StatusRegistry", "statusOf", row.region, row.list, row.idx)
    try:
        (status,) = issuer.sending.ledger.ask(call)
    except NotAllowed:
        return None
    return Status(int(str(status)))


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
    found = chained.get(change.id)
    if found == change.new:
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

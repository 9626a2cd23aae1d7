"""What the chain answered to status changes: final, refused, or to be asked again because its clock is behind ours.

A block's time may lag the clocks around it by seconds (on a network it is a median of earlier votes), and the contract
takes no change before its time: `StatusFutureEffect` says "not yet", never "no". Any other refusal is kept for the
authority to see, because home and chain then disagree.
"""

from __future__ import annotations

from sqlalchemy import Connection

from ecert.domain.status import Status
from issuer.room import Issuer
from issuer.store import certificates, changes
from ledger import acts
from ledger.store import queue as queue_rows

__all__ = ["settle"]

_AT_ONCE = 1_000
_NOT_YET = "StatusFutureEffect"


def settle(issuer: Issuer, now: int) -> int:
    """Take in the outcomes of queued changes; return how many transactions were sent anew."""
    with issuer.database.reading() as connection:
        under_way = changes.transactions(connection, most=_AT_ONCE)
        outcomes = {number: queue_rows.outcome_of(connection, number) for number in under_way}
    ended = {number: error for number, (block, error) in outcomes.items() if block is not None}
    if not ended:
        return 0
    with issuer.database.transaction() as connection:
        for number, error in ended.items():
            if error == _NOT_YET:
                _resend(issuer, connection, number, now)
            else:
                changes.end(connection, number, state=changes.REFUSED if error else changes.FINAL)
    return sum(error == _NOT_YET for error in ended.values())


def _resend(issuer: Issuer, connection: Connection, transaction: int, now: int) -> None:
    carried = changes.of_transaction(connection, transaction)
    if not carried:
        return  # another process was first
    rows = certificates.find_all(connection, [change.certificate for change in carried])
    first = carried[0]
    call = acts.set_status(
        issuer.directory,
        region=first.region,
        number=rows[first.certificate].list,
        indices=[rows[change.certificate].idx for change in carried],
        status=Status(first.new),
        effective_at=first.effective_at,
    )
    again = issuer.sending.queue(connection, call, account=f"{first.region}-status", now=now)
    changes.resend(connection, transaction, again=again)

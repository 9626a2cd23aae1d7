"""What the judge is there to find, done to a whole house on purpose: a judge who misses one proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from sqlalchemy import text

from ecert.app.wiring import House
from ledger.anchoring import batch_hash
from ledger.replica import CERTIFICATES
from ledger.store import batches as batch_rows
from tests.crash.standing import rows

__all__ = ["BREAKAGES"]

_UNCHECKED: Final = {
    "sqlite": "PRAGMA defer_foreign_keys = ON",
    "postgresql": "SET LOCAL session_replication_role = replica",
}
"""Lets a row go that others point to."""


def _sql(*statements: str) -> Callable[[House], None]:
    def change(house: House) -> None:
        with house.floor.database.transaction() as connection:
            connection.execute(text(_UNCHECKED[connection.dialect.name]))
            for statement in statements:
                connection.execute(text(statement))

    return change


def _anchor_again(house: House) -> None:
    """Anchor the newest batch's root a second time, under the next number."""
    ((region,),) = rows(house, "SELECT region FROM ledger_batch WHERE kind = 1 LIMIT 1")
    with house.floor.database.transaction() as connection:
        newest = batch_rows.newest_batch(connection, region=region, kind=CERTIFICATES)
        assert newest is not None
        batch = replace(newest.batch, number=newest.batch.number + 1, previous=batch_hash(newest.batch))
        fields = (batch.region, batch.kind, batch.number, batch.root, batch.hash_alg, batch.size, batch.previous)
        call = house.directory.call("CertificateAnchor", "anchor", *fields)
        house.floor.sending.queue(connection, call, account=f"{region}-anchor", now=house.floor.now())
    house.settle()


def _flip_a_bit(house: House) -> None:
    """Let the replica tell another status than the chain."""
    row = rows(house, "SELECT region, list, idx FROM issuer_certificate WHERE status = 0 LIMIT 1")[0]
    place = house.replica.list_location(region=row.region, number=row.list)
    assert place is not None
    with house.writer.path.open("r+b") as file:
        file.seek(place[0] + (row.idx >> 2))
        (byte,) = file.read(1)
        file.seek(place[0] + (row.idx >> 2))
        file.write(bytes([byte ^ 1 << 2 * (row.idx & 3)]))


BREAKAGES: Final[Mapping[str, Callable[[House], None]]] = {
    "a certificate is gone": _sql(
        "DELETE FROM issuer_holder WHERE certificate = (SELECT max(id) FROM issuer_certificate)",
        "DELETE FROM issuer_change WHERE certificate = (SELECT max(id) FROM issuer_certificate)",
        "DELETE FROM issuer_certificate WHERE id = (SELECT max(id) FROM issuer_certificate)",
    ),
    "a certificate has no leaf": _sql("DELETE FROM ledger_leaf WHERE id = (SELECT max(id) FROM ledger_leaf)"),
    "a leaf stands elsewhere": _sql("UPDATE ledger_leaf SET position = position + 9 WHERE id = 1"),
    "a root is anchored twice": _anchor_again,
    "a status is other than on chain": _sql(
        "UPDATE issuer_certificate SET status = 2 WHERE id = (SELECT min(id) FROM issuer_certificate WHERE status = 0)"
    ),
    "a change of status is gone": _sql("DELETE FROM issuer_change WHERE id = (SELECT max(id) FROM issuer_change)"),
    "an answer is gone": _sql("DELETE FROM wallet_answer"),
    "a use is gone": _sql(
        "DELETE FROM wallet_objection", "DELETE FROM wallet_use WHERE id = (SELECT max(id) FROM wallet_use)"
    ),
    "a code is unused again": _sql("UPDATE wallet_code SET used_at = NULL WHERE used_at IS NOT NULL"),
    "a minted code is gone": _sql("DELETE FROM wallet_code WHERE used_at IS NULL"),
    "a list counts wrongly": _sql("UPDATE issuer_status_list SET used = used + 1"),
    "a record of the audit log is gone": _sql("DELETE FROM ledger_audit WHERE position = 1"),
    "a record of the audit log is another": _sql("UPDATE ledger_audit SET leaf = sealed WHERE position = 1"),
    "a bit of the replica is flipped": _flip_a_bit,
    "what a partner accepted is gone": _sql("DELETE FROM callback_acceptance"),
    "a callback is lost": _sql("UPDATE callback_subscription SET sequence = sequence + 1"),
}
"""By what is wrong: how it is made so."""

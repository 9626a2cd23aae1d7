"""The names of docs/issuance-cycle.md, and how a write is recognised from outside by the rows that it touches."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["MOMENTS", "NETWORK_MOMENTS", "STATEMENTS", "Rule", "name_of_transaction", "touched"]

COMMIT: Final = ("before", "amid", "after")
"""Before COMMIT is asked for, while it is being done, after it and before the use case returns."""
STEP: Final = ("before", "after")
FILE: Final = ("before", "torn", "after")
"""Torn: the first half of the bytes has arrived."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A transaction with all of these writes and none of those has this name; the first rule that fits names it."""

    name: str
    has: frozenset[str]
    lacks: frozenset[str] = frozenset()


def _rule(name: str, *has: str, lacks: str = "") -> Rule:
    return Rule(name, frozenset(has), frozenset({lacks} if lacks else ()))


_QUEUED = "INSERT ledger_transaction"
_RULES: Final = (
    _rule("schema.make", "CREATE alembic_version"),
    _rule("chain.bind", "INSERT ledger_chain"),
    _rule("list.open", "INSERT issuer_status_list", _QUEUED),
    _rule("issue.store", "INSERT issuer_certificate"),
    _rule("batch.close", "INSERT ledger_batch", "UPDATE ledger_leaf", _QUEUED),
    _rule("audit.close", "INSERT ledger_batch", _QUEUED, lacks="UPDATE ledger_leaf"),
    _rule("status.queue", "UPDATE issuer_change", _QUEUED),
    _rule("status.keep", "INSERT issuer_change", lacks=_QUEUED),
    _rule("status.final", "UPDATE issuer_change", lacks=_QUEUED),
    _rule("mutable.store", "UPDATE issuer_certificate", lacks="UPDATE issuer_change"),
    _rule("redeem.commit", "INSERT wallet_use", "UPDATE wallet_code"),
    _rule("code.mint", "INSERT wallet_code"),
    _rule("code.try", "INSERT wallet_try"),
    _rule("objection.store", "INSERT wallet_objection"),
    _rule("answers.purge", "DELETE issuer_idempotency"),
    _rule("codes.purge", "DELETE wallet_code"),
    _rule("nonces.purge", "DELETE gateway_nonce"),
    _rule("callback.subscribe", "INSERT callback_subscription"),
    _rule("callback.end", "DELETE callback_subscription"),
    _rule("callback.accept", "INSERT callback_noted"),
    _rule("callback.note", "UPDATE callback_noted"),
    _rule("callback.drop", "DELETE callback_event", "UPDATE callback_subscription"),
    _rule("callback.told", "DELETE callback_event"),
    _rule("callback.turn", "UPDATE callback_event"),
    _rule("callbacks.purge", "DELETE callback_acceptance"),
    _rule("key.note", "INSERT issuer_key"),
    _rule("act.queue", _QUEUED),
    # `anchor.final` where one of them anchors a batch: `watching` looks.
    _rule("send.final", "UPDATE ledger_transaction"),
)

STATEMENTS: Final = {"audit.append": "INSERT ledger_audit"}
"""Writes that are no transaction of their own but a statement in another's."""

MOMENTS: Final = {
    **{rule.name: COMMIT for rule in _RULES},
    "anchor.final": COMMIT,
    **dict.fromkeys(STATEMENTS, STEP),
    "anchor.send": STEP,
    "status.send": STEP,
    "block.commit": COMMIT,
    "replica.records": FILE,
    "replica.bits": STEP,
    "replica.header": FILE,
    "key.make": STEP,
}
"""At which moments the process is killed at each name."""

NETWORK_MOMENTS: Final = {
    **{name: moments for name, moments in MOMENTS.items() if name != "block.commit"},
    "anchor.send": COMMIT,
    "status.send": COMMIT,
    "light.keep": FILE,
}
"""Where the house stands on a network: blocks are others' work, and what is being sent may have arrived or not."""

_VERB: Final = re.compile(r'\s*(?:(INSERT)\s+INTO|(UPDATE)|(DELETE)\s+FROM|(CREATE)\s+TABLE)\s+"?(\w+)', re.IGNORECASE)


def touched(statement: str) -> str | None:
    """Name what a statement writes: verb and table; None for one that only reads."""
    found = _VERB.match(statement)
    return None if found is None else f"{next(filter(None, found.groups())).upper()} {found[5]}"


def name_of_transaction(writes: set[str]) -> str | None:
    """Name a transaction by what it wrote; None for one that the document does not know."""
    return next((rule.name for rule in _RULES if rule.has <= writes and not rule.lacks & writes), None)

"""A lost answer is no replay: for ten minutes the same question is answered with the same bytes.

The question is (code, requester, idempotency key) and the person named: an answer that says "this is the holder" is
never given again for somebody else. It is sealed under a key derived from the code's text
and the deployment's own: the database alone, which has the code only hashed, does not give it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ecert.domain.errors import Malformed
from ecert.domain.text import is_clean
from ecert.runtime.vault import Vault
from wallet_codes import store

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ecert.domain.holders import HolderRef
    from wallet_codes.home import Home

KEPT: Final = 600
"""Seconds."""

_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks what: the code's text, the requester, its own key for this attempt, and whom it has identified."""

    text: str = field(repr=False)
    requester: str
    key: str
    holder: HolderRef | None


def parse_question(*, text: str, requester: object, key: object, holder: HolderRef | None) -> Question:
    """Bound the requester and the key; Malformed `redeem.requester`, `redeem.idempotency_key`."""
    if not _is_name(requester):
        raise Malformed("redeem.requester")
    if not _is_name(key):
        raise Malformed("redeem.idempotency_key")
    return Question(text, str(requester), str(key), holder)


def find(connection: Connection, home: Home, question: Question, *, now: int) -> str | None:
    """Return the answer given before, if it is still kept."""
    name = _name(home, question)
    sealed = store.answer(connection, name, since=now - KEPT)
    return None if sealed is None else _vault(home, question).open(sealed, context=name).decode()


def keep(connection: Connection, home: Home, question: Question, *, region: int, response: str, now: int) -> None:
    """Keep an answer, inside the transaction that uses the code up."""
    name = _name(home, question)
    sealed = _vault(home, question).seal(response.encode(), context=name)
    store.keep_answer(connection, name=name, region=region, now=now, sealed=sealed)


def _name(home: Home, question: Question) -> bytes:
    person = "" if question.holder is None else str(question.holder)
    parts = (question.text, question.requester, question.key, person)
    return home.vault.blind(b"wallet answer", "".join(f"{len(part)}:{part}" for part in parts))


def _vault(home: Home, question: Question) -> Vault:
    return Vault(home.vault.derive("wallet answer", question.text.encode()))


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST and is_clean(value)

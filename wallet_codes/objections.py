"""A holder objects to a use, once, in words of their own; the region's officers take it from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import IntegrityError

from ecert.domain.errors import Conflict, Malformed
from ecert.domain.text import are_clean_lines
from wallet_codes import store
from wallet_codes.subjects import blind
from wallet_codes.usage import find_own

if TYPE_CHECKING:
    from ecert.domain.holders import HolderRef
    from wallet_codes.home import Home

KIND: Final = "objection"
"""The kind of the audit record."""

OPEN: Final = "open"
LONGEST: Final = 500
"""Characters of an objection."""


def object_to(home: Home, *, region: int, holder: HolderRef, use_id: str, text: object, now: int) -> None:
    """Object to a use of one's own; Malformed `objection.text`, NotFound `use.unknown`, Conflict `objection.twice`."""
    home.hold(region)
    words = _words(text)
    with home.database.transaction() as connection:
        find_own(connection, use_id, region=region, whose=blind(home.vault, holder))
        sealed = home.vault.seal(words.encode(), context=b"wallet objection" + use_id.encode())
        try:
            store.add_objection(connection, use=use_id, region=region, now=now, state=OPEN, sealed=sealed)
        except IntegrityError:
            raise Conflict("objection.twice") from None
        home.audit(connection, region=region, kind=KIND, record={"use_id": use_id}, now=now)


def _words(text: object) -> str:
    if not isinstance(text, str) or not 0 < len(text.strip()) <= len(text) <= LONGEST:
        raise Malformed("objection.text", f"one to {LONGEST} characters are expected")
    if not are_clean_lines(text):
        raise Malformed("objection.text", "a control character")
    return text

"""A page's form: bounded, read once, and held to the session's own token, so that no other site can send it (CSRF)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final

from fastapi import Depends
from starlette.datastructures import UploadFile

from ecert.domain.errors import Malformed, NotAllowed
from ecert.runtime.shell.visits import Visitor

__all__ = ["Filled", "Form"]

_MOST_FIELDS: Final = 40
_LONGEST_FIELD: Final = 32 * 1024


@dataclass(frozen=True, slots=True)
class Form:
    """What was filled in; of a name given twice the last counts."""

    texts: Mapping[str, str] = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False)

    def text(self, name: str) -> str:
        """Give a field's text; empty where it is absent."""
        return self.texts.get(name, "")


async def _read(visit: Visitor) -> Form:
    bounded = visit.request.form(max_files=1, max_fields=_MOST_FIELDS, max_part_size=_LONGEST_FIELD)
    async with bounded as form:
        texts = {name: value for name, value in form.items() if isinstance(value, str)}
        _hold_writable(texts)
        files = {name: await value.read() for name, value in form.items() if isinstance(value, UploadFile)}
    if not hmac.compare_digest(texts.pop("csrf", "").encode(), visit.session.token.encode()):
        raise NotAllowed("session.csrf")
    return Form(texts, files)


def _hold_writable(texts: Mapping[str, str]) -> None:
    # A sender names its own charset, and some make lone surrogates, which no page can show again.
    try:
        "".join(texts.values()).encode()
    except UnicodeEncodeError:
        raise Malformed("request.malformed") from None


Filled = Annotated[Form, Depends(_read)]
"""The form as a page's parameter: NotAllowed("session.csrf") for another session's, or none."""

"""Who is at this browser, in a sealed cookie: the server keeps no list of sessions, and nobody can write one.

AES-256-GCM under the secret `session` authenticates as a signature would and hides what it says. Cookie rules: RFC
6265bis (HttpOnly, SameSite=Strict, and over TLS Secure with the `__Host-` prefix).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

import orjson

from ecert.domain import ids
from ecert.domain.errors import Malformed, Unavailable
from ecert.domain.strict import b64url_decode, b64url_encode
from ecert.runtime.vault import Vault

if TYPE_CHECKING:
    from starlette.responses import Response

__all__ = ["IDLE", "Lang", "Session", "Sessions"]

Lang = Literal["zh", "en"]

IDLE: Final = 1800
"""Seconds without an act of the person's own after which a session is over."""

_CONTEXT: Final = b"session 1"
"""The number is the form's: a cookie of another form is nobody's."""

_LONGEST: Final = 2048


@dataclass(frozen=True, slots=True)
class Session:
    """`roles` maps a role ("citizen", "clerk") to a name that its room knows; `token` guards forms (CSRF)."""

    token: str = field(repr=False)
    lang: Lang
    seen: int
    roles: Mapping[str, str]


class Sessions:
    """Seals and opens sessions; `is_secure` where the public address is https."""

    def __init__(self, secret: bytes, *, is_secure: bool) -> None:
        """Take a secret of 32 bytes."""
        self._vault = Vault(secret)
        self._is_secure = is_secure
        self.cookie = "__Host-ecert" if is_secure else "ecert"

    def begin(self, *, now: int) -> Session:
        """Begin a session of nobody in particular."""
        return Session(ids.new_token(128), "zh", now, {})

    def read(self, cookie: str | None, *, now: int) -> Session | None:
        """Open a cookie; None where it is absent, not ours, idle for too long, or of a clock that went back."""
        if cookie is None or len(cookie) > _LONGEST:
            return None
        try:
            told: dict[str, Any] = orjson.loads(self._vault.open(b64url_decode(cookie), context=_CONTEXT))
        except (Malformed, Unavailable):
            return None
        session = Session(**told)
        return session if 0 <= now - session.seen < IDLE else None

    def write(self, response: Response, session: Session) -> None:
        """Put the session into the answer."""
        told = {"token": session.token, "lang": session.lang, "seen": session.seen, "roles": dict(session.roles)}
        sealed = self._vault.seal(orjson.dumps(told), context=_CONTEXT)
        response.set_cookie(
            self.cookie,
            b64url_encode(sealed),
            max_age=IDLE,
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="strict",
        )

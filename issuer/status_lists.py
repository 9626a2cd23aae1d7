"""A region's status lists as anybody may fetch them: signed, made from the chain (draft-ietf-oauth-status-list-21).

The token is as old as what was followed: its `iat` is the newest block's time and its `exp` counts from there: a
deployment that lost sight of the chain cannot hand out yesterday's list as today's.
"""

from __future__ import annotations

from typing import Final, Protocol

from ecert.domain import jws
from ecert.domain.errors import NotFound, Unavailable
from ecert.domain.status import TYP, status_list_claims
from issuer.room import Issuer
from ledger.port import Head

__all__ = ["EXPIRES_SECONDS", "MEDIA_TYPE", "TTL_SECONDS", "Bitmaps", "status_list_token"]

MEDIA_TYPE: Final = "application/statuslist+jwt"
EXPIRES_SECONDS: Final = 3_600
TTL_SECONDS: Final = 60


class Bitmaps(Protocol):
    """What was followed of the chain; `ledger.replica.Replica` is one."""

    @property
    def head(self) -> Head:
        """The newest final block followed."""

    def bitmap(self, *, region: int, number: int) -> bytes | None:
        """Copy a list, two bits a certificate; None for one that the chain has not."""


def status_list_token(issuer: Issuer, bitmaps: Bitmaps, *, region: int, number: int, now: int) -> str:
    """Sign a list with the region's status key.

    NotFound("status.unknown_list"), Unavailable("status.stale_list") where the token would have expired already.
    """
    made = bitmaps.head.time  # before the bits: another thread may follow on, and bits may be newer, never older
    bitmap = bitmaps.bitmap(region=region, number=number) if region in issuer.regions else None
    if bitmap is None:
        raise NotFound("status.unknown_list", f"{region}-{number}")
    if made + EXPIRES_SECONDS <= now:
        raise Unavailable("status.stale_list")
    uri = issuer.list_uri(region=region, number=number)
    claims = status_list_claims(uri=uri, bitmap=bitmap, iat=made, exp=made + EXPIRES_SECONDS, ttl=TTL_SECONDS)
    return jws.sign(issuer.signer(region), typ=TYP, claims=claims)

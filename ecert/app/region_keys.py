"""A region's own keys, for codes, gateway, receipts and statuses: opened in its custody and told to the chain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ecert.domain.signer import Signer, key_id
from ecert.domain.trust import TrustState
from ecert.runtime.keys import Keys
from ledger import acts
from ledger.directory import Directory
from ledger.port import Call

__all__ = ["missing_keys", "region_signer"]

_SUITE: Final = "ES256"
_PURPOSES: Final = ("code", "gateway", "receipt", "status")


def region_signer(keys: Keys, region: int, purpose: str) -> Signer:
    """Open one of a region's own keys: code, gateway, receipt or status."""
    return keys.signer(f"region-{region}-{purpose}-1", suite=_SUITE)


def missing_keys(keys: Keys, region: int, *, trust: TrustState, directory: Directory, since: int) -> Iterator[Call]:
    """Give the calls, for account `<region>-admin`, that register what the chain does not know; keys are made."""
    for purpose in _PURPOSES:
        spki = region_signer(keys, region, purpose).spki
        if trust.key(region=region, owner=None, key_id=key_id(spki)) is None:
            yield acts.add_key(
                directory,
                region=region,
                owner=None,
                suite=_SUITE,
                purpose=purpose,
                spki=spki,
                not_before=since,
                not_after=None,
            )

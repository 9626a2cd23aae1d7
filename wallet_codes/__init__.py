"""Regional codes: minted for a holder, drawn, read from whatever a scanner gives, and redeemed once.

>>> from wallet_codes import read
>>> read("10000007").region.code_zh
'随申码'
"""

from __future__ import annotations

from wallet_codes.codes import CodeReading, OfflineReading, OnlineReading, TypedReading, digest, read
from wallet_codes.holdings import Held, Holdings, HoldingsRequest
from wallet_codes.home import Audit, Home
from wallet_codes.mint import MintedCode, MintRequest, mint
from wallet_codes.objections import object_to
from wallet_codes.purging import purge
from wallet_codes.redeem import RedeemRequest, redeem
from wallet_codes.regions import REGIONS, Region
from wallet_codes.usage import UseEntry, uses

__all__ = [
    "REGIONS",
    "Audit",
    "CodeReading",
    "Held",
    "Holdings",
    "HoldingsRequest",
    "Home",
    "MintRequest",
    "MintedCode",
    "OfflineReading",
    "OnlineReading",
    "RedeemRequest",
    "Region",
    "TypedReading",
    "UseEntry",
    "digest",
    "mint",
    "object_to",
    "purge",
    "read",
    "redeem",
    "uses",
]

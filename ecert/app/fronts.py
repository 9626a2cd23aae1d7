"""The pages wired to the rooms: what each may use of the house, and the shell that they share.

Until there is sign-in they stand only where ECERT_DEMO=1, and answer this machine alone (docs/pages.md).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from fastapi import APIRouter

import ecert.app.demo.pages
import verifier.pages
import wallet_codes.pages
from ecert.app.demo.roster import Roster
from ecert.app.region_keys import region_signer
from ecert.app.wiring import House
from ecert.runtime.shell import Sessions, Shell, static_router, templates
from verifier.desk import Desk
from verifier.receipts import Receipts
from verifier.report import Report
from wallet_codes.pages import Wallet
from wallet_codes.pictures import read_picture

__all__ = ["PICTURE_DOOR", "page_doors", "receipts_of", "shell_of"]

PICTURE_DOOR: Final = "/desk/items/"
"""Where a picture may be sent, and so a large body."""

_ROOMS: Final = {"demo": "ecert.app.demo", "desk": "verifier", "wallet": "wallet_codes"}


class _Pictures:
    """The desk's `Pictures`, read by the codes' room."""

    def read(self, data: bytes) -> tuple[str, ...]:
        """Find the codes in a picture."""
        return read_picture(data)


def shell_of(house: House) -> Shell:
    """Make the shell with this deployment's session key."""
    floor = house.floor
    sessions = Sessions(floor.keys.secret("session"), is_secure=floor.settings.public_url.startswith("https:"))
    return Shell(sessions, templates(_ROOMS), floor.clock)


def receipts_of(house: House) -> Receipts:
    """Give what a receipt takes: the regions' receipt keys and their audit logs."""
    signer = partial(region_signer, house.floor.keys, purpose="receipt")
    return Receipts(signer, house.floor.database, house.audit.record)


def page_doors(house: House, *, judged: Callable[[Report], None]) -> tuple[APIRouter, ...]:
    """Build every page; `judged` is told of every verdict."""
    floor = house.floor
    roster = Roster(floor.regions)
    desk = Desk(
        replica=house.replica,
        codes=house.codes,
        pictures=_Pictures(),
        windows=roster,
        receipts=receipts_of(house),
        judged=judged,
    )
    return (
        static_router(),
        ecert.app.demo.pages.router(roster),
        wallet_codes.pages.router(Wallet(house.home, roster)),
        verifier.pages.router(desk),
    )

"""The trust list at both ends: a deployment signs one a minute at most, and `ecert verify --trust-list` reads it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ecert.app.region_keys import region_signer
from ecert.app.wiring import House
from ecert.domain import jws
from ecert.domain.errors import Malformed, Unavailable
from ecert.runtime.clock import Clock
from ecert.runtime.settings import Settings
from ledger.replica import open_replica
from ledger.trust_list import TYP, issue_trust_list, lay_out, read_trust_list
from verifier.presentations import Asking, verify_file
from verifier.report import Report

__all__ = ["newest_list", "verify_by_list"]

_LARGEST: Final = 256 * 1024 * 1024
_PAUSE: Final = 60
_RENEWED: Final = 600


def newest_list(house: House) -> Callable[[], str]:
    """Give a function that signs a list for a new head, at most once a minute, or every ten minutes for the same one.

    The first region served here signs. However many ask, and however fast blocks come, a minute costs one list.
    """
    region, turn = min(house.floor.regions), threading.Lock()
    kept: dict[str, tuple[bytes, int, str]] = {}

    def give() -> str:
        now, head = house.floor.now(), house.replica.head.hash
        with turn:
            known = kept.get("newest")
            if known is None or now - known[1] >= (_RENEWED if known[0] == head else _PAUSE):
                signer = region_signer(house.floor.keys, region, "gateway")
                known = head, now, issue_trust_list(house.replica, region=region, signer=signer, now=now)
                kept["newest"] = known
        return known[2]

    return give


def verify_by_list(
    path: Path, kid: str | None, settings: Settings, clock: Clock, data: bytes, *, asking: Asking
) -> Report:
    """Judge a file by a trust list alone: no chain, no database, no network.

    Without `kid` the key of the first list that this home has seen counts, and every later list is held to it.
    """
    now = int(clock.now())
    text, pin = _read(path), settings.home / "trust-list.kid"
    known = kid or _pinned(pin)
    told = read_trust_list(text, kid=known or jws.parse(text, typ=TYP, limit=_LARGEST).kid, now=now)
    if known is None:
        _pin(pin, jws.parse(text, typ=TYP, limit=_LARGEST).kid)
    with TemporaryDirectory() as folder:
        lay_out(told, Path(folder))
        return verify_file(data, asking=asking, replica=open_replica(folder), now=now)


def _pinned(pin: Path) -> str | None:
    try:
        return pin.read_text("ascii").strip() if pin.exists() else None
    except (OSError, ValueError) as fault:
        raise Unavailable("trust_list.pin", type(fault).__name__) from None


def _pin(pin: Path, kid: str) -> None:
    """Trust the key of a first list that holds, and say so."""
    try:
        pin.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        pin.write_text(kid + "\n", "ascii")
    except OSError as fault:
        raise Unavailable("trust_list.pin", type(fault).__name__) from None
    print(
        f"首次使用，已记住信任清单的签名密钥，请与担保方公布的核对：{kid}\n"
        f"First use: this list's signing key is kept in {pin.name}; compare it with what your sponsor told you: {kid}",
        file=sys.stderr,
    )


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise Malformed("trust_list.form", "the file is too large")
        return path.read_text("ascii").strip()
    except (OSError, ValueError) as fault:
        raise Malformed("trust_list.form", type(fault).__name__) from None

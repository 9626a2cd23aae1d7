"""`ecert evidence` on this machine: the authority's key from the replica, all else from validators, proven."""

from __future__ import annotations

from pathlib import Path

from ecert.app.wiring import ask_witnesses
from ecert.domain import certificate
from ecert.domain.errors import Malformed, NotFound
from ecert.domain.receipt import read_certificate
from ecert.domain.strict import b64url_decode
from ecert.runtime.clock import Clock
from ecert.runtime.settings import Settings
from ledger.gathering import Bundle, collect
from ledger.replica import open_replica

__all__ = ["gather_here"]


def gather_here(
    settings: Settings, clock: Clock, content: bytes, *, height: int | None, genesis: Path | None, consortium: bytes
) -> Bundle:
    """Gather evidence of a certificate file; NotFound("key.unknown") where the replica does not have its key."""
    told = read_certificate(content)
    key_id = b64url_decode(certificate.parse(told.sd_jwt).token.kid)
    known = open_replica(settings.replica).trust.keys_of(key_id)
    if not known:
        raise NotFound("key.unknown", key_id.hex())
    trusted = _read(genesis or settings.genesis)
    return ask_witnesses(
        settings,
        clock,
        lambda witness: collect(
            witness,
            genesis=trusted,
            certificate=told,
            spki=known[0].spki,
            height=height,
            now=clock.now(),
            consortium=consortium,
        ),
    )


def _read(genesis: Path) -> bytes:
    try:
        return genesis.read_bytes()
    except OSError as fault:
        raise Malformed("ledger.genesis_file", f"{genesis}: {fault.strerror}") from fault

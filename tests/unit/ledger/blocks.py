"""Final blocks made by hand, and a replica to write them into: what a follower hands on, without a chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.port import ChainIdentity, Event, FinalBlock, Head
from ledger.replica import Replica, ReplicaWriter, open_replica

if TYPE_CHECKING:
    from pathlib import Path

CHAIN = ChainIdentity(31_323_334, b"\x07" * 32)
CONSORTIUM = b"\xc0" * 20
ANCHOR, STATUS = b"\xa0" * 20, b"\x50" * 20
START = 1_800_000_000


def open_writer(folder: Path, *, chain: ChainIdentity = CHAIN, consortium: bytes = CONSORTIUM) -> ReplicaWriter:
    return ReplicaWriter(folder, chain=chain, consortium=consortium, genesis=Head(0, chain.genesis, 0))


def opened(folder: Path) -> Replica:
    return open_replica(folder)


def hash_of(number: int) -> bytes:
    return number.to_bytes(32, "big") if number else CHAIN.genesis


def block(number: int, *events: Event) -> FinalBlock:
    return FinalBlock(number, hash_of(number), hash_of(number - 1), START + number, events)


def event(name: str, contract: str = "TrustRegistry", address: bytes = CONSORTIUM, /, **args: Any) -> Event:  # noqa: ANN401 - ABI values
    return Event(address, contract, name, args, b"", b"")


def created(number: int, size: int = 1024, *, region: int = 31, address: bytes = STATUS) -> Event:
    return event("StatusListCreated", "StatusRegistry", address, region=region, list=number, size=size)


def changed(status: int, *indices: int, number: int = 1, at: int = START, address: bytes = STATUS) -> Event:
    args = {"region": 31, "list": number, "indices": indices, "status": status, "effectiveAt": at}
    return event("StatusChanged", "StatusRegistry", address, **args)


def anchored(number: int, *, kind: int = 1, size: int = 5, contract: bytes = ANCHOR, root: bytes = bytes(32)) -> Event:
    args = {"region": 31, "kind": kind, "number": number, "root": root, "hashAlg": 1, "size": size}
    return event("BatchAnchored", "CertificateAnchor", contract, **args, previous=bytes(32))


def member(region: int) -> Event:
    return event("MemberAdmitted", "Consortium", region=region, name=str(region), admin=bytes(20))


def write(writer: ReplicaWriter, *blocks: FinalBlock) -> None:
    for each in blocks:
        writer.add(each)
    writer.commit()

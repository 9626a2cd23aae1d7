"""A light client: believe a block because more than two thirds of the known validators signed it (CometBFT, light).

Trust begins with the genesis file and is carried on in a small value, `LightBlock`, that the caller stores. Its rules:
1. a block is newer than the one trusted, in height and in time, and not ahead of the clock;
2. the next block links to the one trusted by its hash; any later one may be taken without those between (skipping);
3. its validators are exactly the set that the trusted block named for the next, and more than two thirds sign;
4. a set changes only by a block that rule 3 holds for: it names the hash of the next set.

`advance` skips as far as the known set signs, and looks for the blocks that change it. Unlike a proof-of-stake chain's,
the members' keys lose no trust by age (docs/decisions/0013-trust-not-rpc.md). Whatever does not hold is
Unavailable("evidence.*" | "light.*"): the one who answered is left out, and nothing was taken in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import orjson

from ecert.domain.errors import Unavailable
from ledger.evidence import checker, wire
from ledger.evidence.checker import Genesis, Header, Refused, Validator

__all__ = [
    "LightBlock",
    "Source",
    "advance",
    "begin",
    "format_block",
    "link",
    "parent_of",
    "parse_block",
    "prove_slot",
    "slot_query",
    "steps",
    "verify",
]

AHEAD = 30
"""Seconds by which a block may be ahead of this clock."""


@dataclass(frozen=True, slots=True)
class LightBlock:
    """A verified block, and who may sign the next. `app_hash` is of the state after the block before this one."""

    chain_id: str
    height: int
    time: int
    nanos: int
    hash: bytes
    parent: bytes
    app_hash: bytes
    validators: tuple[Validator, ...]


class Source(Protocol):
    """A validator's consensus RPC, not trusted: the `result` of its answers as JSON read before."""

    def commit(self, height: int) -> object:
        """Answer `/commit?height=`."""

    def validators(self, height: int) -> object:
        """Answer `/validators?height=&per_page=100`."""


def begin(genesis: bytes) -> LightBlock:
    """Trust a genesis file: what stands before its first block; Unavailable("evidence.genesis")."""
    with _told():
        told = checker.read_genesis(genesis)
    return _before_first(told)


def verify(trusted: LightBlock, answer: object, *, now: float, following: object = None) -> LightBlock:
    """Verify the answer to `/commit` by the set that `trusted` names; `following` is the next block's `/validators`.

    `following` is needed only where the block changes the set (Unavailable("light.changes") without it).
    """
    with _told():
        fields, commit = wire.read_signed_header(answer)
        wire.hold_chain(answer, trusted.chain_id)
        header = checker.read_header(fields, trusted.chain_id)
        _hold_order(trusted, header, now)
        checker.verify_commit(header, commit, validators=trusted.validators, chain_id=trusted.chain_id)
        wire.hold_names(answer, header, trusted.validators)
        validators = trusted.validators
        if header.next_validators_hash != header.validators_hash:
            validators = _next(header, following)
    return _believed(trusted.chain_id, header, validators)


def advance(trusted: LightBlock, source: Source, *, height: int, now: float) -> LightBlock:
    """Verify the block at `height`, through every block that changes the set between; O(log n) answers a change."""
    for _, _, block in steps(trusted, source, height=height, now=now):
        trusted = block
    return trusted


def steps(
    trusted: LightBlock, source: Source, *, height: int, now: float
) -> Iterator[tuple[object, tuple[Validator, ...], LightBlock]]:
    """Yield what `advance` verifies on its way: the answer to `/commit`, who signed, and the block."""
    while trusted.height < height:
        answer, header = _reach(trusted, source, height)
        changes = header.next_validators_hash != header.validators_hash
        following = source.validators(header.height + 1) if changes else None
        signers, trusted = trusted.validators, verify(trusted, answer, now=now, following=following)
        yield answer, signers, trusted


def link(trusted: LightBlock, headers: Sequence[object]) -> list[Header]:
    """Verify headers (as `/blockchain` gives them) that end with the trusted block, by their hashes alone, in order."""
    with _told():
        read = [checker.read_header(wire.read_header(header), trusted.chain_id) for header in headers]
        after, expected = trusted.height + 1, trusted.hash
        for header in reversed(read):
            if (header.height, header.hash) != (after - 1, expected):
                raise Refused("light.unlinked", f"block {header.height} is not the one before {after}")
            after, expected = header.height, parent_of(header)
    return read


def parent_of(header: Header) -> bytes:
    """Give the hash of the block before; empty for the first block."""
    return header.last_block_id[2:34] if header.last_block_id[:2] == b"\x0a\x20" else b""


def prove_slot(sealed: LightBlock, answer: object, *, contract: bytes, slot: int) -> bytes:
    """Read one storage slot (32 bytes) after the block *before* `sealed`, from `/abci_query` with its proof."""
    with _told():
        proof, stores = wire.read_proof(answer)
        return checker.slot_value(proof, checker.evm_root(stores, sealed.app_hash), contract=contract, slot=slot)


def slot_query(*, contract: bytes, slot: int, height: int) -> dict[str, str | bool]:
    """Give the parameters of the `abci_query` (JSON-RPC) that `prove_slot` reads."""
    key = b"\x02" + contract + slot.to_bytes(checker.WORD, "big")
    return {"path": "/store/evm/key", "data": key.hex(), "height": str(height), "prove": True}


def format_block(block: LightBlock) -> bytes:
    """Write the trusted block as JSON, to be stored."""
    value = {name: getattr(block, name) for name in ("chain_id", "height", "time", "nanos")}
    hashes = {name: getattr(block, name).hex() for name in ("hash", "parent", "app_hash")}
    return orjson.dumps(value | hashes | {"validators": [[v.key.hex(), v.power] for v in block.validators]})


def parse_block(stored: bytes) -> LightBlock:
    """Read what `format_block` wrote; Unavailable("light.state")."""
    try:
        told = orjson.loads(stored)
        hashes = {name: bytes.fromhex(told[name]) for name in ("hash", "parent", "app_hash")}
        validators = tuple(Validator(bytes.fromhex(key), power) for key, power in told["validators"])
        block = LightBlock(**{**told, **hashes, "validators": validators})
    except (ValueError, LookupError, TypeError, AttributeError) as fault:
        raise Unavailable("light.state", "the stored trusted block cannot be read") from fault
    if format_block(block) != stored:
        raise Unavailable("light.state", "the stored trusted block is not as it was written")
    return block


def _before_first(genesis: Genesis) -> LightBlock:
    # The first block bears the genesis time itself, and every block is later than the one trusted.
    time, height = genesis.time - 1, genesis.first_height - 1
    return LightBlock(genesis.chain_id, height, time, 0, b"", b"", b"", genesis.validators)


def _believed(chain_id: str, header: Header, validators: tuple[Validator, ...]) -> LightBlock:
    parent = parent_of(header)
    return LightBlock(
        chain_id, header.height, header.time, header.nanos, header.hash, parent, header.app_hash, validators
    )


def _hold_order(trusted: LightBlock, header: Header, now: float) -> None:
    if header.height <= trusted.height:
        raise Refused("light.height", f"{header.height} after {trusted.height}")
    if header.height == trusted.height + 1 and parent_of(header) != trusted.hash:
        raise Refused("light.unlinked", f"block {header.height} does not continue {trusted.height}")
    if (header.time, header.nanos) <= (trusted.time, trusted.nanos):
        raise Refused("light.time", f"block {header.height} is not later than {trusted.height}")
    if header.time > now + AHEAD:
        raise Refused("light.clock", f"block {header.height} is {header.time - now:.0f} s ahead of this clock")


def _next(header: Header, following: object) -> tuple[Validator, ...]:
    if following is None:
        raise Refused("light.changes", f"block {header.height} names another set")
    validators = wire.read_validators(following)
    if checker.validators_hash(validators) != header.next_validators_hash:
        raise Refused("evidence.validators", f"not the set that block {header.height} names")
    return validators


def _reach(trusted: LightBlock, source: Source, height: int) -> tuple[object, Header]:
    """Find the furthest block up to `height` that the known set signs; what is read on the way is not believed yet."""
    known = checker.validators_hash(trusted.validators)
    low, high = trusted.height + 1, height
    answer, header = _peek(trusted, source, high)
    if header.validators_hash == known:
        return answer, header
    while low < high - 1:
        middle = (low + high) // 2
        _, header = _peek(trusted, source, middle)
        low, high = (middle, high) if header.validators_hash == known else (low, middle)
    return _peek(trusted, source, low)


def _peek(trusted: LightBlock, source: Source, height: int) -> tuple[object, Header]:
    answer = source.commit(height)
    with _told():
        header = checker.read_header(wire.read_signed_header(answer)[0], trusted.chain_id)
        if header.height != height:
            raise Refused("light.height", f"{header.height} where {height} was asked for")
    return answer, header


@contextmanager
def _told() -> Iterator[None]:
    """Tell the house's error for what does not hold."""
    try:
        yield
    except Refused as fault:
        raise Unavailable(fault.code, fault.detail) from fault

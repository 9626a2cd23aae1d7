"""A chain of any length signed by four keys of the benchmark's own, in the words of a validator's consensus RPC.

Blocks come one a second. The first appoints the contracts and lets each speak; each of the others carries as many
transactions as it is told to, each with one BatchAnchored (CometBFT v0.38 data structures).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.network import state
from ecert.domain.merkle import Tree
from ledger.evidence import checker, wire
from ledger.evidence.checker import Validator, bytes_field, number_field

__all__ = ["NUMBER", "Chain", "grown"]

NUMBER: Final = 310_099
"""The chain's number for signatures."""
_NAME: Final = "ecert-bench"
_KEYS: Final = 4
_PARTS: Final = {"total": 1, "hash": "AB" * 32}
_SHORT: Final = 128


@dataclass(frozen=True, slots=True)
class Block:
    """What a validator keeps of a block; `before` are the slots after the block before this one."""

    header: dict[str, Any]
    hash: bytes
    signatures: tuple[bytes, ...]
    results: tuple[dict[str, Any], ...]
    before: state.State


@dataclass(slots=True)
class Chain:
    """Blocks from 1 on; `begun` is the genesis time, keys stand in the set's order."""

    begun: int
    keys: tuple[Ed25519PrivateKey, ...]
    blocks: list[Block] = field(default_factory=list)

    @property
    def validators(self) -> tuple[Validator, ...]:
        """The four, in the set's order."""
        return tuple(Validator(_public(key), 1) for key in self.keys)

    @property
    def genesis(self) -> bytes:
        """The file that a deployment is handed."""
        listed = [{"pub_key": {"value": _base64(each.key)}, "power": "1"} for each in self.validators]
        told = {"chain_id": _NAME, "initial_height": 1, "genesis_time": _instant(self.begun)}
        return orjson.dumps({**told, "consensus": {"validators": listed}})

    def commit(self, height: int) -> dict[str, Any]:
        """Answer `/commit`."""
        block, instant = self.blocks[height - 1], _instant(self.begun + height)
        signatures = [
            {
                "block_id_flag": 2,
                "validator_address": sha256(validator.key).hexdigest()[:40].upper(),
                "timestamp": instant,
                "signature": _base64(signature),
            }
            for validator, signature in zip(self.validators, block.signatures, strict=True)
        ]
        block_id = {"hash": block.hash.hex().upper(), "parts": _PARTS}
        commit = {"height": str(height), "round": 0, "block_id": block_id, "signatures": signatures}
        return {"signed_header": {"header": block.header, "commit": commit}, "canonical": True}

    def results(self, height: int) -> dict[str, Any]:
        """Answer `/block_results`."""
        return {"height": str(height), "txs_results": list(self.blocks[height - 1].results) or None}


def grown(batches: Sequence[int], *, begun: int) -> Chain:
    """Make and sign blocks, of which each carries so many batches."""
    keys = [Ed25519PrivateKey.from_private_bytes(sha256(b"bench %d" % n).digest()) for n in range(_KEYS)]
    chain = Chain(begun, tuple(sorted(keys, key=lambda key: sha256(_public(key)).digest()[:20])))
    named = checker.validators_hash(chain.validators).hex().upper()
    told, number, results = state.Told(), 0, Tree([]).root
    for height, count in enumerate(batches, 1):
        before = told.state()
        said = [[state.batch(number + n)] for n in range(count)] if height > 1 else [state.beginnings()]
        listed = tuple(state.result(number + n, [told.take(*each) for each in one]) for n, one in enumerate(said))
        number += len(said)
        header = _header(chain, height, is_empty=not listed)
        header |= {"validators_hash": named, "next_validators_hash": named}
        header |= {"app_hash": state.application(before).hex().upper(), "last_results_hash": results.hex().upper()}
        results = Tree([state.leaf(each) for each in listed]).root
        digest = checker.read_header(wire.read_header(header), _NAME).hash
        vote = _vote(digest, height, begun + height)
        chain.blocks.append(Block(header, digest, tuple(key.sign(vote) for key in chain.keys), listed, before))
    return chain


def _header(chain: Chain, height: int, *, is_empty: bool) -> dict[str, Any]:
    last: dict[str, Any] = {"hash": "", "parts": {"total": 0, "hash": ""}}
    if height > 1:
        last = {"hash": chain.blocks[-1].hash.hex().upper(), "parts": _PARTS}
    return {
        "version": {"block": "11"},
        "chain_id": _NAME,
        "height": str(height),
        "time": _instant(chain.begun + height - 1),
        "last_block_id": last,
        **dict.fromkeys(("last_commit_hash", "consensus_hash", "evidence_hash"), "EF" * 32),
        "data_hash": Tree([] if is_empty else [height.to_bytes(8, "big")]).root.hex().upper(),
        "proposer_address": "12" * 20,
    }


def _vote(digest: bytes, height: int, time: int) -> bytes:
    """Write what a validator signs: a CanonicalVote behind its length (CometBFT, types/canonical.proto)."""
    parts = number_field(1, 1) + bytes_field(2, bytes.fromhex(str(_PARTS["hash"])))
    vote = b"\x08\x02\x11" + height.to_bytes(8, "little")
    vote += bytes_field(4, bytes_field(1, digest) + bytes_field(2, parts))
    vote += bytes_field(5, number_field(1, time)) + bytes_field(6, _NAME.encode())
    size = bytes([len(vote)]) if len(vote) < _SHORT else bytes([len(vote) % _SHORT | _SHORT, len(vote) // _SHORT])
    return size + vote


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

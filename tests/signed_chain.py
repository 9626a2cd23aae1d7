"""A chain signed by keys of our own, in memory, told as a validator's consensus RPC tells it; tests bend its blocks."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.evidence import checker, wire
from ledger.evidence.checker import Validator, bytes_field, number_field

CHAIN_ID = "ecert-simulated"
BEGUN = 1_800_000_000
ABSENT = {"block_id_flag": 1, "validator_address": "", "timestamp": "0001-01-01T00:00:00Z", "signature": None}
PARTS = {"total": 1, "hash": "AB" * 32}


def key(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(sha256(f"validator {number}".encode()).digest())


def validator(number: int, power: int = 1) -> Validator:
    return Validator(key(number).public_key().public_bytes_raw(), power)


@dataclass
class SignedChain:
    """Blocks 1, 2, 3 ... one a second; `sets` tells from which height on which validators (by number) sign."""

    sets: dict[int, tuple[int, ...]]
    app_hash: str = "CD" * 32
    answers: dict[int, dict[str, Any]] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)

    @property
    def genesis(self) -> bytes:
        listed = [
            {"pub_key": {"value": base64.b64encode(validator(n).key).decode()}, "power": "1"} for n in self.signers(1)
        ]
        time = instant(BEGUN)
        told = {"chain_id": CHAIN_ID, "initial_height": 1, "genesis_time": time, "consensus": {"validators": listed}}
        return json.dumps(told).encode()

    def signers(self, height: int) -> tuple[int, ...]:
        return self.sets[max(first for first in self.sets if first <= height)]

    def commit(self, height: int) -> Any:  # noqa: ANN401 - JSON
        self.asked.append(height)
        self.grow(height)
        return self.answers[height]

    def grow(self, height: int) -> None:
        for each in range(len(self.answers) + 1, height + 1):
            self.answers[each] = self.signed(self.header(each), self.signers(each))

    def validators(self, height: int) -> object:
        return validators_answer(self.signers(height))

    def header(self, height: int, **changes: object) -> dict[str, Any]:
        last = {"hash": "", "parts": {"total": 0, "hash": ""}}
        if height > 1:
            last = {"hash": self.hash(height - 1), "parts": PARTS}
        digests = dict.fromkeys(("last_commit_hash", "data_hash", "consensus_hash", "evidence_hash"), "EF" * 32)
        return {
            "version": {"block": "11"},
            "chain_id": CHAIN_ID,
            "height": str(height),
            "time": instant(BEGUN + height - 1),
            "last_block_id": last,
            **digests,
            "validators_hash": set_hash(self.signers(height)),
            "next_validators_hash": set_hash(self.signers(height + 1)),
            "app_hash": self.app_hash,
            "last_results_hash": "",
            "proposer_address": "12" * 20,
            **changes,
        }

    def hash(self, height: int) -> str:
        self.grow(height)
        told: str = self.answers[height]["signed_header"]["commit"]["block_id"]["hash"]
        return told

    def signed(self, header: dict[str, Any], by: tuple[int, ...], absent: tuple[int, ...] = ()) -> dict[str, Any]:
        """Sign a header; `absent` are numbers of validators, with their place in the commit but no vote."""
        block_hash = checker.read_header(wire.read_header(header), header["chain_id"]).hash
        height, time = int(header["height"]), BEGUN + int(header["height"])
        signatures = []
        for number in in_order(by):
            if number in absent:
                signatures.append(ABSENT)
                continue
            vote = vote_bytes(block_hash, height, time, header["chain_id"])
            signature = base64.b64encode(key(number).sign(vote)).decode()
            address = sha256(validator(number).key).hexdigest()[:40].upper()
            named = {"block_id_flag": 2, "validator_address": address, "timestamp": instant(time)}
            signatures.append({**named, "signature": signature})
        block_id = {"hash": block_hash.hex().upper(), "parts": PARTS}
        commit = {"height": str(height), "round": 0, "block_id": block_id, "signatures": signatures}
        return {"signed_header": {"header": header, "commit": commit}, "canonical": True}


def vote_bytes(block_hash: bytes, height: int, time: int, chain_id: str) -> bytes:
    """What a validator signs: a CanonicalVote behind its length (CometBFT, proto/tendermint/types/canonical.proto)."""
    parts = number_field(1, PARTS["total"]) + bytes_field(2, bytes.fromhex(str(PARTS["hash"])))  # type: ignore[arg-type] # one dict of two kinds
    vote = b"\x08\x02\x11" + height.to_bytes(8, "little")
    vote += bytes_field(4, bytes_field(1, block_hash) + bytes_field(2, parts))
    vote += bytes_field(5, number_field(1, time)) + bytes_field(6, chain_id.encode())
    return bytes([len(vote)]) + vote if len(vote) < 128 else bytes([len(vote) & 127 | 128, len(vote) >> 7]) + vote


def instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def in_order(numbers: tuple[int, ...]) -> list[int]:
    """Order validators of one power as their set is ordered."""
    return sorted(numbers, key=lambda number: sha256(validator(number).key).digest()[:20])


def set_hash(numbers: tuple[int, ...]) -> str:
    return checker.validators_hash([validator(number) for number in in_order(numbers)]).hex().upper()


def validators_answer(numbers: tuple[int, ...]) -> dict[str, Any]:
    listed = [
        {
            "pub_key": {"type": "tendermint/PubKeyEd25519", "value": base64.b64encode(validator(n).key).decode()},
            "voting_power": "1",
        }
        for n in in_order(numbers)
    ]
    return {"validators": listed, "total": str(len(listed)), "count": str(len(listed))}

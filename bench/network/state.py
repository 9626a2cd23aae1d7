"""What the contracts of the benchmark's own chain say and keep: events, their results, and eight slots with proofs.

The slots are counts and running hashes of four contracts, leaves of one full IAVL tree (ICS 23); results carry the EVM
module's response as `ledger.drivers.results` reads it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

import eth_abi
from eth_hash.auto import keccak

from contracts import artifacts
from ledger.directory import CONTRACTS
from ledger.evidence.checker import bytes_field, number_field

__all__ = ["CONSORTIUM", "State", "Told", "application", "batch", "beginnings", "leaf", "proof", "result"]

CONSORTIUM: Final = b"\xc0" * 20
_ADDRESSES: Final = {"Consortium": CONSORTIUM, **{name: keccak(role)[:20] for role, name in CONTRACTS.items()}}
_PLACES: Final = sorted((address, slot) for address in _ADDRESSES.values() for slot in (0, 1))
_LEAF: Final = b"\x00\x02\x02"
_INNER: Final = (b"\x02\x04\x02\x20", b"\x04\x08\x02\x20", b"\x06\x10\x02\x20")
"""Height, size and version of an inner node in varints, from the lowest."""
_SIZE: Final = 10_000
_GAS: Final = 152_561

State = tuple[bytes, ...]
Saying = tuple[str, str, tuple[object, ...]]
"""A contract, its event, and that event's values."""


@dataclass(slots=True)
class Told:
    """Each contract's count and running hash so far."""

    chronicles: dict[bytes, tuple[int, bytes]] = field(default_factory=dict)

    def take(self, contract: str, name: str, values: Sequence[object]) -> bytes:
        """Let a contract say something; return its log, as the EVM module writes it."""
        address, (topic, kinds) = _ADDRESSES[contract], _EVENTS[contract, name]
        payload = eth_abi.encode(kinds, values)
        count, head = self.chronicles.get(address, (0, bytes(32)))
        self.chronicles[address] = (count + 1, keccak(head + topic + keccak(payload)))
        said = bytes_field(1, f"0x{address.hex()}".encode()) + bytes_field(2, f"0x{topic.hex()}".encode())
        return said + bytes_field(3, payload)

    def state(self) -> State:
        """Give the slots' values as they stand, in the tree's order."""
        told = (self.chronicles.get(address, (0, bytes(32)))[slot] for address, slot in _PLACES)
        return tuple(value.to_bytes(32, "big") if isinstance(value, int) else value for value in told)


def beginnings() -> list[Saying]:
    """Appoint every contract, and let each speak once: a slot that was never written has another kind of proof."""
    return [
        *(("Consortium", "ContractAppointed", (role, _ADDRESSES[name], 1)) for role, name in CONTRACTS.items()),
        ("TrustRegistry", "AuthorityRegistered", (b"113299000000000010", 32, "示例机关", 1)),
        ("StatusRegistry", "StatusListCreated", (32, 1, 1 << 17)),
        batch(1),
    ]


def batch(number: int) -> Saying:
    """Anchor a batch, of the four regions in turn."""
    root, previous = (sha256(b"%d" % n).digest() for n in (number, number - 1))
    return "CertificateAnchor", "BatchAnchored", (31 + number % 4, 1, number, root, 1, _SIZE, previous)


def result(number: int, logs: Sequence[bytes]) -> dict[str, Any]:
    """Write the result of a transaction that left these logs."""
    said = bytes_field(1, b"0x%064x" % number) + b"".join(bytes_field(2, log) for log in logs)
    response = said + number_field(5, _GAS)
    packed = bytes_field(1, b"/cosmos.evm.vm.v1.MsgEthereumTxResponse") + bytes_field(2, response)
    content = base64.b64encode(bytes_field(2, packed)).decode()
    return {"code": 0, "data": content, "gas_wanted": str(2 * _GAS), "gas_used": str(_GAS), "log": "", "events": []}


def leaf(told: Mapping[str, Any]) -> bytes:
    """Write the part of a result that the next header's hash covers."""
    numbers = number_field(5, int(told["gas_wanted"])) + number_field(6, int(told["gas_used"]))
    return bytes_field(2, base64.b64decode(told["data"])) + numbers


def application(state: State) -> bytes:
    """Hash the state as the next header does."""
    return sha256(b"\x00\x03evm\x20" + sha256(_levels(state)[-1][0]).digest()).digest()


def proof(state: State, key: bytes) -> dict[str, Any]:
    """Answer `/abci_query` for a slot: its key in the store is 0x02, address, slot."""
    at = _PLACES.index((key[1:21], int.from_bytes(key[21:], "big")))
    levels, path, place = _levels(state), b"", at
    for level, inner in zip(levels, _INNER, strict=False):
        sibling = level[place ^ 1]
        before, after = (inner + sibling + b"\x20", b"") if place & 1 else (inner, b"\x20" + sibling)
        path += bytes_field(4, number_field(1, 1) + bytes_field(2, before) + bytes_field(3, after))
        place >>= 1
    tree = bytes_field(1, key) + bytes_field(2, state[at]) + bytes_field(3, bytes_field(5, _LEAF)) + path
    store = bytes_field(1, b"evm") + bytes_field(2, levels[-1][0]) + bytes_field(3, bytes_field(5, b"\x00"))
    kinds = {"ics23:iavl": tree, "ics23:simple": store}
    ops = [{"type": kind, "data": base64.b64encode(bytes_field(1, told)).decode()} for kind, told in kinds.items()]
    return {"response": {"code": 0, "proofOps": {"ops": ops}}}


def _levels(state: State) -> list[list[bytes]]:
    """Hash the tree, leaves first."""
    nodes = []
    for (address, slot), value in zip(_PLACES, state, strict=True):
        key = b"\x02" + address + slot.to_bytes(32, "big")
        nodes.append(sha256(_LEAF + bytes([len(key)]) + key + b"\x20" + sha256(value).digest()).digest())
    levels = [nodes]
    for inner in _INNER:
        nodes = [
            sha256(inner + left + b"\x20" + right).digest() for left, right in zip(nodes[::2], nodes[1::2], strict=True)
        ]
        levels.append(nodes)
    return levels


def _events() -> dict[tuple[str, str], tuple[bytes, list[str]]]:
    found = {}
    for contract in artifacts.NAMES:
        for entry in artifacts.load(contract).abi:
            if entry["type"] == "event":
                kinds = [each["type"] for each in entry["inputs"]]
                topic = keccak(f"{entry['name']}({','.join(kinds)})".encode())
                found[contract, entry["name"]] = (topic, kinds)
    return found


_EVENTS: Final = _events()

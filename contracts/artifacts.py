"""The compiled contracts as values, so that drivers need neither a compiler nor node.

Contract ABI and storage layout as solc writes them (Solidity documentation, "Contract ABI Specification" and
"Layout of State Variables in Storage"); `python -m contracts.compile` makes the files.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

NAMES = ("Consortium", "TrustRegistry", "CertificateAnchor", "StatusRegistry")


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a state variable begins: slot, byte offset within it, Solidity type; its name without underscore.

    Slots are frozen: in every contract 0 is `count` and 1 is `head`.
    """

    label: str
    slot: int
    offset: int
    type: str


@dataclass(frozen=True, slots=True)
class Artifact:
    """One contract: `bytecode` creates it, followed by its ABI-encoded constructor arguments.

    `deployed_bytecode` is what stands then, but for zeros where the constructor writes immutables.
    """

    name: str
    abi: list[dict[str, Any]]
    bytecode: bytes
    deployed_bytecode: bytes
    storage: tuple[Slot, ...]
    evm_version: str


@cache
def load(name: str) -> Artifact:
    """Return the artefact of one of `NAMES`; KeyError for any other name."""
    if name not in NAMES:
        raise KeyError(name)
    text = (files("contracts") / "artifacts" / f"{name}.json").read_text("utf-8")
    found = json.loads(text)
    return Artifact(
        name=found["contract"],
        abi=found["abi"],
        bytecode=bytes.fromhex(found["bytecode"].removeprefix("0x")),
        deployed_bytecode=bytes.fromhex(found["deployed_bytecode"].removeprefix("0x")),
        storage=tuple(Slot(**slot) for slot in found["storage"]),
        evm_version=found["evm"],
    )

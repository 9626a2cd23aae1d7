"""Gather an evidence bundle from a validator that is not trusted (docs/spec/evidence.md).

The checker itself says which slots it needs: it is run over a state that fetches, verifies and keeps each proof. What
comes out was judged once more, whole, before it is handed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from ecert.domain.errors import Conflict, Unavailable
from ecert.domain.receipt import Container
from ecert.domain.sd_jwt import split
from ledger import light
from ledger.evidence import checker, wire
from ledger.evidence.checker import Refused, State

__all__ = ["Bundle", "StateSource", "collect"]


class StateSource(light.Source, Protocol):
    """A validator's consensus RPC that also answers for the state."""

    def state(self, *, contract: bytes, slot: int, height: int) -> object:
        """Answer `/abci_query` as `light.slot_query` asks it: a slot after block `height`, with its proof."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """The bundle's bytes and what the checker says that they show."""

    content: bytes
    report: dict[str, Any]


def collect(
    source: StateSource,
    *,
    genesis: bytes,
    certificate: Container,
    spki: bytes,
    height: int,
    now: float,
) -> Bundle:
    """Prove a certificate's anchor, status and grant by the state after block `height`; block height + 1 seals it.

    Conflict("evidence.pending") without a receipt; Unavailable("evidence.*" | "light.*") where the answers do not hold.
    """
    if certificate.receipt is None:
        raise Conflict("evidence.pending", "the certificate is not anchored yet")
    receipt = certificate.receipt
    place = {"contract": receipt.contract[2:].lower(), "batch": receipt.batch, "index": receipt.index}
    told = {**place, "size": receipt.size, "path": [node.hex() for node in receipt.path]}
    blocks, sealed = _signed(source, genesis, height + 1, now)
    proofs: list[object] = []
    stores: dict[str, object] = {}

    def read(contract: bytes, slot: int) -> bytes:
        proof, path = wire.read_proof(source.state(contract=contract, slot=slot, height=height))
        value = checker.slot_value(proof, checker.evm_root(path, sealed.app_hash), contract=contract, slot=slot)
        stores.update(path)
        proofs.append(proof)
        return value

    jwt = split(certificate.sd_jwt).jwt
    try:
        known = checker.read_genesis(genesis)
        checker.examine(jwt, spki, told, State(known.consortium, read))
        found = {"v": 1, "certificate": jwt, "spki": spki.hex(), "receipt": told}
        content = checker.canonical({**found, "blocks": blocks, "stores": stores, "slots": proofs})
        return Bundle(content, checker.judge(content, known))
    except Refused as fault:
        raise Unavailable(fault.code, fault.detail) from fault


def _signed(source: StateSource, genesis: bytes, height: int, now: float) -> tuple[list[object], light.LightBlock]:
    """Walk from the genesis file to the block; keep those that change the set, and the last."""
    blocks: list[dict[str, object]] = []
    trusted = light.begin(genesis)
    for answer, signers, block in light.steps(trusted, source, height=height, now=now):
        header, commit = wire.read_signed_header(answer)
        is_last = block.height == height
        following = None if is_last else [[v.key.hex(), v.power] for v in block.validators]
        if is_last or block.validators != signers:
            blocks.append({"header": header, "commit": commit, "next": following})
        trusted = block
    return list(blocks), trusted

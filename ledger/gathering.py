"""Gather an evidence bundle from a validator that is not trusted (docs/spec/evidence.md).

The checker itself says which slots it needs: it is run over a state that fetches, verifies and keeps each proof. What
comes out was judged once more, whole, before it is handed over.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from ecert.domain.errors import Conflict
from ecert.domain.receipt import AnchorReceipt, Container
from ecert.domain.sd_jwt import split
from ledger import light
from ledger.evidence import checker, wire
from ledger.evidence.checker import Refused, State

__all__ = ["Bundle", "StateSource", "collect"]


class StateSource(light.Source, Protocol):
    """A validator's consensus RPC that also answers for the state."""

    def newest(self) -> int:
        """Tell the height of the newest signed block."""

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
    height: int | None,
    now: float,
    consortium: bytes = b"",
) -> Bundle:
    """Prove a certificate's anchor, status and grant by the state after block `height` (None: the newest sealed).

    `consortium` (20 bytes) is needed where the genesis file does not name it.
    Unavailable("evidence.*" | "light.*") where the answers do not hold; Conflict("evidence.pending") without a receipt,
    Conflict("evidence.*") where they hold and the certificate does not fit them.
    """
    if certificate.receipt is None:
        raise Conflict("evidence.pending", "the certificate is not anchored yet")
    receipt = _told(certificate.receipt)
    height = source.newest() - 1 if height is None else height
    blocks, sealed = _signed(source, genesis, height + 1, now)
    seen = _Seen(source, sealed)
    jwt = split(certificate.sd_jwt).jwt
    try:
        known = checker.read_genesis(genesis)
        known = replace(known, consortium=known.consortium or consortium)
        checker.examine(jwt, spki, receipt, State(known.consortium, seen.read))
        found = {"v": 1, "certificate": jwt, "spki": spki.hex(), "receipt": receipt}
        content = checker.canonical({**found, "blocks": blocks, "stores": seen.stores, "slots": seen.proofs})
        return Bundle(content, checker.judge(content, known))
    except Refused as fault:
        raise Conflict(fault.code, fault.detail) from fault


def _told(receipt: AnchorReceipt) -> dict[str, object]:
    place = {"contract": receipt.contract[2:].lower(), "batch": receipt.batch, "index": receipt.index}
    return {**place, "size": receipt.size, "path": [node.hex() for node in receipt.path]}


@dataclass(slots=True)
class _Seen:
    """The state after the block before `sealed`, with every proof that was asked for."""

    source: StateSource
    sealed: light.LightBlock
    stores: dict[str, object] = field(default_factory=dict)
    proofs: list[object] = field(default_factory=list)

    def read(self, contract: bytes, slot: int) -> bytes:
        answer = self.source.state(contract=contract, slot=slot, height=self.sealed.height - 1)
        value = light.prove_slot(self.sealed, answer, contract=contract, slot=slot)
        proof, stores = wire.read_proof(answer)
        self.stores.update(stores)
        self.proofs.append(proof)
        return value


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

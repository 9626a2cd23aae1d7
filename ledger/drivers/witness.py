"""One validator's consensus RPC, asked for what signs and proves a block: nothing that it says is believed unproven."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ecert.domain.errors import Unavailable
from ledger import light
from ledger.drivers.validators import Behind, Endpoint
from ledger.drivers.wire import Refusal

__all__ = ["Witness", "consensus", "height_of"]


@dataclass(frozen=True, slots=True)
class Witness:
    """The `Source` of `ledger.light` and the `StateSource` of `ledger.gathering`; `known` commits are not asked for."""

    endpoint: Endpoint
    known: Mapping[int, object] = field(default_factory=dict)

    def newest(self) -> int:
        """Ask for the height of the newest signed block."""
        return height_of(consensus(self.endpoint, "commit"))

    def commit(self, height: int) -> object:
        """Ask for a block's header and commit."""
        return self.known.get(height) or consensus(self.endpoint, "commit", height=str(height))

    def validators(self, height: int) -> object:
        """Ask for a block's validators."""
        return consensus(self.endpoint, "validators", height=str(height), per_page="100")

    def state(self, *, contract: bytes, slot: int, height: int) -> object:
        """Ask for a slot after a block, with its proof; `Behind` where the validator does not have that state."""
        told = self.endpoint.tell("abci_query", **light.slot_query(contract=contract, slot=slot, height=height))
        if not isinstance(told, dict) or not isinstance(told.get("response"), dict):
            raise Unavailable("ledger.answer_form", "abci_query: no answer")
        if told["response"].get("code"):
            raise Behind
        return told


def consensus(endpoint: Endpoint, method: str, **params: str) -> Any:  # noqa: ANN401 - JSON of a stranger
    """Ask the consensus RPC; `Behind` where it does not have the height."""
    try:
        return endpoint.tell(method, **params)
    except Refusal as refusal:
        if "height" in f"{refusal.message} {refusal.data}":
            raise Behind from refusal
        raise


def height_of(answer: object) -> int:
    """Read the height of a `commit` answer."""
    try:
        return int(answer["signed_header"]["header"]["height"])  # type: ignore[index] # JSON of a stranger
    except (LookupError, TypeError, ValueError) as fault:
        raise Unavailable("ledger.answer_form", "commit: no height") from fault

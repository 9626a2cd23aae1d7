"""One validator as the one who gathers evidence asks it; nothing that it says is believed without its proof."""

from __future__ import annotations

from dataclasses import dataclass

from ecert.domain.errors import Unavailable
from ledger import light
from ledger.drivers.proven import consensus
from ledger.drivers.validators import Behind, Endpoint

__all__ = ["Witness"]


@dataclass(frozen=True, slots=True)
class Witness:
    """The `StateSource` of `ledger.gathering` over a validator's consensus RPC."""

    endpoint: Endpoint

    def newest(self) -> int:
        """Ask for the height of the newest signed block."""
        try:
            return int(consensus(self.endpoint, "commit")["signed_header"]["header"]["height"])
        except (LookupError, TypeError, ValueError) as fault:
            raise Unavailable("ledger.answer_form", "commit: no height") from fault

    def commit(self, height: int) -> object:
        """Ask for a block's header and commit."""
        return consensus(self.endpoint, "commit", height=str(height))

    def validators(self, height: int) -> object:
        """Ask for a block's validators."""
        return consensus(self.endpoint, "validators", height=str(height), per_page="100")

    def state(self, *, contract: bytes, slot: int, height: int) -> object:
        """Ask for a slot after a block, with its proof; `Behind` where the validator does not have that state."""
        asked = light.slot_query(contract=contract, slot=slot, height=height)
        path, content = asked["path"].strip('"'), asked["data"].removeprefix("0x")
        told = self.endpoint.tell("abci_query", path=path, data=content, height=asked["height"], prove=True)
        if isinstance(told, dict) and isinstance(told.get("response"), dict) and told["response"].get("code"):
            raise Behind
        return told

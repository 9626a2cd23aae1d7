"""What travels between deployments, both ways: strict models for requests, and answers read like any foreign text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from ecert.domain.errors import Malformed
from ecert.domain.holders import HolderRef
from ecert.domain.ids import parse_type_code
from ecert.domain.reasons import REASONS
from ecert.domain.receipt import parse_receipt
from ecert.domain.strict import b64url_decode
from ecert.domain.use import Use, parse_use
from ecert.runtime.bodies import Body, HolderRefBody
from wallet_codes.holdings import Held, HoldingsRequest

__all__ = [
    "ForwardedRedemptionBody",
    "HoldingsBody",
    "held_json",
    "holder_json",
    "read_held",
    "read_path",
    "read_response",
]

_MOST: Final = 1_000
_MEMBERS: Final = {"type", "sd_jwt", "receipt", "mutable", "status_reason"}
_LONGEST_PATH: Final = 130
_HASH: Final = 32


class HoldingsBody(Body):
    """One holder and the type codes that one item needs."""

    holder: HolderRefBody
    types: list[Annotated[str, Field(max_length=21)]] = Field(min_length=1, max_length=37)

    def request(self) -> HoldingsRequest:
        """Give what the protocol takes; Malformed `holder.*`, `type_code.*`."""
        return HoldingsRequest(self.holder.ref(), tuple(parse_type_code(each) for each in self.types))


class ForwardedRedemptionBody(Body):
    """A code, the use by its wire names, and whom the clerk has identified."""

    code: str = Field(min_length=1, max_length=1000)
    use: dict[str, str]
    holder: HolderRefBody | None = None
    requester: str = Field(min_length=1, max_length=200)
    asker: str = Field(min_length=1, max_length=200)

    def parsed_use(self) -> Use:
        """Read the use; Malformed `use.*`, `division.form`."""
        return parse_use(self.use)


def holder_json(holder: HolderRef) -> dict[str, str]:
    """Give the wire object of `HolderRefBody`."""
    return {"id_type": holder.id_type, "id": holder.id}


def held_json(held: Held) -> dict[str, Any]:
    """Give one certificate as it travels."""
    return {
        "type": held.type_code,
        "sd_jwt": held.sd_jwt,
        "receipt": held.receipt.claims() if held.receipt else None,
        "mutable": {key: {"value": value, "at": at} for key, (value, at) in held.mutable.items()},
        "status_reason": held.status_reason,
    }


def read_held(told: object) -> tuple[Held, ...]:
    """Read {"held": [...]}; Malformed("gateway.answer") or a part's own code."""
    rows = _only(told, "held")
    if not isinstance(rows, list) or len(rows) > _MOST:
        raise Malformed("gateway.answer", f"at most {_MOST} certificates are expected")
    return tuple(_held(row) for row in rows)


def read_response(told: object) -> str:
    """Read {"response": "..."}, a signed redeem response; Malformed("gateway.answer")."""
    text = _only(told, "response")
    if not isinstance(text, str):
        raise Malformed("gateway.answer", "a signed response is expected")
    return text


def read_path(told: object) -> list[bytes]:
    """Read {"path": [...]}, hashes of 32 bytes; Malformed `gateway.answer`, `base64.*`."""
    nodes = _only(told, "path")
    if not isinstance(nodes, list) or len(nodes) > _LONGEST_PATH:
        raise Malformed("gateway.answer", f"a path of at most {_LONGEST_PATH} hashes is expected")
    path = [b64url_decode(node) for node in nodes]
    if any(len(node) != _HASH for node in path):
        raise Malformed("gateway.answer", "a hash has another length")
    return path


def _only(told: object, name: str) -> object:
    if not isinstance(told, dict) or told.keys() != {name}:
        raise Malformed("gateway.answer", f"exactly {name} is expected")
    return told[name]


def _held(row: object) -> Held:
    if not isinstance(row, dict) or row.keys() != _MEMBERS or not isinstance(row["sd_jwt"], str):
        raise Malformed("gateway.answer", "a certificate has other members")
    reason = row["status_reason"]
    if reason is not None and not isinstance(reason, str):
        raise Malformed("gateway.answer", "a reason is a code")
    return Held(
        type_code=parse_type_code(row["type"]),
        sd_jwt=row["sd_jwt"],
        receipt=None if row["receipt"] is None else parse_receipt(row["receipt"]),
        mutable=_mutable(row["mutable"]),
        # A newer region may know a reason that has no sentence here; it is no less a reason.
        status_reason=reason if reason is None or reason in REASONS else "home.refused",
    )


def _mutable(told: object) -> Mapping[str, tuple[object, int]]:
    if not isinstance(told, dict):
        raise Malformed("gateway.answer", "mutable elements by their keys are expected")
    for state in told.values():
        if not isinstance(state, dict) or state.keys() != {"value", "at"} or type(state["at"]) is not int:
            raise Malformed("gateway.answer", "a mutable element has a value and a time")
    return {key: (state["value"], state["at"]) for key, state in told.items()}

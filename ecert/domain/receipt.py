"""The anchor receipt, and the container in which a certificate travels with it (docs/spec/container.md).

    {"v": 1, "sd_jwt": "...", "receipt": {"chain_id", "contract", "batch", "index", "size", "path": [...]}}

The path is that of RFC 9162 section 2.1.3.1, base64url. Which region's batch it is follows from the issuing authority.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from ecert.domain.errors import Malformed
from ecert.domain.strict import b64url_decode, b64url_encode, loads

__all__ = [
    "AnchorReceipt",
    "Container",
    "container_of",
    "format_container",
    "parse_container",
    "parse_receipt",
    "read_certificate",
]

MEDIA_TYPE = "application/ecert+json"
_LIMIT = 300 * 1024
_LONGEST_PATH = 63
_HASH = 32
_MOST = 2**63


@dataclass(frozen=True, slots=True)
class AnchorReceipt:
    """Where a fingerprint stands: leaf `index` of `size` in batch `batch` of the anchoring `contract` (0x hex)."""

    chain_id: int
    contract: str
    batch: int
    index: int
    size: int
    path: tuple[bytes, ...]

    def claims(self) -> dict[str, object]:
        """Give the wire object that `parse_receipt` reads."""
        return {
            "chain_id": self.chain_id,
            "contract": self.contract,
            "batch": self.batch,
            "index": self.index,
            "size": self.size,
            "path": [b64url_encode(node) for node in self.path],
        }


@dataclass(frozen=True, slots=True)
class Container:
    """A certificate's text and, once it is anchored, its receipt."""

    sd_jwt: str
    receipt: AnchorReceipt | None


def format_container(container: Container) -> bytes:
    """Write the container's one canonical form."""
    receipt = container.receipt.claims() if container.receipt else None
    return orjson.dumps({"v": 1, "sd_jwt": container.sd_jwt, "receipt": receipt})


def parse_container(data: bytes | str) -> Container:
    """Read a container; Malformed("container.form" | "receipt.form" | "json.*")."""
    return container_of(loads(data, limit=_LIMIT))


def container_of(value: object) -> Container:
    """Read a container whose JSON was read before, strictly."""
    if not isinstance(value, dict) or value.keys() != {"v", "sd_jwt", "receipt"}:
        raise Malformed("container.form", "exactly v, sd_jwt and receipt are expected")
    if type(value["v"]) is not int or value["v"] != 1 or not isinstance(value["sd_jwt"], str):
        raise Malformed("container.form", "version 1 and a text sd_jwt are expected")
    return Container(value["sd_jwt"], None if value["receipt"] is None else parse_receipt(value["receipt"]))


def read_certificate(data: object) -> Container:
    """Read a container, as text or as JSON read before, or a bare SD-JWT (not looked into), which has no receipt."""
    if isinstance(data, dict):
        return container_of(data)
    if not isinstance(data, bytes | str) or len(data) > _LIMIT:
        raise Malformed("container.form", f"text of at most {_LIMIT} characters is expected")
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    text = text.removeprefix("\ufeff").strip()
    return parse_container(text) if text.startswith("{") else Container(text, None)


def parse_receipt(value: object) -> AnchorReceipt:
    """Read a receipt; Malformed("receipt.form"), or base64.* for a hash of the path."""
    if not isinstance(value, dict) or value.keys() != {
        "chain_id",
        "contract",
        "batch",
        "index",
        "size",
        "path",
    }:
        raise Malformed("receipt.form", "exactly chain_id, contract, batch, index, size and path are expected")
    numbers = [value[name] for name in ("chain_id", "batch", "index", "size")]
    if not all(type(number) is int and 0 <= number < _MOST for number in numbers):
        raise Malformed("receipt.form", "whole numbers are expected")
    chain_id, batch, index, size = numbers
    if index >= size:
        raise Malformed("receipt.form", "the index lies outside the tree")
    path = value["path"]
    if not isinstance(path, list) or len(path) > _LONGEST_PATH:
        raise Malformed("receipt.form", f"a path of at most {_LONGEST_PATH} hashes is expected")
    nodes = tuple(b64url_decode(node) for node in path)
    if any(len(node) != _HASH for node in nodes):
        raise Malformed("receipt.form", "a hash of the path has another length")
    return AnchorReceipt(chain_id, _address(value["contract"]), batch, index, size, nodes)


def _address(value: object) -> str:
    if not isinstance(value, str) or len(value) != 42 or not value.startswith("0x"):  # noqa: PLR2004 — 0x and 20 bytes
        raise Malformed("receipt.form", "a contract's address is expected")
    if any(c not in "0123456789abcdef" for c in value[2:]):
        raise Malformed("receipt.form", "a contract's address is lower-case hex")
    return value

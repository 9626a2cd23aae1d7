"""What `var/network/network.json` tells: which validators there are, where they answer, which chain they make.

A node's five ports begin at its first: peers, consensus RPC, gRPC, JSON-RPC, WebSocket; all on loopback.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from ecert.domain.errors import Malformed, NotFound

__all__ = ["BARE", "DONE", "DUE", "PORTS", "Node", "Plan", "read_plan", "write_plan"]

PORTS: Final = 5
_FILE: Final = "network.json"

BARE: Final = "bare"
DUE: Final = "due"
DONE: Final = "done"
"""How far the regions of this machine have founded a network: never, not yet to the end, to the end."""


@dataclass(frozen=True, slots=True)
class Node:
    """One region's validator; `key` is its ed25519 key in hexadecimal."""

    region: int
    name: str
    port: int
    key: str

    @property
    def consensus_rpc(self) -> str:
        """Where proofs, headers and commits are asked for."""
        return f"http://127.0.0.1:{self.port + 1}"

    @property
    def json_rpc(self) -> str:
        """Where Ethereum's clients ask."""
        return f"http://127.0.0.1:{self.port + 3}"


@dataclass(frozen=True, slots=True)
class Plan:
    """A network under a directory: each validator's home is there by its name, beside the genesis file of all."""

    root: Path
    chain_id: int
    consensus_chain_id: str
    genesis_sha256: str
    consortium: str
    nodes: tuple[Node, ...]
    founding: str

    @property
    def genesis(self) -> Path:
        """The genesis file, which a deployment must be given."""
        return self.root / "genesis.json"

    def home(self, node: Node) -> Path:
        """Return a validator's home."""
        return self.root / node.name

    def node(self, number: str) -> Node:
        """Find a validator by its place (1 to 4) or its region (31 to 34); NotFound("network.unknown")."""
        by_number = {str(place): node for place, node in enumerate(self.nodes, 1)}
        by_number |= {str(node.region): node for node in self.nodes}
        if number not in by_number:
            raise NotFound("network.unknown", number)
        return by_number[number]

    def settings(self) -> dict[str, str]:
        """Return what a deployment is told to stand on this network."""
        return {
            "ECERT_LEDGER": "rpc+http://" + _places([node.json_rpc for node in self.nodes]),
            "ECERT_CONSENSUS": _places([node.consensus_rpc for node in self.nodes]),
            "ECERT_GENESIS": str(self.genesis),
        }


def read_plan(root: Path) -> Plan | None:
    """Read the network's file; None before the first `up`, Malformed("network.broken")."""
    try:
        told = json.loads((root / _FILE).read_text("utf-8"))
        nodes = tuple(Node(v["region"], v["name"], v["port"], v["key"]) for v in told["validators"])
        chain_id, consensus = int(told["chain_id"]), str(told["consensus_chain_id"])
        digest, consortium, founding = (str(told[name]) for name in ("genesis_sha256", "consortium", "founding"))
        return Plan(root, chain_id, consensus, digest, consortium, nodes, founding)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise Malformed("network.broken", f"{_FILE}: {type(fault).__name__}") from fault


def write_plan(plan: Plan) -> None:
    """Write the network's file, whole or not at all."""
    told = {
        "chain_id": plan.chain_id,
        "consensus_chain_id": plan.consensus_chain_id,
        "genesis_sha256": plan.genesis_sha256,
        "consortium": plan.consortium,
        "founding": plan.founding,
        "validators": [_told(node) for node in plan.nodes],
    }
    beside = plan.root / f".{_FILE}"
    beside.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    beside.replace(plan.root / _FILE)


def _told(node: Node) -> dict[str, Any]:
    return asdict(node) | {"json_rpc": node.json_rpc, "consensus_rpc": node.consensus_rpc}


def _places(urls: Sequence[str]) -> str:
    return ",".join(url.removeprefix("http://") for url in urls)

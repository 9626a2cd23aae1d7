"""Making the validators' homes, and judging them before anything starts: one genesis, one chain, no key twice."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from ecert.app.network.plan import PORTS, Node, Plan, write_plan
from ecert.domain.errors import Conflict, Unavailable
from wallet_codes.regions import REGIONS

__all__ = ["BINARY", "hold_binary", "hold_homes", "hold_ports", "make_homes"]

BINARY: Final = Path("build/validator/ecertd")
"""What `make validator` builds."""

_FIRST_PORT: Final = 27_000
_LAST_PORT: Final = 32_000
_EACH: Final = 10
_CHAIN_ID: Final = re.compile(r"(?m)^evm-chain-id = (\d+)$")


def hold_binary() -> None:
    """Raise Unavailable("network.binary") where the validator was not built."""
    if not os.access(BINARY, os.X_OK):
        raise Unavailable("network.binary", "make validator")


def make_homes(root: Path, founders: Sequence[str], *, founding: str, heartbeat: int) -> Plan:
    """Make homes, keys and genesis of a new network; `founders` are addresses, the first will make the Consortium.

    Unavailable("network.port") where no ports are free, Unavailable("network.homes").
    """
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    first, names = _free_ports(), {region.number: region.en.lower() for region in REGIONS}
    command = [str(BINARY), "testnet", "--out", str(root), "--first-port", str(first), "--heartbeat", f"{heartbeat}s"]
    command += ["--founder", ",".join(founders)]
    command += ["--region", ",".join(f"{number}={name}" for number, name in names.items())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own binary
    if done.returncode:
        raise Unavailable("network.homes", done.stderr.strip()[-300:])
    shutil.copyfile(root / next(iter(names.values())) / "config" / "genesis.json", root / "genesis.json")
    content = (root / "genesis.json").read_bytes()
    genesis = json.loads(content)
    members = genesis["app_state"]["consortium"]
    keys = {v["region"]: base64.b64decode(v["key"]).hex() for v in members["validators"]}
    nodes = tuple(Node(number, name, first + _EACH * i, keys[number]) for i, (number, name) in enumerate(names.items()))
    digest = hashlib.sha256(content).hexdigest()
    plan = Plan(root, members["chain_id"], genesis["chain_id"], digest, members["consortium"], nodes, founding)
    write_plan(plan)
    return plan


def hold_homes(plan: Plan) -> None:
    """Refuse homes that make no network: Conflict "network.genesis", "network.chain_id" or "network.key_twice"."""
    seen: dict[str, str] = {}
    for node in plan.nodes:
        config = plan.home(node) / "config"
        try:
            content = (config / "genesis.json").read_bytes()
            stored = json.loads((config / "priv_validator_key.json").read_text("utf-8"))
            told = _CHAIN_ID.findall((config / "app.toml").read_text("utf-8"))
        except (OSError, ValueError) as fault:
            raise Unavailable("network.homes", f"{node.name}: {type(fault).__name__}") from fault
        if _named(content) != plan.consensus_chain_id or told != [str(plan.chain_id)]:
            raise Conflict("network.chain_id", node.name)
        if hashlib.sha256(content).hexdigest() != plan.genesis_sha256:
            raise Conflict("network.genesis", node.name)
        key = _key(stored)
        if key in seen:
            raise Conflict("network.key_twice", f"{seen[key]}, {node.name}")
        seen[key] = node.name


def hold_ports(node: Node) -> None:
    """Raise Unavailable("network.port") where another program has a port of a node."""
    for port in range(node.port, node.port + PORTS):
        if not _is_free(port):
            raise Unavailable("network.port", f"{node.name}: 127.0.0.1:{port}")


def _named(genesis: bytes) -> object:
    try:
        return json.loads(genesis).get("chain_id")
    except (ValueError, AttributeError):
        return None


def _key(stored: Any) -> str:  # noqa: ANN401 - CometBFT's file
    try:
        return str(stored["pub_key"]["value"])
    except (KeyError, TypeError) as fault:
        raise Unavailable("network.homes", "priv_validator_key.json") from fault


def _free_ports() -> int:
    for first in range(_FIRST_PORT, _LAST_PORT, 100):
        block = range(first, first + _EACH * len(REGIONS))
        if all(_is_free(port) for port in block):
            return first
    raise Unavailable("network.port", f"none free from {_FIRST_PORT} to {_LAST_PORT}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

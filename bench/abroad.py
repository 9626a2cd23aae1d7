"""Other systems' verifiers on this machine, in the same run, a document of the same twelve elements each.

tt-verify and oa-verify ask a local chain (anvil) over RPC, as they are built to; the reference package of SD-JWT reads
our own presentation. What is not installed is left out of the table (bench/peers/README.md says how to install it).
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from bench.shapes import shapes
from bench.timing import SHORT, Row, row

__all__ = ["measure"]

_PEERS: Final = Path(__file__).parent / "peers"
_REFERENCE: Final = Path(__file__).parents[1] / "build" / "interop" / "bin" / "python"
_ROUNDS, _CALLS = (1, 5) if SHORT else (9, 100)
_VERSIONS: Final = {"tt": "@tradetrust-tt/tt-verify", "oa": "@govtechsg/oa-verify"}


def measure(folder: Path, *, verified: tuple[str, float], judged: tuple[str, float]) -> list[Row]:
    """Hold each peer against what we do of the same kind (name and milliseconds): `judged` by the wall, as theirs."""
    rows = []
    if _REFERENCE.exists():
        seconds = _reference(folder)
        rows.append(row("sd-jwt (PyPI), parse and verify", seconds * 1e3, "ms", yardstick=verified))
    anvil = next(_PEERS.glob("node_modules/@foundry-rs/anvil-*/bin/anvil*"), None)
    if anvil is not None:
        with _chain(anvil) as url:
            for kind, package in _VERSIONS.items():
                name = f"{package} {_version(package)}, hash and chain"
                rows.append(row(name, _open_attestation(kind, url) * 1e3, "ms", yardstick=judged))
    return rows


def _reference(folder: Path) -> float:
    shaped = shapes(folder)
    pem = load_der_public_key(shaped.spki).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    asked = {"text": shaped.presentation.sd_jwt, "pem": pem, "rounds": _ROUNDS, "calls": _CALLS}
    return _seconds([str(_REFERENCE), str(_PEERS / "sd_jwt_reference.py")], given=json.dumps(asked))


def _open_attestation(kind: str, url: str) -> float:
    return _seconds(["node", str(_PEERS / "open_attestation.cjs"), kind, url, str(_ROUNDS), str(_CALLS)])


def _seconds(command: list[str], given: str = "") -> float:
    done = subprocess.run(command, check=True, input=given, capture_output=True, text=True)  # noqa: S603 - our own
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return float(answer["seconds"])


def _version(package: str) -> str:
    described = json.loads((_PEERS / "node_modules" / package / "package.json").read_text("utf-8"))
    return str(described["version"])


@contextmanager
def _chain(anvil: Path) -> Iterator[str]:
    """Run a throw-away chain on a free port of loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    node = subprocess.Popen([str(anvil), "--port", str(port), "--silent"])  # noqa: S603 - our own command
    try:
        _wait(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        node.terminate()
        node.wait(30)


def _wait(port: int) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(port)

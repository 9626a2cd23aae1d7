"""Compiles src/*.sol into artifacts/*.json, so that the committed artefacts can be made again byte for byte.

Solidity's standard JSON (Solidity documentation, "Compiler Input and Output JSON Description") over the npm
package solc, pinned in package.json. `python -m contracts.compile` writes; `--check` compares and exits 1.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from contracts.artifacts import NAMES

EVM_VERSION = "cancun"
"""The one EVM version of the house: solc, the embedded driver, forge and the network."""

HERE = Path(__file__).parent
SCRIPT = 'const fs = require("fs"); fs.writeFileSync(1, require("solc").compile(fs.readFileSync(0, "utf8")))'
SETTINGS: dict[str, Any] = {
    "evmVersion": EVM_VERSION,
    "optimizer": {"enabled": True, "runs": 200},
    "viaIR": True,  # KeyAdded has nine fields: more than the older code generator's stack takes
    "metadata": {"bytecodeHash": "none"},  # a comment in a source must not change an artefact's code
    "outputSelection": {
        "*": {"*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object", "storageLayout"]},
    },
}


def main(arguments: list[str]) -> int:
    """Write the artefacts, or with `--check` say which are stale; return the exit status."""
    made = {name: _text(artifact) for name, artifact in compile_all().items()}
    if "--check" not in arguments:
        for name, text in made.items():
            _path(name).write_text(text, "utf-8")
        return 0
    stale = [name for name, text in made.items() if not _is_fresh(name, text)]
    for name in stale:
        sys.stderr.write(f"contracts/artifacts/{name}.json is stale: run python -m contracts.compile\n")
    return 1 if stale else 0


def compile_all() -> dict[str, dict[str, Any]]:
    """Return each contract's artefact by name; SystemExit with solc's words on any error or warning."""
    output = _run_solc({"language": "Solidity", "sources": _sources(), "settings": SETTINGS})
    complaints = [error["formattedMessage"] for error in output.get("errors", [])]
    if complaints:
        raise SystemExit("\n".join(complaints))
    return {name: _artifact(name, output["contracts"][f"{name}.sol"][name]) for name in NAMES}


def sources_digest() -> str:
    """SHA-256 over sources, settings and compiler: tells without node what an artefact was made from."""
    inputs = {"sources": _sources(), "settings": SETTINGS, "compiler": compiler_version()}
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def compiler_version() -> str:
    """Return solc's exact version, as package.json pins it."""
    pinned = json.loads((HERE / "package.json").read_text("utf-8"))["devDependencies"]["solc"]
    return str(pinned)


def _sources() -> dict[str, dict[str, str]]:
    return {path.name: {"content": path.read_text("utf-8")} for path in sorted((HERE / "src").glob("*.sol"))}


def _run_solc(request: dict[str, Any]) -> dict[str, Any]:
    node = shutil.which("node")
    if node is None or not (HERE / "node_modules" / "solc").exists():
        raise SystemExit("contracts need node 20 and `npm ci` in contracts/")
    done = subprocess.run(  # noqa: S603 - our own pinned compiler, no outside input
        [node, "-e", SCRIPT],
        cwd=HERE,
        input=json.dumps(request),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout))


def _artifact(name: str, found: dict[str, Any]) -> dict[str, Any]:
    return {
        "contract": name,
        "compiler": compiler_version(),
        "evm": EVM_VERSION,
        "sources_sha256": sources_digest(),
        "abi": found["abi"],
        "bytecode": "0x" + found["evm"]["bytecode"]["object"],
        "deployed_bytecode": "0x" + found["evm"]["deployedBytecode"]["object"],
        "storage": _slots(found["storageLayout"]),
    }


def _slots(layout: dict[str, Any]) -> list[dict[str, Any]]:
    """Types by their Solidity names: solc's own ids are numbered anew whenever any source changes."""
    return [
        {
            "label": row["label"].removeprefix("_"),
            "slot": int(row["slot"]),
            "offset": row["offset"],
            "type": layout["types"][row["type"]]["label"],
        }
        for row in layout["storage"]
    ]


def _path(name: str) -> Path:
    return HERE / "artifacts" / f"{name}.json"


def _text(artifact: dict[str, Any]) -> str:
    return json.dumps(artifact, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _is_fresh(name: str, text: str) -> bool:
    return _path(name).exists() and _path(name).read_text("utf-8") == text


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

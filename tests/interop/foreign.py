"""Asks foreign implementations, each in a process of its own, so that none shares a library with the house."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PEERS = Path(__file__).parent / "peers"
PYTHON = ROOT / "build" / "interop" / "bin" / "python"

REFERENCE, OPENVC, JAVASCRIPT = "reference.py", "openvc_vc.py", "sd_jwt_core.mjs"
GMSSL, CWT = "sm2_gmssl.py", "cwt_cose.py"
SD_JWT_PEERS = (REFERENCE, OPENVC, JAVASCRIPT)


class RefusedError(Exception):
    """The foreign implementation said no; its own exception's name is the text."""


def ask(peer: str, act: str, **request: Any) -> Any:  # noqa: ANN401 - JSON goes in and comes out
    """Have a peer do one act; RefusedError where it refuses; a peer that breaks fails the test."""
    command = ["node", str(PEERS / peer)] if peer.endswith(".mjs") else [str(PYTHON), str(PEERS / peer)]
    if not PYTHON.exists():
        raise FileNotFoundError("the foreign implementations are not installed: make interop")
    asked = json.dumps({"act": act, **request})
    done = subprocess.run(command, check=False, input=asked, capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(f"{peer} broke in {act}: {done.stderr}")
    answer = json.loads(done.stdout)
    if "refused" in answer:
        raise RefusedError(answer["refused"])
    return answer["answer"]

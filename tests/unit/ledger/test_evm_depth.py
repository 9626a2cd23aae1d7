"""The chain's library must not lift the limit that keeps deep input from ending the process."""

from __future__ import annotations

import subprocess
import sys

DEEP = """
import json
from ecert.app import wiring
from ledger.evidence.checker import Refused, read_genesis
for text in (b"[" * 1_000_000, b'{"a":' * 200_000):
    for read in (json.loads, read_genesis):
        try:
            read(text)
        except (ValueError, RecursionError, Refused):
            continue
        raise SystemExit("read")
"""


def test_json_of_any_depth_is_refused_where_the_chain_runs_too() -> None:
    done = subprocess.run([sys.executable, "-c", DEEP], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")

"""Fuzzes one target in this process with libFuzzer, guided by the coverage of our own code.

    python -m tests.fuzz.one TARGET FOLDER libfuzzer-option ...

The target's own examples are written to FOLDER first. A defect ends the process and leaves its input there.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import atheris  # type: ignore[import-not-found, unused-ignore]  # lies in build/fuzz, where `make fuzz` put it

OURS = ("ecert", "ledger", "issuer", "verifier", "wallet_codes")


def main(name: str, folder: Path, options: list[str]) -> None:
    """Fuzz until an option says stop."""
    with atheris.instrument_imports(include=list(OURS), enable_loader_override=False):
        from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - what it imports is instrumented on the way
    target = TARGETS[name]
    with target.ready() as trial:
        for seed in trial.seeds:
            (folder / hashlib.sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)
        arguments = [sys.argv[0], f"-max_len={target.longest}", *options]

        def attempt(data: bytes) -> None:
            trial.attempt(data)

        atheris.Setup(arguments, attempt)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])

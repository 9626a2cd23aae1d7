"""Fuzzes one target in this process with libFuzzer, guided by the coverage of our own code.

Coverage is counted in what was imported under `instrumented`, which takes seconds: a run of many targets imports once
and forks for each.
"""

from __future__ import annotations

import hashlib
import io
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr
from pathlib import Path
from typing import TYPE_CHECKING, Final

import atheris  # type: ignore[import-not-found, unused-ignore]  # lies in build/fuzz, where `make fuzz` put it

if TYPE_CHECKING:
    from tests.fuzz.trial import Target

__all__ = ["fuzz", "instrumented"]

OURS: Final = ("ecert", "ledger", "issuer", "verifier", "wallet_codes")


def instrumented() -> Mapping[str, Target]:
    """Import every target, so that the coverage of what it imports is counted."""
    with (
        redirect_stderr(io.StringIO()),  # every module's name
        atheris.instrument_imports(include=list(OURS), enable_loader_override=False),
    ):
        from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - what it imports is instrumented on the way
    return TARGETS


def fuzz(target: Target, folder: Path, log: Path, scratch: str, options: Sequence[str]) -> None:
    """Fuzz until an option says stop, which ends the process; a defect ends it too and leaves its input.

    The target's own examples are written to `folder` first. What is said goes to `log`, temporary files to `scratch`.
    """
    with log.open("wb") as said:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(said.fileno(), stream.fileno())
    tempfile.tempdir = os.environ["TMPDIR"] = scratch
    with target.ready() as trial:
        for seed in trial.seeds:
            (folder / hashlib.sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)
        arguments = [sys.argv[0], f"-max_len={target.longest}", *options]

        def attempt(data: bytes) -> None:
            trial.attempt(data)

        atheris.Setup(arguments, attempt)
        atheris.Fuzz()

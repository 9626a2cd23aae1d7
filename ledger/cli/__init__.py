"""The consortium's and the registry's command line (docs/spec/consortium-cli.md).

>>> import argparse
>>> parser = argparse.ArgumentParser(prog="ecert")
>>> add(parser.add_subparsers(dest="command"))
>>> parser.parse_args(["consortium", "vote", "5", "--region", "32"]).act
'vote'
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ledger.cli.consortium import add_consortium, run_consortium
from ledger.cli.evidence import add_evidence, run_evidence
from ledger.cli.trust import run_trust
from ledger.cli.trust_options import add_trust

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse has no public name for it

__all__ = ["add", "run_consortium", "run_evidence", "run_trust"]


def add(subparsers: Subparsers) -> None:
    """Register the three commands; what argparse itself refuses ends as the caller's parser class says."""
    add_consortium(subparsers)
    add_trust(subparsers)
    add_evidence(subparsers)

"""`ecert trust`: authorities, keys, grants, recognitions and partners of a region, declared by its own key, with dates."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

from ecert.runtime.keys import Keys
from ledger.acting import Acting
from ledger.cli.answering import answer
from ledger.cli.declaring import Declaration, declare
from ledger.cli.options import add_acts

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse has no public name for it

__all__ = ["add_trust", "run_trust"]

"""Writes the next version, from an empty database of its own: `python -m ecert.app.migrations "a change"`."""

from __future__ import annotations

import sys
from tempfile import TemporaryDirectory

from ecert.app.migrations import revise
from ecert.runtime.storage import open_database

with TemporaryDirectory() as folder:
    db = open_database(f"sqlite:///{folder}/empty.sqlite")
    revise(db, sys.argv[1])
    db.close()

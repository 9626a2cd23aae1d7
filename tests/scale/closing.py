"""One of several processes that close batches of one database: `python -m tests.scale.closing URL FOLDER REGION MANY`.

It ends when MANY leaves of the region have their batch, and prints how many batches it closed itself.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from eth_hash.auto import keccak
from sqlalchemy import text

from ecert.runtime.storage import Database, open_database
from ledger.anchoring import Anchoring
from ledger.directory import Directory
from ledger.drivers.calls import account
from ledger.drivers.embedded import open_embedded
from ledger.sending import Sending

__all__ = ["DIRECTORY", "NOW", "SIZE"]

NOW, SIZE = 1_750_000_000, 7
DIRECTORY = Directory(*(bytes([n]) * 20 for n in range(1, 5)))
_PLACED = text("SELECT count(*) FROM ledger_leaf WHERE region = :region AND batch IS NOT NULL")


def _placed(database: Database, region: int) -> int:
    with database.reading() as connection:
        return int(connection.execute(_PLACED, {"region": region}).scalar_one())


def _run(url: str, folder: Path, region: int, many: int) -> int:
    database = open_database(url)
    ledger = open_embedded(folder / "chain.sqlite", clock=lambda: NOW)
    sending = Sending(database, ledger, lambda name: account(keccak(name.encode())))
    anchoring = Anchoring(database, sending, DIRECTORY, 1, (region,), size=SIZE, seconds=0)
    closed, give_up = 0, time.monotonic() + 120
    while _placed(database, region) < many and time.monotonic() < give_up:
        closed += anchoring.close_batches(NOW)
    ledger.close()
    database.close()
    return closed


if __name__ == "__main__":
    sys.stdout.write(str(_run(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))))

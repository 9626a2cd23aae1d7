"""The embedded chain after its process has died: at every step of a commit, and at no step in particular."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import closing
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from eth_hash.auto import keccak

from ledger.drivers import calls
from ledger.drivers.embedded import EmbeddedLedger, open_embedded
from ledger.drivers.evm import CHAIN_ID

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.port import SignedTransaction

SENDER = calls.account(keccak(b"sender"))
PROLOGUE = """
import os, sys, time
from pathlib import Path
from tests.unit.ledger.test_embedded_crash import SENDER, open_fast, transaction

ledger = open_fast(Path(sys.argv[1]))
nonce = ledger.next_nonce(SENDER.address)
"""
DIES_AT_A_STATEMENT = (
    PROLOGUE
    + """
ledger.submit(transaction(nonce))
while ledger.next_nonce(SENDER.address) == nonce:
    time.sleep(0.001)
die = lambda statement: os._exit(9) if statement.startswith(sys.argv[2]) else None
ledger._store._writer.set_trace_callback(die)
ledger.submit(transaction(nonce + 1))
time.sleep(60)
"""
)
WORKS_UNTIL_KILLED = (
    PROLOGUE
    + """
while True:
    for nonce in range(nonce, nonce + 20):
        ledger.submit(transaction(nonce))
    nonce += 1
    while ledger.next_nonce(SENDER.address) < nonce:
        time.sleep(0.0005)
    print("working", flush=True)
"""
)


def open_fast(path: Path) -> EmbeddedLedger:
    """Open the chain under a clock whose seconds last two milliseconds."""
    return open_embedded(
        path, clock=lambda: time.time() * 500, wait=lambda event, seconds: event.wait(min(seconds, 0.001))
    )


def transaction(nonce: int) -> SignedTransaction:
    return calls.sign(SENDER, chain_id=CHAIN_ID, nonce=nonce, gas=90_000, to=b"\x01" * 20, payload=b"")


def assert_whole(ledger: EmbeddedLedger) -> int:
    """Blocks are linked, and the state, the index and the blocks tell of the same transactions."""
    blocks = list(ledger.blocks(first=0, last=ledger.head().number, contracts={}))
    assert all(child.parent == parent.hash for parent, child in pairwise(blocks))
    final = ledger.next_nonce(SENDER.address)
    outcomes = [ledger.outcome(transaction(nonce).hash) for nonce in range(final + 1)]
    assert [outcome is not None for outcome in outcomes] == [True] * final + [False]
    counted = sum(len(ledger._evm.receipts(ledger._evm.header(block.number))) for block in blocks)
    assert counted == final
    return final


@pytest.mark.parametrize("statement", ["BEGIN", "INSERT OR REPLACE INTO nodes", "INSERT INTO outcomes", "COMMIT"])
def test_death_in_a_commit_leaves_the_block_before(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "chain.sqlite"
    child = subprocess.run([sys.executable, "-c", DIES_AT_A_STATEMENT, str(path), statement], check=False)
    assert child.returncode == 9
    with closing(open_fast(path)) as ledger:
        assert assert_whole(ledger) == 1
        ledger.submit(transaction(1))
        while ledger.outcome(transaction(1).hash) is None:
            time.sleep(0.001)
        assert assert_whole(ledger) == 2


def test_a_kill_at_any_moment_leaves_whole_blocks(tmp_path: Path) -> None:
    path = tmp_path / "chain.sqlite"
    nonces = [0]
    for milliseconds in (5, 40, 85):
        command = [sys.executable, "-c", WORKS_UNTIL_KILLED, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "working\n"
            time.sleep(milliseconds / 1000)
            child.send_signal(signal.SIGKILL)
        with closing(open_fast(path)) as ledger:
            nonces.append(assert_whole(ledger))
    assert all(later >= earlier + 20 for earlier, later in pairwise(nonces))

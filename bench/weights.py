"""What one certificate, redemption, batch and status change weigh, taken from a small real house on the embedded chain.

`python -m bench.scale --measure` writes them to bench/weights.toml with commit and date: the simulation reads it.
"""

from __future__ import annotations

import tempfile
import tomllib
import tracemalloc
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from bench import house
from bench.codes import ITEM
from bench.shapes import ASKING, HOLDER
from bench.table import circumstances
from ecert.app.demo.authorities import seat_for
from ecert.app.demo.windows import Window
from ecert.app.wiring import House
from ecert.domain import ids
from ecert.domain.receipt import Container, format_container
from issuer import Change, change_many, issue_many
from ledger.port import ChainIdentity, Event, FinalBlock, Head
from ledger.replica import ReplicaWriter, open_replica
from verifier import Redemption, redeem, verify_file
from verifier.wire import as_json
from wallet_codes import MintRequest, mint
from wallet_codes.purging import purge

__all__ = ["Weights", "load", "measure", "write"]

FILE: Final = Path(__file__).with_name("weights.toml")
CERTIFICATES: Final = 1_000
CHANGES: Final = 24
BATCHES: Final = 12
CODES: Final = 40
RECORDS: Final = 5_000
_DAYS: Final = 3 * 86_400


@dataclass(frozen=True, slots=True)
class Weights:
    """Bytes, and microseconds where the name says so; `run` tells where and when."""

    run: str
    certificate_database: int
    change_database: int
    redemption_database: int
    batch_database: int
    batch_replica: int
    batch_memory: int
    change_replica: int
    anchor_transaction: int
    change_transaction: int
    verification_request: int
    verification_answer: int
    redemption_answer: int
    ed25519_verify_us: float


def load() -> Weights:
    """Read the committed measurement."""
    return Weights(**tomllib.loads(FILE.read_text("utf-8")))


def write(weights: Weights) -> None:
    """Commit a measurement to the file."""
    lines = (f"{name} = {orjson.dumps(value).decode()}\n" for name, value in asdict(weights).items())
    FILE.write_text("".join(lines), "utf-8")


def measure() -> Weights:
    """Found a house, let it work a little and weigh what it left; a minute or two."""
    with tempfile.TemporaryDirectory(prefix="ecert-weights-") as folder:
        with house.opened(Path(folder) / "home", ECERT_BATCH_SIZE="10000") as opened:
            told = _worked(opened)
        memory = _batch_in_memory(Path(folder) / "records")
    return Weights(run=circumstances(), **told, batch_memory=memory, ed25519_verify_us=_ed25519())


def _worked(opened: House) -> dict[str, int]:
    grown = _Grown(opened)
    redeemed = _redeemed(opened, grown)  # first: who has a thousand certificates can show none of them by one code
    issued = issue_many(opened.issuer, [house.request()] * CERTIFICATES, now=opened.floor.now())
    certificate, *_ = grown.by(CERTIFICATES)
    uscc = seat_for(house.REGION, house.KIND.no).uscc
    for one in issued[:CHANGES]:
        change = Change(one.licence_id, "revoke", "lost")
        change_many(opened.issuer, [change], authority=uscc, now=opened.floor.now())
    change_database, change_replica, _ = grown.by(CHANGES)
    for _ in range(BATCHES):
        issue_many(opened.issuer, [house.request()], now=opened.floor.now())
        opened.settle()
    batches = grown.batches()
    database, replica, _ = grown.by(batches)
    with opened.floor.database.reading() as connection:
        receipt = opened.anchoring.receipt(connection, region=house.REGION, fingerprint=issued[-1].fingerprint)
        lengths = dict(
            connection.execute(text("SELECT purpose, avg(length(raw)) FROM ledger_transaction GROUP BY 1")).all()
        )
    asked = format_container(Container(issued[-1].text, receipt))
    report = verify_file(asked, asking=ASKING, replica=opened.replica, now=opened.floor.now())
    return {
        "certificate_database": certificate,
        "change_database": change_database,
        "batch_database": max(database - certificate * BATCHES // batches, 0),
        "batch_replica": replica,
        "change_replica": change_replica,
        "anchor_transaction": round(lengths["anchor"]),
        "change_transaction": round(lengths["setStatus"]),
        "verification_request": len(asked),
        "verification_answer": len(orjson.dumps(as_json(report))),
        **redeemed,
    }


def _redeemed(opened: House, grown: _Grown) -> dict[str, int]:
    issue_many(opened.issuer, [house.request()], now=opened.floor.now())
    grown.by(1)
    window, answer = Window(opened, 31), 0
    for number in range(CODES):
        ask = MintRequest(region=house.REGION, holder=HOLDER.ref, item=ITEM.code)
        code = mint(opened.home, ask, now=opened.floor.now()).text
        redemption = Redemption(code, window.use(ITEM), HOLDER.ref, "weights", f"weights-{number}")
        report = redeem(redemption, codes=opened.codes, replica=opened.replica, now=opened.floor.now())
        if not report.certificates:
            raise RuntimeError(str(report.findings))
        answer = len(orjson.dumps(as_json(report)))
    purge(opened.home, now=opened.floor.now() + _DAYS)
    database, *_ = grown.by(CODES)
    return {"redemption_database": database, "redemption_answer": answer}


class _Grown:
    """How many bytes database and replica have grown since they were last asked about."""

    def __init__(self, opened: House) -> None:
        self._house = opened
        self._before = self._now()
        self._batches = self._count()

    def by(self, count: int) -> tuple[int, int, int]:
        """Settle, and give the growth of database and replica for each of `count`."""
        self._house.settle()
        before, self._before = self._before, self._now()
        database, replica = (now - then for now, then in zip(self._before, before, strict=True))
        return round(database / count), round(replica / count), count

    def batches(self) -> int:
        """Count the batches closed since this was last asked."""
        self._house.settle()
        before, self._batches = self._batches, self._count()
        return self._batches - before

    def _now(self) -> tuple[int, int]:
        with self._house.floor.database.reading() as connection:
            size, pages, free = (
                connection.execute(text(f"PRAGMA {name}")).scalar_one()
                for name in ("page_size", "page_count", "freelist_count")
            )
        return size * (pages - free), self._house.replica.header.end

    def _count(self) -> int:
        with self._house.floor.database.reading() as connection:
            return int(connection.execute(text("SELECT count(*) FROM ledger_batch")).scalar_one())


def _batch_in_memory(folder: Path) -> int:
    """Give the bytes that one more batch takes in each reader."""
    start = Head(0, bytes(32), 1)
    writer = ReplicaWriter(folder, chain=ChainIdentity(1, bytes(32)), consortium=b"\xc0" * 20, genesis=start)
    for number in range(1, RECORDS + 1):
        args = {"region": 32, "kind": 1, "number": number, "root": ids.random_bytes(32), "hashAlg": 1}
        args |= {"size": 1000, "previous": bytes(32)}
        event = Event(b"\xa1" * 20, "", "BatchAnchored", args, b"", b"")
        writer.add(FinalBlock(number, number.to_bytes(32), bytes(32), number + 1, (event,)))
    writer.commit()
    writer.close()
    open_replica(folder)  # what is loaded once is not counted
    tracemalloc.start()
    kept = open_replica(folder)
    memory, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    if kept.head.number != RECORDS:
        raise RuntimeError("not every record was read")
    return round(memory / RECORDS)


def _ed25519() -> float:
    key, message = Ed25519PrivateKey.generate(), ids.random_bytes(120)
    signature, public = key.sign(message), key.public_key()
    return round(_median(lambda: public.verify(signature, message)) * 1e6, 1)


def _median(act: Callable[[], object], rounds: int = 1_001) -> float:
    taken = []
    for _ in range(rounds):
        begun = perf_counter()
        act()
        taken.append(perf_counter() - begun)
    return median(taken)

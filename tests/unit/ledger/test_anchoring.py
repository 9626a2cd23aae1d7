from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ecert.domain.errors import Conflict, NotFound, VerificationFailed
from ecert.domain.merkle import verify_inclusion
from ecert.domain.receipt import AnchorReceipt
from ledger.anchoring import Anchoring, batch_hash
from ledger.directory import Directory
from ledger.port import Call
from ledger.store import batches as batch_rows
from ledger.store.batches import NewBatch
from tests.unit.ledger.standing import MINUTE, House, reopened, standing

LEAVES = [sha256(bytes([n])).digest() for n in range(40)]
ROLE = "anchor"


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[House]:
    with standing(tmp_path_factory, tmp_path) as house:
        yield house


def receipt(house: House, leaf: bytes, region: int = 31) -> AnchorReceipt | None:
    with house.floor.database.reading() as connection:
        return house.anchoring().receipt(connection, region=region, fingerprint=leaf)


def count(house: House, kind: int = 1, directory: Directory | None = None) -> int:
    (answer,) = house.ledger.ask((directory or house.directory).call("CertificateAnchor", "batchCount", 31, kind))
    return int(str(answer))


def hold(house: House, leaf: bytes, *, region: int = 31) -> AnchorReceipt:
    """Verify a receipt against the chain: by the root that it keeps, and by its own computation."""
    made = receipt(house, leaf, region)
    assert made is not None
    address = bytes.fromhex(made.contract[2:])
    (batch,) = house.ledger.ask(Call("CertificateAnchor", address, "batchOf", (region, 1, made.batch)))
    root, _alg, size, *_ = batch  # type: ignore[misc] # the struct, as a tuple
    assert size == made.size
    verify_inclusion(fingerprint=leaf, index=made.index, size=made.size, path=made.path, root=root)
    args = (region, 1, made.batch, leaf, made.index, list(made.path))
    assert house.ledger.ask(Call("CertificateAnchor", address, "verifyInclusion", args)) == (True,)
    return made


def close(house: House, **settings: Any) -> int:  # noqa: ANN401 - size, seconds, directory
    return house.anchoring(**settings).close_batches(house.now)


@pytest.mark.parametrize("many", [1, 2, 3, 8, 33])
def test_every_leaf_of_a_batch_gets_a_receipt_that_the_chain_confirms(house: House, many: int) -> None:
    house.enqueue(*LEAVES[:many])
    assert close(house) == 1
    house.settle()
    made = [hold(house, leaf) for leaf in LEAVES[:many]]
    assert [(r.batch, r.index, r.size) for r in made] == [(1, n, many) for n in range(many)]
    assert {r.contract for r in made} == {"0x" + house.directory.anchor.hex()}


def test_a_path_of_one_leaf_proves_no_other(house: House) -> None:
    house.enqueue(*LEAVES[:5])
    close(house)
    house.settle()
    made = hold(house, LEAVES[2])
    args = (31, 1, 1, LEAVES[3], made.index, list(made.path))
    assert house.ledger.ask(house.directory.call("CertificateAnchor", "verifyInclusion", *args)) == (False,)
    with pytest.raises(VerificationFailed):
        verify_inclusion(fingerprint=LEAVES[3], index=2, size=5, path=made.path, root=bytes(32))


def test_batches_close_by_size_or_by_age_and_not_before(house: House) -> None:
    house.enqueue(*LEAVES[:7])
    assert close(house, size=3, seconds=60) == 2
    assert close(house, size=3, seconds=60) == 0
    assert not house.anchoring().is_idle()
    house.clock.seconds += 60
    assert close(house, size=3, seconds=60) == 1
    assert house.anchoring().is_idle()
    house.settle()
    assert [hold(house, leaf).batch for leaf in LEAVES[:7]] == [1, 1, 1, 2, 2, 2, 3]


def test_regions_are_batched_apart(house: House) -> None:
    house.enqueue(LEAVES[0])
    house.enqueue(LEAVES[0], region=32)
    assert close(house) == 2
    house.settle()
    assert hold(house, LEAVES[0]).batch == hold(house, LEAVES[0], region=32).batch == 1


def test_there_is_no_receipt_before_the_batch_is_final(house: House) -> None:
    house.enqueue(LEAVES[0])
    assert receipt(house, LEAVES[0]) is None
    close(house)
    assert receipt(house, LEAVES[0]) is None
    house.settle()
    assert receipt(house, LEAVES[0]) is not None
    with pytest.raises(NotFound, match=r"anchor\.unknown"):
        receipt(house, LEAVES[1])
    with pytest.raises(NotFound):
        receipt(house, LEAVES[0], region=32)


def test_a_fingerprint_is_queued_once_and_nothing_is_nothing(house: House) -> None:
    house.enqueue()
    house.enqueue(LEAVES[0])
    with pytest.raises(Conflict, match=r"anchor\.known"):
        house.enqueue(LEAVES[1], LEAVES[0])
    assert house.rows("ledger_leaf") == 1


def test_a_restart_between_any_two_writes_anchors_everything_once(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    home = tmp_path / "standing"
    with standing(tmp_path_factory, tmp_path) as house:
        house.enqueue(*LEAVES[:5])
    with reopened(home) as house:
        assert close(house, size=3) == 2
    with reopened(home) as house:
        assert close(house, size=3) == 0
        house.sending.push()  # sent, and forgotten by the chain
    with reopened(home) as house:
        assert close(house, size=3) == 0
        house.sending.push()
        house.block()  # final, and nobody wrote it down
    with reopened(home) as house:
        assert receipt(house, LEAVES[0]) is None
        assert (close(house), house.anchoring().resend_refused(house.now), house.sending.push()) == (0, 0, 0)
        assert count(house) == 2
        assert [hold(house, leaf).batch for leaf in LEAVES[:5]] == [1, 1, 1, 2, 2]
        house.settle()
        assert (count(house), house.rows("ledger_batch")) == (2, 2)


def seat(house: House, *, allowed: bool) -> None:
    from ledger.directory import ACCOUNT_ROLES  # noqa: PLC0415 - beside its one use

    account = house.sending.account("31-anchor").address
    house.act("Consortium", "setAccount", 31, ACCOUNT_ROLES[ROLE], account, allowed)


def test_refused_batches_are_sent_again_in_order_once_a_minute(house: House) -> None:
    seat(house, allowed=False)
    house.enqueue(*LEAVES[:4])
    assert close(house, size=1) == 4
    house.settle()
    assert [receipt(house, leaf) for leaf in LEAVES[:4]] == [None] * 4
    seat(house, allowed=True)
    assert house.anchoring().resend_refused(house.now) == 0
    house.clock.seconds += MINUTE
    assert house.anchoring().resend_refused(house.now) == 4
    assert house.anchoring().resend_refused(house.now) == 0
    house.settle()
    assert [hold(house, leaf).batch for leaf in LEAVES[:4]] == [1, 2, 3, 4]
    assert count(house) == 4


def test_each_refusal_is_told_once_with_the_contracts_error(house: House, caplog: pytest.LogCaptureFixture) -> None:
    seat(house, allowed=False)
    house.enqueue(LEAVES[0])
    anchoring = house.anchoring()
    anchoring.close_batches(house.now)
    house.settle()
    with caplog.at_level(logging.INFO):
        for _ in range(2):
            house.clock.seconds += MINUTE
            assert anchoring.resend_refused(house.now) == 1
            assert anchoring.resend_refused(house.now) == 0
            house.settle()
    told = [vars(record)["fields"] for record in caplog.records if record.msg == "anchor.refused"]
    ((_, labels, count),) = anchoring.refused.samples()

    assert told == [{"region": "31", "role": "anchor", "batch": 1, "error": "AppointedNotAllowed"}] * 2
    assert (dict(labels), count) == ({"region": "31", "role": "anchor", "error": "AppointedNotAllowed"}, 2)


def test_behind_a_refused_batch_nothing_is_closed(house: House) -> None:
    seat(house, allowed=False)
    house.enqueue(LEAVES[0])
    close(house)
    house.settle()
    house.enqueue(LEAVES[1])
    assert close(house) == 0
    seat(house, allowed=True)
    house.clock.seconds += MINUTE
    house.anchoring().resend_refused(house.now)
    assert close(house) == 1
    house.settle()
    assert [hold(house, leaf).batch for leaf in LEAVES[:2]] == [1, 2]


def test_a_receipt_names_the_contract_that_holds_its_batch_for_ever(house: House) -> None:
    old = house.directory
    house.enqueue(*LEAVES[:3])
    close(house)
    house.settle()
    house.directory = house.succeed("CertificateAnchor")
    house.enqueue(LEAVES[3])
    close(house)
    house.settle()

    assert house.directory.anchor != old.anchor
    assert hold(house, LEAVES[0]).contract == "0x" + old.anchor.hex()
    after = hold(house, LEAVES[3])
    assert (after.contract, after.batch) == ("0x" + house.directory.anchor.hex(), 1)


def test_what_an_old_contract_refused_is_anchored_in_its_successor(house: House) -> None:
    old = house.directory
    house.enqueue(LEAVES[0])
    close(house)
    house.settle()
    new = house.succeed("CertificateAnchor")
    house.enqueue(LEAVES[1])
    house.enqueue(LEAVES[2])
    assert close(house, size=1, directory=old) == 2
    house.note(3)
    close(house, directory=old)
    house.settle()
    assert receipt(house, LEAVES[1]) is None
    house.directory = new
    house.clock.seconds += MINUTE
    assert house.anchoring().resend_refused(house.now) == 3
    house.settle()

    made = [hold(house, leaf) for leaf in LEAVES[:3]]
    assert [(r.contract, r.batch) for r in made] == [
        ("0x" + old.anchor.hex(), 1),
        ("0x" + new.anchor.hex(), 1),
        ("0x" + new.anchor.hex(), 2),
    ]
    assert (count(house, directory=old), count(house), count(house, kind=2)) == (1, 2, 1)


def test_the_audit_log_is_anchored_as_it_grows_one_state_at_a_time(house: House) -> None:
    house.note(3)
    assert close(house) == 1
    house.note(2)
    assert close(house) == 0
    house.settle()
    assert close(house) == 1
    house.settle()
    assert (close(house), count(house, kind=2), house.anchoring().is_idle()) == (0, 2, True)


def test_the_audit_log_is_anchored_no_sooner_than_a_batch_would_close_by_age(house: House) -> None:
    house.note()
    assert house.anchoring(seconds=MINUTE).close_batches(house.now) == 1
    house.settle()
    house.note()
    last = queued_at(house)

    closed = [house.anchoring(seconds=MINUTE).close_batches(last + waited) for waited in (MINUTE - 1, MINUTE)]

    assert closed == [0, 1]


def queued_at(house: House) -> int:
    """Tell when the newest state of region 31's audit log was closed."""
    with house.floor.database.reading() as connection:
        newest = batch_rows.newest_batch(connection, region=31, kind=2)
    assert newest is not None
    return newest.queued_at


def test_the_hash_of_a_batch_is_the_contracts_own(house: House) -> None:
    house.enqueue(*LEAVES[:3])
    close(house, size=2)
    house.settle()
    (batch,) = house.ledger.ask(house.directory.call("CertificateAnchor", "batchOf", 31, 1, 2))
    root, alg, size, previous, *_ = batch  # type: ignore[misc] # the struct, as a tuple
    own = NewBatch(31, 1, 2, root, alg, size, previous)
    assert house.ledger.ask(house.directory.call("CertificateAnchor", "batchHash", 31, 1, 2)) == (batch_hash(own),)
    assert batch_hash(replace(own, size=7)) != batch_hash(own)


def test_the_specifications_example_is_hashed_as_it_says() -> None:
    page = (Path(__file__).parents[3] / "docs/spec/anchor.md").read_text("utf-8")
    fields = dict(
        line.split() for line in page.split("## An example")[1].split("are the seven")[0].strip().splitlines()
    )
    numbers = {name: int(fields[name]) for name in ("region", "kind", "number", "hash_alg", "size")}
    hashes = {name: bytes.fromhex(fields[name][2:]) for name in ("root", "previous")}
    assert f"`0x{batch_hash(NewBatch(**numbers, **hashes)).hex()}`" in page  # type: ignore[arg-type] # read by name


def test_receipts_of_more_batches_than_are_kept_in_memory(house: House) -> None:
    house.enqueue(*LEAVES[:12])
    anchoring: Anchoring = house.anchoring(size=1)
    anchoring.close_batches(house.now)
    house.settle()
    with house.floor.database.reading() as connection:
        made = [anchoring.receipt(connection, region=31, fingerprint=leaf) for leaf in LEAVES[:12]]
    assert [r.batch for r in made if r] == list(range(1, 13))

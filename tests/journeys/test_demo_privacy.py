from __future__ import annotations

import base64
import hashlib
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from eth_hash.auto import keccak
from sqlalchemy import text

from ecert.app.delta import Delta
from ecert.app.demo.acts import queue
from ecert.app.demo.authorities import SPECIAL
from ecert.app.demo.founding import SINCE
from ecert.app.demo.people import household
from ecert.app.demo.places import PLACES
from ecert.app.wiring import House, open_house
from ecert.domain import certificate, suites
from ecert.domain.catalogue import by_code
from ecert.runtime.clock import WallClock
from ecert.runtime.settings import load_settings
from issuer.seals import open_certificate
from issuer.store import certificates
from ledger import acts
from ledger.directory import CONTRACTS
from ledger.drivers.evm import parse_transaction
from tests.databases import copy_home, environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from ecert.domain.catalogue import Element
    from tests.demonstration import Demonstration

SHORTEST = 6
"""Bytes of a text that may be looked for: "HA" or "21" stand everywhere and name nobody."""

COUNTIES = {place.name for place in PLACES}
"""Somebody's birthplace, but also where a window stands."""

SEAM = b"\x00|\x00"
PLANTED = household(32, 1).people["husband"]


@dataclass(frozen=True, slots=True)
class Left:
    """What a demonstration left behind, in three places, and what none of them may hold."""

    home: Path
    chain: bytes
    logs: bytes
    audit: bytes
    personal: frozenset[str]


@pytest.fixture(scope="module")
def left(demonstration: Demonstration, tmp_path_factory: pytest.TempPathFactory) -> Left:
    home = tmp_path_factory.mktemp("privacy") / "var"
    copy_home(demonstration.home, home)
    logs = (demonstration.first.err + demonstration.second.err).encode()
    house = _open(home)
    try:
        return Left(home, _chain(house, home), logs, _audit(house), frozenset(_personal(house)) - COUNTIES)
    finally:
        house.close()


def test_what_is_looked_for_is_everybody_and_everything(left: Left) -> None:
    assert {PLANTED.id, PLANTED.name, household(33, 1).organisations["enterprise"].uscc} <= left.personal
    assert len(left.personal) > 400
    assert min(len(left.chain), len(left.audit), len(left.logs)) > 10_000


def test_nothing_personal_is_on_chain(left: Left) -> None:
    assert found(left.personal, left.chain) == set()


def test_nothing_personal_is_in_the_logs(left: Left) -> None:
    assert found(left.personal, left.logs) == set()


def test_nothing_personal_is_in_the_audit_log_even_opened(left: Left) -> None:
    assert found(left.personal, left.audit) == set()


def test_what_is_planted_on_chain_or_in_the_audit_log_is_found(left: Left, tmp_path: Path) -> None:
    home = tmp_path / "var"
    copy_home(left.home, home)
    house = _open(home)
    try:
        _plant(house)
        assert PLANTED.name in found(left.personal, _chain(house, home))
        assert PLANTED.id in found(left.personal, _audit(house))
    finally:
        house.close()


@pytest.mark.parametrize("text", [PLANTED.id, PLANTED.name])
def test_what_is_planted_in_any_form_is_found(text: str) -> None:
    raw = text.encode()
    shapes = [raw, text.encode("utf-16-le"), raw.hex().encode(), raw.hex().upper().encode(), text.encode("gb18030")]
    shapes += [base64.b64encode(b"x" * pad + raw + b"y" * 3) for pad in range(3)]
    shapes += [hashlib.sha256(raw).digest(), keccak(raw).hex().encode(), suites.digest(suites.SM3, raw)]

    assert [shape for shape in shapes if found({text}, b"before " + shape + b" after") != {text}] == []
    assert found({text}, b"nothing of that kind") == set()


def found(personal: frozenset[str] | set[str], where: bytes) -> set[str]:
    """Tell which texts stand in the bytes, as they are, encoded, or hashed without a salt."""
    return {text for text in personal if any(form in where for form in _forms(text))}


def _forms(text: str) -> Iterator[bytes]:
    raw = text.encode()
    yield from {raw, text.encode("utf-16-le"), text.encode("utf-16-be"), text.encode("gb18030")}
    for shape in (raw, hashlib.sha256(raw).digest(), suites.digest(suites.SM3, raw), keccak(raw)):
        yield shape
        yield shape.hex().encode()
        yield shape.hex().upper().encode()
    for pad in range(3):
        # Neighbours share base64's outer characters: only those that are the text's alone are looked for.
        whole = base64.b64encode(bytes(pad) + raw)
        core = whole[-(-pad * 8 // 6) : (pad + len(raw)) * 8 // 6]
        yield from {core, core.translate(bytes.maketrans(b"+/", b"-_"))}


def _open(home: Path) -> House:
    return open_house(load_settings(environment(home)), WallClock())


def _rows(house: House, query: str) -> list[tuple[Any, ...]]:
    with house.floor.database.reading() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def _chain(house: House, home: Path) -> bytes:
    """Give every node of the chain's state and bodies, every calldata, every log, and the replica made of them."""
    with sqlite3.connect(home / "chain.sqlite") as chain:
        nodes = [part for row in chain.execute("SELECT key, value FROM nodes") for part in row]
    raw = [row[0] for row in _rows(house, "SELECT raw FROM ledger_transaction")]
    calldata = [parse_transaction(each).data for each in raw]
    head, directory = house.floor.ledger.head().number, house.directory
    where = {directory.trust: "trust", directory.anchor: "anchor", directory.status: "status"}
    contracts = {directory.consortium: "Consortium"}
    contracts |= {address: name for address in where for name in CONTRACTS.values() if where[address] in name.lower()}
    blocks = house.floor.ledger.blocks(first=1, last=head, contracts=contracts)
    logs = [event.payload for block in blocks for event in block.events]
    assert len(logs) > 300
    return SEAM.join([*nodes, *raw, *calldata, *logs, (house.floor.settings.replica / "replica.bin").read_bytes()])


def _audit(house: House) -> bytes:
    """Give every region's log, as it is stored and opened."""
    stored = [part for row in _rows(house, "SELECT kind, leaf, sealed FROM ledger_audit") for part in row]
    opened = [record.body for region in house.floor.regions for record in house.audit.read(region)]
    assert len(opened) > 100
    return SEAM.join([*(part.encode() if isinstance(part, str) else part for part in stored), *opened])


def _personal(house: House) -> Iterator[str]:
    """Yield every holder's identifier and name, every licence's serial, and every text of a face that is personal."""
    licences = [row[0] for row in _rows(house, "SELECT id FROM issuer_certificate")]
    with house.floor.database.reading() as connection:
        stored = certificates.find_all(connection, licences).values()
    for row in stored:
        read = certificate.parse(open_certificate(house.floor.vault, row))
        yield from (read.licence.serial, str(read.licence))
        for holder in read.holders:
            yield from (holder.id, holder.name)
        yield from texts_of(by_code(read.type_code).elements, read.elements)


def texts_of(known: Sequence[Element], said: Mapping[str, Any]) -> Iterator[str]:
    for element in known:
        value = said.get(element.key)
        if isinstance(value, list):
            for entry in value:
                yield from texts_of(element.fields, entry)
        elif element.type == "text" and element.sensitivity != "public" and len(str(value).encode()) >= SHORTEST:
            yield str(value)


def _plant(house: House) -> None:
    """Register an authority under a citizen's name, and write their number into the audit log."""
    seat, now = SPECIAL["stranger"], house.floor.now()
    names = {"uscc": seat.uscc, "division": seat.division, "name": PLANTED.name}
    queue(Delta.alone(house), [(seat.region, acts.register_authority(house.directory, **names, not_before=SINCE))])
    with house.floor.database.transaction() as connection:
        house.audit.record(connection, region=32, kind="planted", record={"who": PLANTED.id}, now=now)
    house.settle()

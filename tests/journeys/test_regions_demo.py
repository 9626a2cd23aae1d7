"""The whole demonstration on one deployment per region, in one process or in four, and what it leaves in each."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from ecert.app.regions import free_ports, plan
from ecert.domain import certificate
from ecert.domain.catalogue import by_code
from ecert.runtime.keys import open_keys
from ecert.runtime.settings import load_settings
from ecert.runtime.storage import open_database
from ecert.runtime.vault import Vault
from issuer.seals import open_certificate, open_mutable
from issuer.store import certificates
from ledger.auditing import AuditLog
from tests.delta import LI
from tests.demonstration import run_demonstration
from tests.journeys.test_demo_privacy import COUNTIES, found, texts_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ecert.runtime.storage import Database
    from tests.demonstration import Run

Demonstrated = tuple["Path", "Run"]
"""The home that a demonstration left, and how it ended."""


@pytest.fixture(scope="module")
def one_process(tmp_path_factory: pytest.TempPathFactory) -> Demonstrated:
    """Demonstrate on one embedded chain, which one process owns."""
    home = tmp_path_factory.mktemp("embedded") / "var"
    return home, run_demonstration(home, "--network", "--json", where=home.parent)


@pytest.fixture(scope="module")
def four_processes(tmp_path_factory: pytest.TempPathFactory) -> Demonstrated:
    """Demonstrate on four validators, each region in a process of its own."""
    home = tmp_path_factory.mktemp("validators") / "var"
    return home, run_demonstration(home, "--network", "--json")


@pytest.fixture(params=["one_process", pytest.param("four_processes", marks=pytest.mark.network)])
def demonstrated(request: pytest.FixtureRequest) -> Demonstrated:
    made: Demonstrated = request.getfixturevalue(request.param)
    return made


def test_the_whole_demonstration_holds_on_four_deployments(demonstrated: Demonstrated) -> None:
    _, run = demonstrated

    assert run.code == 0, run.err[-2000:]
    assert run.result["summary"]["missed"] == 0
    told = {each["name"]: each["got"] for each in run.result["expectations"]}
    assert (told["story-archive"], told["home-region-unreachable"]) == ("accept", "cannot_decide")


@pytest.mark.network
def test_four_validators_carry_four_processes(four_processes: Demonstrated) -> None:
    home, run = four_processes

    assert "on one embedded chain" not in run.err
    assert len(list((home / "regions").glob("*/serve.json"))) == 4


def test_qingpu_keeps_nothing_of_the_wujiang_holder_and_a_planted_element_is_found(
    demonstrated: Demonstrated, tmp_path: Path
) -> None:
    home, run = demonstrated
    with left(home, 31) as qingpu, left(home, 32) as wujiang:
        personal = frozenset(personal_of(wujiang)) - frozenset(everybody_of(qingpu)) - COUNTIES
        assert {LI.id, LI.name} <= personal
        assert len(personal) > 10

        kept = all_of(qingpu)
        assert len(kept) > 100_000
        assert found(personal, kept) == set()
        assert found(personal, run.err.encode()) == set()

        plant(qingpu, LI.id)
        (tmp_path / "log").write_text(json.dumps({"event": LI.name}, ensure_ascii=False), "utf-8")
        assert found(personal, all_of(qingpu)) == {LI.id}
        assert found(personal, (tmp_path / "log").read_bytes()) == {LI.name}


@dataclass(frozen=True, slots=True)
class Left:
    """What a region's deployment left, opened with its own keys while nothing of it runs."""

    region: int
    home: Path
    file: str
    database: Database
    vault: Vault

    @property
    def audit(self) -> AuditLog:
        return AuditLog(self.database, self.vault)


@contextmanager
def left(home: Path, region: int) -> Iterator[Left]:
    settings = load_settings(plan(home / "regions", free_ports()).environments[region])
    with closing(open_database(settings.database)) as database:
        vault = Vault(open_keys(settings.signer).secret("vault"))
        yield Left(region, settings.home, settings.database.removeprefix("sqlite:///"), database, vault)


def plant(deployment: Left, who: str) -> None:
    """Write whom an audit record is about into it, which none may say."""
    with deployment.database.transaction() as connection:
        deployment.audit.record(connection, region=deployment.region, kind="test", record={"who": who}, now=0)


def personal_of(deployment: Left) -> Iterator[str]:
    """Yield all that Jiangsu's certificates say of Mr Li."""
    for read_face in faces(deployment):
        if LI.id in {holder.id for holder in read_face.holders}:
            yield from (read_face.licence.serial, LI.id, LI.name)
            yield from texts_of(by_code(read_face.type_code).elements, read_face.elements)


def everybody_of(deployment: Left) -> Iterator[str]:
    """Yield all that this region's own certificates say of its own people: a shared birthplace names nobody."""
    for read_face in faces(deployment):
        yield from texts_of(by_code(read_face.type_code).elements, read_face.elements)


def faces(deployment: Left) -> Iterator[certificate.Certificate]:
    with closing(sqlite3.connect(deployment.file)) as rows:
        licences = [row[0] for row in rows.execute("SELECT id FROM issuer_certificate")]
    with deployment.database.reading() as connection:
        for row in certificates.find_all(connection, licences).values():
            yield certificate.parse(open_certificate(deployment.vault, row))


def all_of(deployment: Left) -> bytes:
    """Give every file of a deployment, and all that its own keys can open in its database."""
    parts = [path.read_bytes() for path in sorted(deployment.home.rglob("*")) if path.is_file()]
    parts += [record.body for record in deployment.audit.read(deployment.region)]
    with closing(sqlite3.connect(deployment.file)) as rows:
        licences = [row[0] for row in rows.execute("SELECT id FROM issuer_certificate")]
        names = [row[0] for row in rows.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        every = [row for name in names for row in rows.execute(f'SELECT * FROM "{name}"')]  # noqa: S608 - own names
    parts += [str(value).encode() for row in every for value in row if not isinstance(value, bytes)]
    parts += [value for row in every for value in row if isinstance(value, bytes)]
    with deployment.database.reading() as connection:
        stored_rows = certificates.find_all(connection, licences).values()
    for row in stored_rows:
        face = certificate.parse(open_certificate(deployment.vault, row))
        parts += [
            json.dumps(face.elements, ensure_ascii=False).encode(),
            str(open_mutable(deployment.vault, row)).encode(),
        ]
        parts += [f"{holder.id} {holder.name}".encode() for holder in face.holders]
    return b"\x00|\x00".join(parts)

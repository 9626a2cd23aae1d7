"""The whole demonstration on one deployment per region, in one process or in four, and what it leaves in each."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ecert.app.regions import free_ports, plan
from ecert.domain import certificate
from ecert.domain.catalogue import by_code
from ecert.runtime.keys import open_keys
from ecert.runtime.settings import load_settings
from ecert.runtime.storage import open_database
from ecert.runtime.vault import Vault
from issuer.seals import open_certificate
from issuer.store import certificates
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

SEALED = {"issuer_certificate.sealed", "ledger_audit.sealed", "wallet_code.sealed", "wallet_use.sealed"}
FRAME = 29
"""Bytes of a sealed text besides the text: version, nonce, tag."""


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

        files, rows = files_of(qingpu), rows_of(qingpu)
        assert min(len(files), len(rows)) > 100_000
        own = set(everybody_of(qingpu))
        assert found(own, rows) == own  # what is sealed is read
        assert found(personal, files + run.err.encode()) == set()
        assert found(personal, rows) == set()

        unseen = {name for name, rows in planted(qingpu, LI.id) if found(personal, rows) != {LI.id}}
        assert unseen == set()
        (tmp_path / "log").write_text(json.dumps({"event": LI.name}, ensure_ascii=False), "utf-8")
        assert found(personal, (tmp_path / "log").read_bytes()) == {LI.name}


@dataclass(frozen=True, slots=True)
class Left:
    """What a region's deployment left, opened with its own keys while nothing of it runs."""

    home: Path
    file: str
    database: Database
    vault: Vault
    key: bytes


@contextmanager
def left(home: Path, region: int) -> Iterator[Left]:
    settings = load_settings(plan(home / "regions", free_ports()).environments[region])
    with closing(open_database(settings.database)) as database:
        key = open_keys(settings.signer).secret("vault")
        yield Left(settings.home, settings.database.removeprefix("sqlite:///"), database, Vault(key), key)


def planted(deployment: Left, who: str) -> Iterator[tuple[str, bytes]]:
    """Seal a text into one cell of each column that has bytes, one at a time; yield the column and all rows then."""
    sealed = deployment.vault.seal(who.encode(), context=b"planted")
    with closing(sqlite3.connect(deployment.file)) as rows:
        columns = sorted({(table, name) for table, name, value in cells(rows) if isinstance(value, bytes)})
        assert {f"{table}.{name}" for table, name in columns} >= SEALED
        for table, name in columns:
            one = f'SELECT rowid FROM "{table}" WHERE "{name}" IS NOT NULL LIMIT 1'  # noqa: S608 - own names
            rows.execute(f'UPDATE "{table}" SET "{name}" = ? WHERE rowid = ({one})', (sealed,))  # noqa: S608 - own names
            yield f"{table}.{name}", readable(deployment, rows)
            rows.rollback()


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


def files_of(deployment: Left) -> bytes:
    return b"\x00".join(path.read_bytes() for path in sorted(deployment.home.rglob("*")) if path.is_file())


def rows_of(deployment: Left) -> bytes:
    with closing(sqlite3.connect(deployment.file)) as rows:
        return readable(deployment, rows)


def cells(rows: sqlite3.Connection) -> Iterator[tuple[str, str, object]]:
    names = [row[0] for row in rows.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in names:
        found_rows = rows.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - own names
        columns = [each[0] for each in found_rows.description]
        for row in found_rows:
            yield from ((table, name, value) for name, value in zip(columns, row, strict=True))


def readable(deployment: Left, rows: sqlite3.Connection) -> bytes:
    """Give each cell as it is, and every one that holds bytes as the deployment's own key opens it, sealed or not."""
    aes = algorithms.AES(HKDF(SHA256(), 32, None, b"ecert vault seal").derive(deployment.key))
    parts: list[bytes] = []
    for _, _, value in cells(rows):
        parts.append(value if isinstance(value, bytes) else str(value).encode())
        if isinstance(value, bytes) and len(value) > FRAME:
            # GCM without its tag, which would ask what row it was sealed for: the counter begins behind the nonce's 1.
            counter = value[1:13] + (2).to_bytes(4)
            parts.append(Cipher(aes, modes.CTR(counter)).decryptor().update(value[13:-16]))
    return b"\x00|\x00".join(parts)

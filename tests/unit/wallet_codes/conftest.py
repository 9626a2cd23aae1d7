from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from ecert.runtime.storage import open_database, table_of
from ecert.runtime.vault import Vault
from tests.databases import url_of
from tests.unit.wallet_codes.town import CARD, ESTATE, Register, Town, code_signer, held
from wallet_codes import tables
from wallet_codes.home import Home


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """Mr Li of Wujiang: card and real estate certificate in Jiangsu."""
    database = open_database(url_of(tmp_path / "codes.sqlite"))
    rows = (tables.CodeRow, tables.UseRow, tables.AnswerRow, tables.TryRow, tables.ObjectionRow)
    with database.transaction() as connection:
        for row in rows:
            table_of(row).create(connection)
        connection.execute(text("CREATE TABLE audited (kind TEXT)"))
    audited: list[dict[str, Any]] = []

    def audit(connection: Connection, *, region: int, kind: str, record: Mapping[str, Any], now: int) -> None:
        connection.execute(text("INSERT INTO audited VALUES (:kind)"), {"kind": kind})
        audited.append({"region": region, "kind": kind, "at": now, **record})

    registers = {region: Register() for region in (31, 32, 33, 34)}
    registers[32].give(held(CARD), held(ESTATE))
    home = Home(database, Vault(bytes(32)), code_signer, registers, audit, frozenset(registers))
    yield Town(home, registers, audited)
    database.close()

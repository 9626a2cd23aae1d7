"""A backup's manifest and parts are read as they were written, or are broken: nothing else comes of any bytes."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import cbor2
import orjson
import pytest

from ecert.app.backup.form import MANIFEST, Content, Manifest, read_manifest, read_rows
from ecert.domain.errors import Malformed
from ecert.runtime.vault import Vault

if TYPE_CHECKING:
    from pathlib import Path

VAULT = Vault(bytes(32))
TABLE = "issuer_key"
TWO_COLUMNS = Content(("id", "name"), 1, 1)
WRITTEN = Manifest("b", 1, "0001", 31, "05", "06", 1, ("vault",), {TABLE: TWO_COLUMNS}).signed(VAULT)


@pytest.mark.parametrize(
    "deep", [b"[" * 260 + b"]" * 260, b"[" * 1000 + b"]" * 1000, b'{"a":' * 500 + b"1" + b"}" * 500]
)
def test_a_manifest_deeper_than_any_is_broken(tmp_path: Path, deep: bytes) -> None:
    written = orjson.dumps(WRITTEN)
    (tmp_path / MANIFEST).write_bytes(written)
    assert read_manifest(tmp_path, VAULT) == WRITTEN

    (tmp_path / MANIFEST).write_bytes(written.replace(b'"0001"', deep))
    with pytest.raises(Malformed, match=r"backup\.broken"):
        read_manifest(tmp_path, VAULT)


@pytest.mark.parametrize(
    "packed",
    [b"", b"\xff\xff", b"\x81" * 1000, *map(cbor2.dumps, (5, "x", {"a": 1}, [1], [[1]], [[1, 2, 3]], ["ab"]))],
)
def test_a_part_that_was_sealed_but_is_no_rows_is_broken(tmp_path: Path, packed: bytes) -> None:
    sealed = VAULT.seal(zlib.compress(packed), context=f"backup:b:{TABLE}:0".encode())
    (tmp_path / TABLE).write_bytes(len(sealed).to_bytes(4) + sealed)
    with pytest.raises(Malformed, match=r"backup\.broken"):
        list(read_rows(tmp_path, VAULT, WRITTEN, TABLE))

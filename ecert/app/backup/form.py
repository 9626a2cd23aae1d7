"""The form of a backup: a folder with a manifest, and for each table sealed parts of its rows (docs/backup.md).

Rows are CBOR (RFC 8949), compressed, then sealed under the deployment's vault key with their place as context: who has
the folder has nothing, and no part can be altered, moved or left out. The manifest stands in the clear, so that an
operator sees what it is, and carries a keyed digest of itself.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import cbor2
import orjson

from ecert.domain.errors import Conflict, Malformed, Unavailable
from ecert.runtime.vault import Vault

__all__ = ["Content", "Manifest", "Writer", "read_manifest", "read_rows"]

FORMAT: Final = "ecert-backup-1"
MANIFEST: Final = "manifest.json"
_PART: Final = 1_000
_LARGEST: Final = 64 * 2**20
_LENGTH: Final = 4


@dataclass(frozen=True, slots=True)
class Content:
    """One table's columns, and how many rows and sealed parts it has."""

    columns: tuple[str, ...]
    rows: int
    parts: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself; `chain` and `consortium` in hex, `keys` the names that custody had, Unix seconds.

    `batches` is the number of the newest batch row that stood when the certificates were copied.
    """

    id: str
    made_at: int
    revision: str
    chain_id: int
    genesis: str
    consortium: str
    batches: int
    keys: tuple[str, ...]
    tables: dict[str, Content]
    format: str = FORMAT
    owner: str = ""
    seal: str = ""

    def signed(self, vault: Vault) -> Manifest:
        """Name its owner and seal it by keyed digests."""
        owned = replace(self, owner=vault.blind(b"backup owner", self.id).hex(), seal="")
        return replace(owned, seal=vault.blind(b"backup manifest", _text(owned).decode()).hex())


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes tables into a folder that only its owner may read."""

    folder: Path
    vault: Vault
    id: str

    def rows(self, table: str, columns: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> Content:
        """Write a table's rows, part by part; they are durable afterwards."""
        count = parts = 0
        with _created(self.folder / table) as file:
            for part in _in_parts(rows):
                packed = zlib.compress(cbor2.dumps(part))
                sealed = self.vault.seal(packed, context=_context(self.id, table, parts))
                file.write(len(sealed).to_bytes(_LENGTH) + sealed)
                count, parts = count + len(part), parts + 1
            _sync(file)
        return Content(columns, count, parts)

    def manifest(self, manifest: Manifest) -> None:
        """Write the manifest, last."""
        with _created(self.folder / MANIFEST) as file:
            file.write(_text(manifest))
            _sync(file)


def read_manifest(folder: Path, vault: Vault) -> Manifest:
    """Read and hold a manifest; Malformed("backup.broken"), Conflict("backup.foreign") for another deployment's."""
    try:
        told = orjson.loads((folder / MANIFEST).read_bytes())
        tables = {
            name: Content(tuple(each["columns"]), each["rows"], each["parts"]) for name, each in told["tables"].items()
        }
        manifest = Manifest(**{**told, "keys": tuple(told["keys"]), "tables": tables})
        signed = manifest.signed(vault)
    except OSError as fault:
        raise Malformed("backup.broken", f"{MANIFEST}: {type(fault).__name__}") from fault
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Malformed("backup.broken", MANIFEST) from None
    if manifest.format != FORMAT:
        raise Malformed("backup.broken", f"the form is not {FORMAT}")
    if manifest.owner != signed.owner:
        raise Conflict("backup.foreign")
    if manifest != signed:
        raise Malformed("backup.broken", MANIFEST)
    return manifest


def read_rows(folder: Path, vault: Vault, manifest: Manifest, table: str) -> Iterator[list[list[Any]]]:
    """Yield a table's rows, part by part; Malformed("backup.broken") where one is missing, altered or too many."""
    content, count = manifest.tables[table], 0
    try:
        with (folder / table).open("rb") as file:
            for number in range(content.parts):
                length = int.from_bytes(file.read(_LENGTH))
                sealed = file.read(min(length, _LARGEST))
                part = cbor2.loads(zlib.decompress(vault.open(sealed, context=_context(manifest.id, table, number))))
                if not isinstance(part, list) or not all(_is_row(row, content) for row in part):
                    raise Malformed("backup.broken", table)
                count += len(part)
                yield part
            if file.read(1) or count != content.rows:
                raise Malformed("backup.broken", table)
    except (OSError, zlib.error, cbor2.CBORError, Unavailable):
        raise Malformed("backup.broken", table) from None


def _is_row(row: object, content: Content) -> bool:
    return isinstance(row, list) and len(row) == len(content.columns)


def _in_parts(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    part: list[tuple[Any, ...]] = []
    for row in rows:
        part.append(tuple(row))
        if len(part) == _PART:
            yield part
            part = []
    if part:
        yield part


def _text(manifest: Manifest) -> bytes:
    return orjson.dumps(asdict(manifest), option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)


def _context(backup: str, table: str, part: int) -> bytes:
    return f"backup:{backup}:{table}:{part}".encode()


def _created(path: Path) -> Any:  # noqa: ANN401 - typeshed's name of a file object is private
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")


def _sync(file: Any) -> None:  # noqa: ANN401 - likewise
    file.flush()
    os.fsync(file.fileno())

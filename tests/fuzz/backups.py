"""A target for what a restore reads: the manifest and the parts of a backup, as they came and as they were sealed."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from ecert.app.backup.form import MANIFEST, Content, Manifest, Writer, read_manifest, read_rows
from ecert.domain.errors import Conflict
from ecert.runtime.vault import Vault
from tests.fuzz.trial import Target, Trial, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

_TABLE: Final = "issuer_certificate"
_ROWS: Final = [(1, "x", b"\x01\x02", None), (2, "证", b"", 2**40)]
_VAULT: Final = Vault(bytes(32))
_ID: Final = "A" * 22


@contextmanager
def backups() -> Iterator[Trial]:
    """A manifest or part that is read is the one that was written; one that the vault sealed is read or refused."""
    with TemporaryDirectory() as home:
        folder = Path(home)
        writer = Writer(folder, _VAULT, _ID)
        manifest = _manifest(writer.rows(_TABLE, ("id", "text", "raw", "size"), iter(_ROWS))).signed(_VAULT)
        writer.manifest(manifest)
        told, part = ((folder / name).read_bytes() for name in (MANIFEST, _TABLE))

        def attempt(data: bytes) -> None:
            (folder / MANIFEST).write_bytes(data)
            found = parsed(lambda place: read_manifest(place, _VAULT), folder, also=(Conflict,))
            assert found in (None, manifest)
            (folder / _TABLE).write_bytes(data)
            assert _rows(folder, manifest) in (None, [list(row) for row in _ROWS])
            sealed = _VAULT.seal(data, context=f"backup:{_ID}:{_TABLE}:0".encode())
            (folder / _TABLE).write_bytes(len(sealed).to_bytes(4) + sealed)
            _rows(folder, manifest)

        yield Trial(attempt, (told, part, _packed(part)))


def _manifest(content: Content) -> Manifest:
    of_chain = {"chain_id": 31, "genesis": "05" * 32, "consortium": "06" * 20}
    return Manifest(_ID, 1_800_000_000, "0001", **of_chain, batches=3, keys=("vault",), tables={_TABLE: content})


def _packed(part: bytes) -> bytes:
    return _VAULT.open(part[4:], context=f"backup:{_ID}:{_TABLE}:0".encode())


def _rows(folder: Path, manifest: Manifest) -> list[list[object]] | None:
    def read(place: Path) -> list[list[object]]:
        return [row for part in read_rows(place, _VAULT, manifest, _TABLE) for row in part]

    found: list[list[object]] | None = parsed(read, folder)
    return found


TARGETS: Final = (Target("backup", backups, 4096),)

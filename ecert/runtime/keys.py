"""Custody of keys by URI: where private keys live is the operator's choice, and no caller can tell.

`file:DIR` keeps each key in its own file, for demonstration; certified modules (`pkcs11:`) are the condition
of acceptance. A key is written whole or not at all, is durable before it is used, and is never overwritten.
"""

from __future__ import annotations

import os
import re
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ecert.domain import ids, suites
from ecert.domain.errors import Conflict, Malformed, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ecert.domain.signer import Signer

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}(\.[A-Za-z0-9_-]{1,39}){0,3}")
_LARGEST: Final = 16_384
_OTHERS: Final = 0o077


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys in a directory (0700): `<name>.key` is PKCS#8 DER, `<name>.secret` raw bytes, each file 0600."""

    directory: Path

    def signer(self, name: str, *, suite: str) -> Signer:
        """Load the named signing key, making it on first use; safe between processes.

        Raises Malformed("keys.name"), Malformed("suite.key") for another suite's key, NotAllowed("suite.*"),
        Unavailable("keys.permissions") for a file that others may read, Unavailable("keys.unavailable").
        """
        return suites.load_signer(suite, self._load(name, ".key", lambda: suites.generate(suite)))

    def secret(self, name: str, size: int = 32) -> bytes:
        """Load a secret of `size` bytes, making it on first use; errors as above, Conflict("keys.size")."""
        secret = self._load(name, ".secret", lambda: ids.random_bytes(size))
        if len(secret) != size:
            raise Conflict("keys.size", name)
        return secret

    def names(self) -> tuple[str, ...]:
        """List the names of all keys and secrets, sorted."""
        with _reachable():
            found = [entry for entry in self.directory.iterdir() if entry.suffix in {".key", ".secret"}]
        return tuple(sorted({entry.stem for entry in found if _NAME.fullmatch(entry.stem)}))

    def _load(self, name: str, ending: str, make: Callable[[], bytes]) -> bytes:
        if not _NAME.fullmatch(name):
            raise Malformed("keys.name")
        path = self.directory / (name + ending)
        with _reachable():
            if not path.exists():
                _write_once(path, make())
            return _read_private(path)


def open_keys(uri: str) -> Keys:
    """Open the custody that the URI names; Malformed("keys.uri"), Unavailable("keys.unsupported")."""
    scheme, _, rest = uri.partition(":")
    if scheme not in _CUSTODIES or not rest:
        raise Malformed("keys.uri", f"the scheme is one of {', '.join(_CUSTODIES)}")
    return _CUSTODIES[scheme](rest)


def _in_files(directory: str) -> Keys:
    path = Path(directory)
    with _reachable():
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise Unavailable("keys.permissions", path.name)
    return Keys(path)


def _in_module(_rest: str) -> Keys:
    raise Unavailable("keys.unsupported", "pkcs11")


_CUSTODIES: Final[Mapping[str, Callable[[str], Keys]]] = {"file": _in_files, "pkcs11": _in_module}


def _read_private(path: Path) -> bytes:
    opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(opened, "rb") as file:
        if os.fstat(opened).st_mode & _OTHERS:
            raise Unavailable("keys.permissions", path.name)
        return file.read(_LARGEST)


def _write_once(path: Path, content: bytes) -> None:
    # Written beside, then linked: the name appears with all its bytes or not at all, and never overwrites.
    beside = path.with_name(f".{path.name}.{ids.random_bytes(8).hex()}")
    opened = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(opened)
        with suppress(FileExistsError):  # Another process was first; its key is the one.
            os.link(beside, path)
    finally:
        beside.unlink()
    _sync(path.parent)


def _sync(directory: Path) -> None:
    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable("keys.unavailable", type(error).__name__) from error

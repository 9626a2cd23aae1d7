"""Runs a command on a throw-away PostgreSQL: `python -m tests.postgres COMMAND...`, which finds it in TEST_DATABASE.

The cluster stands in a temporary folder of an unprivileged user and listens on a Unix socket there, on no port. It
does not sync to disk: what is proved on it is not proved of a power cut.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

__all__ = ["cluster"]

_SETTINGS: Final = (
    "listen_addresses=",
    "max_connections=200",
    "fsync=off",
    "full_page_writes=off",
    "autovacuum_naptime=10min",
)
_HERE: Final = Path("/usr/lib/postgresql")


@contextmanager
def cluster() -> Iterator[str]:
    """Make a cluster, give the URL of its `postgres` database, and leave nothing of it."""
    folder = Path(mkdtemp(prefix="ecert-pg-"))
    data, user = folder / "d", _unprivileged()
    shutil.chown(folder, user)
    try:
        new = ("--username=ecert", "--auth=trust", "--locale=C", "--encoding=UTF8")
        _run(user, "initdb", "--pgdata", data, *new)
        options = " ".join(f"-c {setting}" for setting in (*_SETTINGS, f"unix_socket_directories={folder}"))
        _run(user, "pg_ctl", "--pgdata", data, "--log", folder / "log", "--wait", "--options", options, "start")
        try:
            yield f"postgresql+psycopg://ecert@/postgres?host={folder}"
        finally:
            _run(user, "pg_ctl", "--pgdata", data, "--mode=immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _unprivileged() -> str:
    # PostgreSQL refuses to run as root; Debian's package brings a user of its own.
    return "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


def _run(user: str, program: str, *words: object) -> None:
    as_user = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    done = subprocess.run(
        [_program(program), *map(str, words)], check=False, capture_output=True, text=True, cwd="/", **as_user
    )
    if done.returncode:
        sys.exit(f"{program} failed: {done.stderr.strip() or done.stdout.strip()}")


def _program(name: str) -> str:
    found = shutil.which(name) or next(iter(sorted(_HERE.glob(f"*/bin/{name}"), reverse=True)), None)
    if found is None:
        sys.exit(f"{name} is not here: this needs PostgreSQL (Debian: apt-get install postgresql).")
    return str(found)


if __name__ == "__main__":
    with cluster() as url:
        ended = subprocess.run(sys.argv[1:], check=False, env={**os.environ, "TEST_DATABASE": url})
    sys.exit(ended.returncode)

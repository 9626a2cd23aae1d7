"""Freezes what others build on: `python -m tests.rules.freeze` adds what is new to two lists, changes and removes none.

codes.txt holds every code, migrations.txt every version of the database with its script's SHA-256.
"""

from __future__ import annotations

from hashlib import sha256

from tests.rules import tree

FROZEN = tree.ROOT / "tests" / "rules" / "codes.txt"
MIGRATIONS = tree.ROOT / "tests" / "rules" / "migrations.txt"


def frozen_codes() -> set[str]:
    """Return the codes of codes.txt; none where it does not stand yet."""
    return set(FROZEN.read_text("utf-8").split()) if FROZEN.exists() else set()


def frozen_migrations() -> dict[str, str]:
    """Return the digests of migrations.txt by the script's name; none where it does not stand yet."""
    lines = MIGRATIONS.read_text("utf-8").splitlines() if MIGRATIONS.exists() else []
    return dict(line.split() for line in lines)


def written_migrations() -> dict[str, str]:
    """Return the digest of every script that stands in the tree."""
    scripts = tree.files(".py", under=("ecert/app/migrations/versions",))
    return {script.name: sha256(script.read_bytes()).hexdigest() for script in scripts}


def freeze() -> None:
    """Write both lists: what they held and what is there now, one a line, sorted."""
    codes = sorted(frozen_codes() | tree.listed_codes())
    FROZEN.write_text("".join(f"{code}\n" for code in codes), "utf-8")
    migrations = sorted((written_migrations() | frozen_migrations()).items())
    MIGRATIONS.write_text("".join(f"{name} {digest}\n" for name, digest in migrations), "utf-8")


if __name__ == "__main__":
    freeze()

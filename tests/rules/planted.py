"""Shows each house rule failing: `python -m tests.rules.planted` plants its violation in a copy and runs its check."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.rules import tree
from tests.rules.plants import Plant, plants

if TYPE_CHECKING:
    from collections.abc import Iterator

BIN = Path(sys.executable).parent
PYTEST = ("-m", "pytest", "-vv", "-p", "no:randomly", "-p", "no:cacheprovider")


def main() -> int:
    """Print `rule | planted | caught` for every plant; 0 if each is caught and the tree without plants is clean."""
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "ecert"
        _copy_tree(copy)
        missed = [plant.rule for plant in plants() if not _shows(plant, copy)]
    sys.stdout.write(f"\n{len(plants()) - len(missed)} of {len(plants())} planted violations caught\n")
    return 1 if missed else 0


def _shows(plant: Plant, copy: Path) -> bool:
    """Tell whether the check passes without the plant and fails, naming it, with the plant."""
    before, said = _unplanted(plant.check, copy)
    after = 0
    if before == 0:
        with _planted(plant, copy):
            after, said = _run(plant.check, copy)
    caught = after != 0 and plant.sign in said
    verdict = "caught" if caught else "MISSED" if before == 0 else "FAILS WITHOUT THE PLANT"
    sys.stdout.write(f"{plant.rule:<28} | {next(iter(plant.files)):<38} | {verdict}\n")
    sys.stdout.write("" if caught else f"{said}\n")
    sys.stdout.flush()
    return caught


@cache
def _unplanted(check: str, copy: Path) -> tuple[int, str]:
    return _run(check, copy)


@contextmanager
def _planted(plant: Plant, copy: Path) -> Iterator[None]:
    kept = {path: path.read_bytes() if path.exists() else None for path in map(copy.joinpath, plant.files)}
    for path, text in zip(kept, plant.files.values(), strict=True):
        path.parent.mkdir(exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    yield
    for path, content in kept.items():
        path.unlink() if content is None else path.write_bytes(content)
    shutil.rmtree(copy / "issuer" / "planted", ignore_errors=True)


def _run(check: str, copy: Path) -> tuple[int, str]:
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}
    done = subprocess.run(_command(check), cwd=copy, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def _command(check: str) -> list[str]:
    kind, _, what = check.partition(" ")
    file, _, test = what.partition("::")
    return {
        "imports": [str(BIN / "lint-imports"), "--no-cache", "--no-logo", "--contract", what],
        "test": [sys.executable, *PYTEST, f"tests/rules/test_{file}.py", "-k", test],
        "ruff": [str(BIN / "ruff"), "check", "--no-cache", what],
        "mypy": [str(BIN / "mypy"), "--cache-dir", os.devnull, what],
        "artefacts": [sys.executable, "-m", "contracts.compile", "--check"],
    }[kind]


def _copy_tree(copy: Path) -> None:
    for path in tree.files():
        target = copy / tree.name(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    modules = Path("contracts", "node_modules")
    (copy / modules).symlink_to(tree.ROOT / modules)


if __name__ == "__main__":
    sys.exit(main())

"""What a mutant's process need not import itself: third parties, and of the house what does not build on its module."""

from __future__ import annotations

import importlib.abc
import importlib.util
import json
import sys
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING

import grimp

from tests.mutation.covering import HOUSE
from tests.mutation.placing import module_of
from tests.mutation.session import LOG, ROOT, Steady, apart, main

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    from tests.mutation.mutants import Mutant


def imported_by(tests: Sequence[str]) -> list[str]:
    """Collect the tests in a process of its own and return the modules that this imports, in their order."""
    told = LOG.with_name("imported.json")

    def look() -> int:
        before = set(sys.modules)
        code = main(["--collect-only", "-qq", *tests], [Steady()])
        names = [name for name in sys.modules if name not in before and name.partition(".")[0] != "tests"]
        told.write_text(json.dumps(names), "utf-8")
        return code

    apart(look)
    names: list[str] = json.loads(told.read_text("utf-8"))
    return names


def preload(names: Iterable[str], path: str) -> None:
    """Import what `names` lists, as far as it neither is the module of `path` nor builds on it."""
    graph = grimp.build_graph(*HOUSE, exclude_type_checking_imports=True, cache_dir=None)
    changed = module_of(path)
    builds_on_it = _building_on(changed, graph)
    for name in names:
        if name.partition(".")[0] not in HOUSE:
            with suppress(ImportError):  # a name that only its maker can bring about
                importlib.import_module(name)
        elif name in graph.modules and builds_on_it.isdisjoint(_with_packages(name)):
            importlib.import_module(name)
    if not builds_on_it.isdisjoint(sys.modules):
        message = f"{sorted(builds_on_it & set(sys.modules))} were imported before the mutants of {path}"
        raise SystemExit(message)


def _building_on(changed: str, graph: grimp.ImportGraph) -> set[str]:
    """Follow the imports upwards; a package that builds on the module is run by importing any part of it."""
    found: set[str] = set()
    new = {changed}
    while new:
        found |= new
        new = {
            name for each in new for name in (*graph.find_downstream_modules(each), *graph.find_descendants(each))
        } - found
    return found


def _with_packages(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: count + 1]) for count in range(len(parts))]


def in_stages(path: str, tests: Sequence[str]) -> list[list[str]]:
    """Sort the files of `tests`: those named after the module or its package, those that name it, all others."""
    files = [file for test in tests for file in _files(ROOT / test)]
    *_, package, stem = ["", *module_of(path).split(".")]
    named = [file for file in files if file.stem in {f"test_{stem}", f"test_{package}"}]
    words = (f"{package} import {stem}", f"{package}.{stem}")
    texts = {file: file.read_text("utf-8") for file in files}
    naming = [file for file in files if file not in named and any(word in texts[file] for word in words)]
    others = [file for file in files if file not in {*named, *naming}]
    return [[file.relative_to(ROOT).as_posix() for file in stage] for stage in (named, naming, others)]


def _files(path: Path) -> list[Path]:
    return sorted(path.rglob("test_*.py")) if path.is_dir() else [path]


def replace(mutant: Mutant) -> None:
    """Let the next import of the mutant's module find the mutant's text."""
    sys.meta_path.insert(0, _Finder(mutant))


class _Finder(importlib.abc.MetaPathFinder, SourceFileLoader):
    """Gives one module the mutant's source in place of its file's; what lies beside that is read as it is."""

    def __init__(self, mutant: Mutant) -> None:
        super().__init__(module_of(mutant.path), str(ROOT / mutant.path))
        self._source = mutant.source

    def find_spec(self, fullname: str, _path: object, _target: ModuleType | None = None) -> ModuleSpec | None:
        """Answer for the one module."""
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def get_data(self, path: str) -> bytes:
        """Return the mutant's text for the module's file, and nothing that was compiled before."""
        if path != self.path:
            raise OSError(path)
        return self._source.encode()

    def path_stats(self, path: str) -> dict[str, int]:
        """Refuse, so that no bytecode of the true module is taken or written."""
        raise OSError(path)

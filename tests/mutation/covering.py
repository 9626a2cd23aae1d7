"""Which tests run which lines: the tests go once under coverage, each by itself, with every cache of the house cold."""

from __future__ import annotations

import functools
import gc
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from _pytest.runner import runtestprotocol
from coverage import Coverage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pytest

HOUSE = ("ecert", "contracts", "ledger", "issuer", "wallet_codes", "verifier")


@dataclass(frozen=True, slots=True)
class Covering:
    """Every test with its seconds of processor time, and by file and line the tests that run it ("" at import)."""

    seconds: dict[str, float]
    lines: dict[str, dict[int, list[str]]]

    def tests(self, path: str, span: tuple[int, int]) -> set[str]:
        """Return the tests that run a line of `span`; "" is among them where importing runs one."""
        lines = self.lines.get(path, {})
        return {test for line in range(span[0], span[1] + 1) for test in lines.get(line, ())}

    def in_order(self, path: str, tests: Iterable[str]) -> list[str]:
        """Put first the tests of the file named after the module, then the quickest."""
        own = f"test_{Path(path).stem}.py::"
        return sorted(tests, key=lambda test: (own not in test, self.seconds[test], test))


def begin(root: Path, files: Sequence[str]) -> Coverage:
    """Start to watch `files`; to be called before the house is imported."""
    watcher = Coverage(data_file=None, config_file=False, include=[str(root / file) for file in files])
    watcher.start()
    return watcher


def cover(watcher: Coverage, root: Path, items: Sequence[pytest.Item]) -> Covering:
    """Run every test once; a test that fails unchanged ends it all."""
    caches = house_caches()
    seconds = {}
    for item, following in zip(items, [*items[1:], None], strict=True):
        watcher.switch_context(item.nodeid)
        began = time.process_time()
        if failed(item, following, caches):
            message = f"{item.nodeid} fails without any mutant"
            raise SystemExit(message)
        seconds[item.nodeid] = time.process_time() - began
    watcher.stop()
    data = watcher.get_data()
    found = data.measured_files()
    return Covering(seconds, {_name(file, root): data.contexts_by_lineno(file) for file in found})


def failed(item: pytest.Item, following: pytest.Item | None, caches: Sequence[functools._lru_cache_wrapper]) -> bool:
    """Run one test without a word and say whether any of its phases failed."""
    for cache in caches:
        cache.cache_clear()
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=following))


def house_caches() -> list[functools._lru_cache_wrapper]:
    """Return every `lru_cache` of the house's modules."""
    wrappers = (found for found in gc.get_objects() if isinstance(found, functools._lru_cache_wrapper))
    return [found for found in wrappers if found.__module__.partition(".")[0] in HOUSE]


def _name(file: str, root: Path) -> str:
    return Path(file).relative_to(root).as_posix()

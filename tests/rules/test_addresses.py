"""Nothing in the tree knows the machine it was written on, nor where packages are fetched from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.rules import tree

if TYPE_CHECKING:
    from pathlib import Path

LOCKS = ("requirements.lock", "package-lock.json", "go.sum", "uv.lock", ".npmrc")
DOWNLOAD = re.compile(r'"resolved"\s*:|\bregistry\s*=|--(?:extra-)?index-url|--find-links|@ ?https?://|\bdist\.')
MACHINE = re.compile(r"(?<![\w./-])/(?:home|root|work|Users|mnt)/[A-Za-z0-9_]")
TEXT = (
    ".py",
    ".md",
    ".toml",
    ".sol",
    ".html",
    ".js",
    ".css",
    ".json",
    ".txt",
    ".lock",
    "Makefile",
    "run",
    ".yml",
)


def test_lock_files_name_no_package_server() -> None:
    locks = [path for path in tree.files() if path.name in LOCKS]

    assert {tree.name(path) for path in locks if DOWNLOAD.search(path.read_text("utf-8"))} == set()
    assert {"requirements.lock", "package-lock.json"} <= {path.name for path in locks}


def test_no_file_names_a_path_of_one_machine() -> None:
    assert {tree.name(path) for path in tree.files(*TEXT) if _names_a_machine(path)} == set()


def _names_a_machine(path: Path) -> bool:
    return MACHINE.search(path.read_text("utf-8", errors="replace")) is not None

"""Documents tell the truth about the tree: their links lead somewhere and their make targets exist."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.rules import tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDERS = ("tests", "docs", "deploy", "bench", ".ci", *tree.PACKAGES)
LINK = re.compile(r"\]\(([^)\s]+)\)")
MENTION = re.compile(r"`([\w.-]+(?:/[\w.-]+)+/?)`")
PAGE = re.compile(r"(?<![\w/])docs/[\w/.-]+\.md")
FENCED = re.compile(r"(?ms)^```.*?^```$|^(?: {4}.*\n)+")
COMMAND = re.compile(r"(?m)(?:`|^\s*\$?\s*)make ([a-z][a-z-]*)")


def test_links_and_mentioned_files_exist() -> None:
    dead = [
        f"{tree.name(page)}: {target}" for page in _pages() for target in _targets(page) if not _stands(page, target)
    ]

    assert dead == []


def test_pages_that_the_code_names_exist() -> None:
    named = [
        (tree.name(p), page)
        for p in tree.files(".py", ".sol", under=tree.PACKAGES)
        for page in PAGE.findall(p.read_text("utf-8"))
    ]

    assert [(path, page) for path, page in named if not (tree.ROOT / page).exists()] == []


def test_mentioned_make_targets_exist() -> None:
    known = set(re.findall(r"(?m)^([a-z][a-z-]*):", (tree.ROOT / "Makefile").read_text("utf-8")))
    named = {(tree.name(page), target) for page in _pages() for target in COMMAND.findall(_commands(page))}

    assert {(page, target) for page, target in named if target not in known} == set()


def test_every_decision_is_in_the_index() -> None:
    index = (tree.ROOT / "docs" / "decisions" / "README.md").read_text("utf-8")
    records = {path.name for path in tree.files(".md", under=("docs/decisions",))} - {"README.md"}

    assert records == set(LINK.findall(index)) & records


def test_a_decision_bears_the_number_of_its_file() -> None:
    heads = {path.name[:4]: path.read_text("utf-8")[:7] for path in tree.files(".md", under=("docs/decisions",))}

    assert {number: head for number, head in heads.items() if number != "READ" and head != f"# {number} "} == {}


def _pages() -> list[Path]:
    return tree.files(".md")


def _targets(page: Path) -> Iterator[str]:
    text = page.read_text("utf-8")
    for target in LINK.findall(FENCED.sub("", text)):
        if "://" not in target and not target.startswith(("#", "mailto:")):
            yield target.partition("#")[0]
    yield from (f"/{path}" for path in MENTION.findall(text) if path.startswith(tuple(f"{f}/" for f in FOLDERS)))


def _stands(page: Path, target: str) -> bool:
    return (tree.ROOT / target[1:] if target.startswith("/") else page.parent / target).exists()


def _commands(page: Path) -> str:
    text = page.read_text("utf-8")
    return "\n".join([*FENCED.findall(text), *re.findall(r"`make [^`]*`", text)])

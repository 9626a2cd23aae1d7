"""How a file looks: it begins with its reason, stays short, and bears a name of this house."""

from __future__ import annotations

import ast
import re
from statistics import median

from tests.rules import tree

LONGEST = 400
MEDIAN = 110
ALONE = {"ledger/evidence/checker.py": 600}
"""A program that strangers are handed as one file, and so cannot be cut: docs/decisions/0015-one-file-checker.md."""
FOREIGN = {
    *("util", "utils", "helper", "helpers", "common", "base", "misc", "manager"),
    *("handler", "handlers", "processor", "data", "info"),
}


def test_a_module_begins_with_its_reason_on_line_1() -> None:
    silent = [tree.name(path) for path in tree.product() if not _begins_with_its_reason(tree.syntax(path))]

    assert silent == []


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {tree.name(path): _length(path.read_text("utf-8")) for path in tree.files(".py", ".sol")}

    assert {path: length for path, length in lengths.items() if length > ALONE.get(path, LONGEST)} == {}


def test_the_median_file_of_the_product_has_at_most_110_lines() -> None:
    assert median(_length(path.read_text("utf-8")) for path in tree.product()) <= MEDIAN


def test_files_and_folders_bear_names_of_this_house() -> None:
    parts = {part for path in tree.files() for part in tree.name(path).split("/")}

    assert {part for part in parts if FOREIGN & set(part.partition(".")[0].split("_"))} == set()


def test_classes_bear_names_of_this_house() -> None:
    classes = [
        f"{tree.name(path)}: {node.name}"
        for path in tree.product()
        for node in ast.walk(tree.syntax(path))
        if isinstance(node, ast.ClassDef) and FOREIGN & set(_words(node.name))
    ]

    assert classes == []


def test_nothing_is_left_to_do_later() -> None:
    later = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")

    assert [tree.name(p) for p in tree.files(".py", ".sol") if later.search(p.read_text("utf-8"))] == []


def test_a_silenced_lint_names_its_code_and_its_reason() -> None:
    silenced = re.compile(r"# (?:no" + r"qa|type: ig" + r"nore)\b(.*)")
    reasoned = re.compile(r"(?:: [A-Z]+\d+(?:, ?[A-Z]+\d+)*|\[[\w, -]+\])\s+(?:#|-|—)\s*\w.{3,}")
    bare = [
        f"{tree.name(path)}: {found[0]}"
        for path in tree.files(".py")
        for found in silenced.finditer(path.read_text("utf-8"))
        if not reasoned.match(found[1])
    ]

    assert bare == []


def _begins_with_its_reason(module: ast.Module) -> bool:
    docstring = ast.get_docstring(module)
    return docstring is not None and module.body[0].lineno == 1 and bool(docstring.partition("\n")[0].strip())


def _length(text: str) -> int:
    return text.count("\n")


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+", name)]

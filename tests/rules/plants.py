"""One violation for each house rule, as files to plant; what looks switched off or unfinished is pieced together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.rules import tree

if TYPE_CHECKING:
    from collections.abc import Mapping

TITLE = '"""Planted, to be caught."""\n'
MATCH = "def f(x: Literal['a', 'b']) -> int:\n    match x:\n        case 'a':\n            return 1\n"
SENTENCE = 'zh = "示例", en = "Planted"'


@dataclass(frozen=True, slots=True)
class Plant:
    """Files to add (or, where one stands already, to append to) and the check that must refuse them.

    `check` is `imports <contract>`, `test <file::test>`, `ruff <file>`, `mypy <file>` or `artefacts`; what it
    prints must contain `sign`, so that it fails for the plant and for nothing else.
    """

    rule: str
    check: str
    files: Mapping[str, str]
    sign: str = "planted"


def plants() -> tuple[Plant, ...]:
    """Return the plants of every rule: imports, code, codes, documents and the checks beside them."""
    return (*_imports(), *_files(), *_codes(), *_documents(), *_checks())


def _imports() -> tuple[Plant, ...]:
    return (
        _module("domain is the ground floor", "imports floors", "ecert/domain/planted.py", "import ledger"),
        _module("runtime beside contracts", "imports floors", "contracts/planted.py", "import ecert.runtime"),
        _module("the ledger under the rooms", "imports floors", "ledger/planted.py", "import issuer"),
        _module("rooms never meet", "imports floors", "issuer/planted.py", "import verifier"),
        Plant("doors are for the app", "imports doors", _room("api", caller="import issuer.planted.api")),
        Plant(
            "doors keep off stores", "imports doors-stores", _room("api", "store", api="import issuer.planted.store")
        ),
        Plant("tables have one store", "imports tables", _room("tables", caller="import issuer.planted.tables")),
        _module("domain without framework", "imports domain-pure", "ecert/domain/planted.py", "import sqlalchemy"),
        _module("web3 in drivers alone", "imports web3", "ledger/planted.py", "import web3"),
        _module("drivers in wiring alone", "imports drivers", "issuer/planted.py", "import ledger.drivers"),
        _module("fastapi in doors alone", "imports fastapi", "issuer/planted.py", "import fastapi"),
        Plant("no cycles", "imports cycles", _room("a", "b", a="import issuer.planted.b", b="import issuer.planted.a")),
    )


def _files() -> tuple[Plant, ...]:
    many = {f"issuer/planted/m{n}.py": TITLE + "\n" * 150 for n in range(len(tree.product()) + 1)}
    return (
        Plant("line 1 says why", "test files::begins_with_its_reason", {"issuer/planted.py": "import json\n"}),
        _module("400 lines at most", "test files::longer_than_400", "issuer/planted.py", "\n" * 400),
        Plant("median of 110 lines", "test files::median", many, sign="assert 15"),
        _module("names of this house", "test files::files_and_folders", "issuer/planted_utils.py", ""),
        _module("classes likewise", "test files::classes", "issuer/planted.py", "class Manager:\n    ...\n"),
        _module("nothing for later", "test files::later", "issuer/planted.py", "# TO" + "DO\n"),
        _module("lints off with a reason", "test files::silenced", "issuer/planted.py", "A = 1  # no" + "qa\n"),
        _module("four sources of chance", "test randomness::four", "issuer/planted.py", "import secrets\n"),
        _module("no test is off", "test tests::off", "tests/test_planted.py", "@pytest.mark." + "skip\ndef f(): ...\n"),
        _module("no mocks", "test tests::mocks", "tests/test_planted.py", "from unittest import mock\n"),
    )


def _codes() -> tuple[Plant, ...]:
    table, versions = "ecert/domain/reasons/planted.toml", "ecert/app/migrations/versions"
    return (
        _module("codes are listed", "test codes::source_is_listed", "issuer/planted.py", 'Malformed("planted.x")\n'),
        Plant("listed codes are used", "test codes::listed_code_is_used", {table: f'"planted.x" = {{{SENTENCE}}}\n'}),
        Plant(
            "one table a code",
            "test codes::one_table",
            {table: f'"ids.planted" = {{{SENTENCE}}}\n', table.replace(".", "2."): f'"ids.planted" = {{{SENTENCE}}}\n'},
        ),
        Plant("codes never vanish", "test codes::vanishes", {"tests/rules/codes.txt": "planted.gone\n"}),
        Plant("codes are frozen", "test codes::is_frozen", {table: f'"planted.new" = {{{SENTENCE}}}\n'}),
        Plant(
            "migrations stay", "test migrations::changes", {f"{versions}/0001_initial.py": "# x\n"}, sign="0001_initial"
        ),
        Plant("migrations are frozen", "test migrations::is_frozen", {f"{versions}/0099_planted.py": ""}),
    )


def _documents() -> tuple[Plant, ...]:
    page = "docs/planted.md"
    return (
        Plant("links lead somewhere", "test documents::links", {page: "[there](planted-nowhere.md)\n"}),
        _module("also from code", "test documents::code_names", "issuer/planted.py", "# do" + "cs/planted.md\n"),
        Plant("make targets exist", "test documents::make", {page: "Run `make planted`.\n"}),
        Plant("decisions are indexed", "test documents::index", {"docs/decisions/0099-planted.md": "# 99\n"}),
        Plant("no machine's paths", "test addresses::machine", {page: "See /ho" + "me/someone/x.\n"}),
        Plant(
            "no package servers",
            "test addresses::server",
            {"requirements.lock": "--index-url x\n"},
            sign="requirements",
        ),
    )


def _checks() -> tuple[Plant, ...]:
    union = {"ecert/domain/errors.py": f"from typing import Literal\n{MATCH}"}
    return (
        _module("ruff, all rules", "ruff issuer", "issuer/planted.py", 'print("x")\n'),
        Plant("unions matched whole", "mypy ecert/domain/errors.py", union, sign="Missing return"),
        Plant("fresh artefacts", "artefacts", {"contracts/artifacts/Consortium.json": " \n"}, sign="stale"),
    )


def _module(rule: str, check: str, path: str, text: str) -> Plant:
    return Plant(rule, check, {path: f"{TITLE}{text}\n"})


def _room(*modules: str, caller: str = "", **texts: str) -> Mapping[str, str]:
    """Return a package issuer.planted with `modules`, and a module beside it that holds `caller`."""
    inside = {f"issuer/planted/{name}.py": f"{TITLE}{texts.get(name, '')}\n" for name in ("__init__", *modules)}
    return {**inside, "issuer/planted_caller.py": f"{TITLE}{caller}\n"}

"""Randomness has four sources (identifiers, salts, keys, code handles), so that all else can be repeated."""

from __future__ import annotations

import ast

from tests.rules import tree

SOURCES = {"secrets", "random", "uuid"}
ALLOWED = (
    "ecert/domain/ids.py",
    "ecert/domain/certificate.py",  # salts
    "ecert/domain/sd_jwt.py",  # salts
    "ecert/domain/suites/",  # key generation
    "wallet_codes/mint.py",
)


def test_only_the_four_sources_draw_random_numbers() -> None:
    drawing = {tree.name(path) for path in tree.product() if _draws(tree.syntax(path))}

    assert {path for path in drawing if not path.startswith(ALLOWED)} == set()


def _draws(module: ast.Module) -> bool:
    return any(_is_source(node) for node in ast.walk(module))


def _is_source(node: ast.AST) -> bool:
    match node:
        case ast.Import(names=names):
            return any(alias.name.partition(".")[0] in SOURCES for alias in names)
        case ast.ImportFrom(module=str(module), names=names):
            drawn = module == "os" and any(alias.name in {"urandom", "getrandom"} for alias in names)
            return drawn or module.partition(".")[0] in SOURCES
        case ast.Attribute(value=ast.Name(id="os"), attr="urandom" | "getrandom"):
            return True
    return False

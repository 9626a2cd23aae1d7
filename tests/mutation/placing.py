"""Puts a mutant's code in the place of a function's, in the running process, and back again."""

from __future__ import annotations

import sys
from types import CodeType, FunctionType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.mutation.mutants import Mutant


def module_of(path: str) -> str:
    """Name the module of a file: ecert/domain/suites/__init__.py is ecert.domain.suites."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def put_in_place(mutant: Mutant) -> Callable[[], None] | None:
    """Put it in place and return what undoes it; None where no function's code is changed (a default, a constant)."""
    module = sys.modules[module_of(mutant.path)]
    whole = compile(mutant.source, str(module.__file__), "exec", dont_inherit=True)
    new = next((code for code in _codes(whole) if code.co_qualname == mutant.function), None)
    function = _function(module, mutant.function)
    if new is None or function is None or new.co_freevars != function.__code__.co_freevars:
        return None
    if _same(new, function.__code__):
        return None
    old = function.__code__
    function.__code__ = new

    def undo() -> None:
        function.__code__ = old

    return undo


def _codes(code: CodeType) -> Iterable[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _function(module: object, name: str) -> FunctionType | None:
    found: object = module
    for part in name.split("."):
        found = vars(found).get(part)
    found = getattr(found, "fget", None) or getattr(found, "__func__", None) or found
    while hasattr(found, "__wrapped__"):
        found = found.__wrapped__
    return found if isinstance(found, FunctionType) else None


def _same(one: CodeType, other: CodeType) -> bool:
    """Compare what two codes do, wherever in the file they stand."""
    if (one.co_code, one.co_names, one.co_varnames) != (other.co_code, other.co_names, other.co_varnames):
        return False
    pairs = list(zip(one.co_consts, other.co_consts, strict=False))
    return len(one.co_consts) == len(other.co_consts) and all(
        _same(a, b) if isinstance(a, CodeType) and isinstance(b, CodeType) else (type(a), a) == (type(b), b)
        for a, b in pairs
    )

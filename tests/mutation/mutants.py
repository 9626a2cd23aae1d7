"""Mutants of one module: mutmut's operators and two of the house, applied one at a time to its syntax tree.

Left alone, because no test is to hold them: annotations, decorators, docstrings, and the words of an error beside its
code (`Malformed("code", "these words")`, `VerificationFailed("these")`), which a person reads in a log.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import deep_replace
from mutmut.mutation.mutators import mutation_operators, operator_arg_removal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WITH_WORDS = {"Malformed", "NotAllowed", "NotFound", "Conflict", "Unavailable", "EcertError"}
ONLY_WORDS = {"VerificationFailed"}
UNTOUCHED_CALLS = {"len", "isinstance", "cast"}
DEFINITION = ""
"""The function of a mutant that stands outside any: a constant, a pattern, a field's default."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: where it stands, the lines it takes and gives, the statement and the whole module that have it."""

    path: str
    function: str
    line: int
    span: tuple[int, int]
    was: str
    became: str
    statement: str
    source: str

    @property
    def key(self) -> str:
        """Name the change by what it changes, so that moved lines keep it: 16 hexadecimal digits."""
        words = f"{self.path}\n{self.function}\n{self.was}\n\n{self.became}"
        return hashlib.sha256(words.encode()).hexdigest()[:16]


def mutants_of(path: Path, *, name: str) -> list[Mutant]:
    """Return the mutants of the module at `path`, in the order of its text; twins of one key once."""
    wrapper = MetadataWrapper(cst.parse_module(path.read_text("utf-8")))
    finder = _Finder()
    wrapper.visit(finder)
    pages = _Pages(wrapper.module)
    found = {mutant.key: mutant for change in finder.changes if (mutant := pages.mutant(change, name=name))}
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Change:
    top: cst.CSTNode
    old: cst.CSTNode
    new: cst.CSTNode
    function: str
    span: tuple[int, int]


class _Pages:
    """The module's text by top-level statement, so that a change renders one of them anew."""

    def __init__(self, module: cst.Module) -> None:
        self._module = module
        self._texts = {statement: module.code_for_node(statement) for statement in module.body}
        self._head = "".join(module.code_for_node(line) for line in module.header)

    def mutant(self, change: _Change, *, name: str) -> Mutant | None:
        old = self._texts[change.top]
        changed = deep_replace(change.top, change.old, change.new)
        new = self._module.code_for_node(changed)  # type: ignore[arg-type]  # a node in, a node out
        if new == old:
            return None
        before = self._head + "".join(self._before(change.top))
        after = "".join(self._texts.values())[len(before) - len(self._head) + len(old) :]
        first, was, became = _difference(old.splitlines(), new.splitlines())
        line = before.count("\n") + first + 1
        return Mutant(name, change.function, line, change.span, was, became, new, before + new + after)

    def _before(self, top: cst.CSTNode) -> Iterator[str]:
        for statement, text in self._texts.items():
            if statement is top:
                return
            yield text


def _difference(old: list[str], new: list[str]) -> tuple[int, str, str]:
    first = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    last = 0
    while last < min(len(old), len(new)) - first and old[-1 - last] == new[-1 - last]:
        last += 1
    return first, _stripped(old[first : len(old) - last]), _stripped(new[first : len(new) - last])


def _stripped(lines: list[str]) -> str:
    return "\n".join(line.strip() for line in lines)


class _Finder(cst.CSTVisitor):
    """Walks the tree, knowing at every node the function and the statement it stands in."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.changes: list[_Change] = []
        self._names: list[str] = []
        self._functions: list[str] = []
        self._statements: list[cst.CSTNode] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if self._is_untouched(node):
            return False
        if isinstance(node, cst.BaseStatement):
            self._statements.append(node)
        self._name(node)
        if self._statements and not _is_all(self._statements[-1]):
            self._change(node)
        if isinstance(node, cst.Call) and _called(node) in WITH_WORDS:
            node.args[0].visit(self)
            self.on_leave(node)
            return False
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if self._statements and self._statements[-1] is original_node:
            self._statements.pop()
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef) and self._names:
            self._names.pop()
        if isinstance(original_node, cst.FunctionDef) and self._functions:
            self._functions.pop()

    def _name(self, node: cst.CSTNode) -> None:
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._names.append(node.name.value)
        if isinstance(node, cst.FunctionDef):
            self._functions.append(".".join(self._names))

    def _is_untouched(self, node: cst.CSTNode) -> bool:
        match node:
            case cst.Annotation() | cst.Decorator() | cst.Import() | cst.ImportFrom() | cst.AnnAssign(value=None):
                return True
            case cst.Call():
                return _called(node) in UNTOUCHED_CALLS | ONLY_WORDS
            case cst.If(test=cst.Name(value="TYPE_CHECKING")):
                return True
        return False

    def _change(self, node: cst.CSTNode) -> None:
        for new in _alternatives(node):
            if _is_codec(node) and new.value.lower() == node.value:
                continue
            function = self._functions[0] if self._functions else DEFINITION
            self.changes.append(_Change(self._statements[0], node, new, function, self._span(node)))

    def _span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Lines of the statement as far as the change reaches: what a test has to run to notice it."""
        first = self.get_metadata(PositionProvider, self._statements[-1]).start.line
        at = self.get_metadata(PositionProvider, node, None)
        return first, max(first, at.end.line if at else first)


def _alternatives(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    is_error = isinstance(node, cst.Call) and _called(node) in WITH_WORDS
    for kind, operator in mutation_operators:
        if isinstance(node, kind) and not (is_error and operator is operator_arg_removal):
            yield from operator(node)
    match node:
        case cst.If(test=cst.Comparison() | cst.BooleanOperation() | cst.UnaryOperation()):
            return
        case cst.If(test=test):
            wrapped = test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
            yield node.with_changes(test=cst.UnaryOperation(cst.Not(), wrapped))
        case cst.Expr(value=cst.Call()):
            yield node.with_changes(value=cst.Name("None"))


def _is_codec(node: cst.CSTNode) -> bool:
    """Tell a codec's name, which means the same in capitals."""
    return isinstance(node, cst.SimpleString) and node.raw_value in {"ascii", "utf-8"}


def _called(node: cst.Call) -> str:
    return node.func.value if isinstance(node.func, cst.Name) else ""


def _is_all(statement: cst.CSTNode) -> bool:
    match statement:
        case cst.SimpleStatementLine(body=[cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))])]):
            return name in {"__all__", "__slots__"}
    return False

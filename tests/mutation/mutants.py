"""Mutants of one module: mutmut's operators and two of the house, applied one at a time to its syntax tree.

Left alone, because no test is to hold them: annotations, decorators, docstrings, and the words of an error beside its
code (`Malformed("code", "these words")`, `VerificationFailed("these")`, `row.fault("these")`), which a person reads in
a log.
"""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import deep_replace
from mutmut.mutation.mutators import mutation_operators, operator_arg_removal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from libcst.metadata import CodePosition

WITH_WORDS = {"Malformed", "NotAllowed", "NotFound", "Conflict", "Unavailable", "EcertError"}
ONLY_WORDS = {"VerificationFailed", "fault"}
UNTOUCHED_CALLS = {"len", "isinstance", "cast"}
_LONGEST_BRACKETS = 3
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
    at: CodePosition | None


class _Pages:
    """The module's text by top-level statement: a change is written into the text itself where it stands there so."""

    def __init__(self, module: cst.Module) -> None:
        self._module, self._whole = module, module.code
        self._texts = {statement: module.code_for_node(statement) for statement in module.body}
        head = len("".join(module.code_for_node(line) for line in module.header))
        ends = [head, *itertools.accumulate((len(text) for text in self._texts.values()), initial=head)][1:]
        self._starts = dict(zip(self._texts, ends, strict=False))
        self._lines = [0, *itertools.accumulate(len(line) for line in self._whole.splitlines(keepends=True))]

    def mutant(self, change: _Change, *, name: str) -> Mutant | None:
        old, whole, start = self._texts[change.top], self._whole, self._starts[change.top]
        new = self._written(change) or self._rendered(change)
        if new == old:
            return None
        first, was, became = _difference(old.splitlines(), new.splitlines())
        line = whole.count("\n", 0, start) + first + 1
        source = whole[:start] + new + whole[start + len(old) :]
        return Mutant(name, change.function, line, change.span, was, became, new, source)

    def _written(self, change: _Change) -> str | None:
        """Write an expression over the old one. Its place leaves out brackets around it, so look a little before."""
        if change.at is None or not isinstance(change.old, cst.BaseExpression | cst.BaseSmallStatement):
            return None
        text, top = self._module.code_for_node(change.old), self._texts[change.top]
        place = self._lines[change.at.line - 1] + change.at.column - self._starts[change.top]
        found = top.rfind(text, 0, place + len(text))
        if not 0 <= place - found <= _LONGEST_BRACKETS:
            return None
        return top[:found] + self._module.code_for_node(change.new) + top[found + len(text) :]

    def _rendered(self, change: _Change) -> str:
        changed = deep_replace(change.top, change.old, change.new)
        return self._module.code_for_node(changed)  # type: ignore[arg-type]  # a node in, a node out


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
            place = self.get_metadata(PositionProvider, node, None)
            at = place.start if place else None
            self.changes.append(_Change(self._statements[0], node, new, function, self._span(node), at))

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
    """Name what is called: a function, or the method that makes a list's errors (`Table.fault`)."""
    match node.func:
        case cst.Name(value=name) | cst.Attribute(attr=cst.Name(value="fault" as name)):
            return name
    return ""


def _is_all(statement: cst.CSTNode) -> bool:
    match statement:
        case cst.SimpleStatementLine(body=[cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))])]):
            return name in {"__all__", "__slots__"}
    return False

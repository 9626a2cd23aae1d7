"""The mutation run can be trusted: it changes what it should, names it steadily, and lets go of an unchanged module."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import grimp
import libcst as cst
import pytest
from libcst.metadata import MetadataWrapper

from tests.mutation import short, trying
from tests.mutation.__main__ import _is_excused
from tests.mutation.answers import Answers
from tests.mutation.control import control_of, is_control
from tests.mutation.mutants import Mutant, _Finder, _Pages, mutants_of
from tests.mutation.ordering import Noticed
from tests.mutation.placing import put_in_place
from tests.mutation.preloading import _building_on
from tests.mutation.report import UNTRIED, Judged
from tests.mutation.results import Results, _depends
from tests.mutation.trying import BROKEN, ENDLESS, KILLED, SURVIVED, Outcome

MODULE = '''"""A module."""

LIMIT = 3


class Box:
    """A box."""

    def is_full(self, count: int) -> bool:
        """Say so."""
        if self.closed():
            raise Malformed("box.closed", "these words")
        return count >= LIMIT
'''
ANSWER = """
[[answer]]
file = "box.py"
function = "Box.is_full"
why = "a box is never exactly full"
changes = [{was = "return count >= LIMIT", became = "return count > LIMIT"}]
"""


def box(tmp_path: Path, text: str = MODULE) -> list[Mutant]:
    path = tmp_path / "box.py"
    path.write_text(text, "utf-8")
    return mutants_of(path, name="box.py")


def test_each_mutant_is_one_change(tmp_path: Path) -> None:
    assert [(mutant.line, mutant.function, mutant.became) for mutant in box(tmp_path)] == [
        (3, "", "LIMIT = None"),
        (3, "", "LIMIT = 4"),
        (11, "Box.is_full", "if not (self.closed()):"),
        (12, "Box.is_full", 'raise Malformed("XXbox.closedXX", "these words")'),
        (12, "Box.is_full", 'raise Malformed("BOX.CLOSED", "these words")'),
        (13, "Box.is_full", "return count > LIMIT"),
    ]
    for mutant in box(tmp_path):
        assert mutant.source.replace(mutant.became, mutant.was) == MODULE


def test_a_mutant_keeps_its_name_when_its_lines_move(tmp_path: Path) -> None:
    moved = MODULE.replace("class Box", "SMALLER = 2\n\n\nclass Box")

    assert {mutant.key for mutant in box(tmp_path)} < {mutant.key for mutant in box(tmp_path, moved)}


def test_an_answer_is_to_one_change_and_is_missed_when_nobody_needs_it(tmp_path: Path) -> None:
    answers, mutants = Answers(ANSWER), box(tmp_path)

    assert [answers.to(mutant) is not None for mutant in mutants] == [False] * 5 + [True]
    assert answers.needless(mutants, ["box.py"]) == []
    assert [answer.became for answer in answers.needless(mutants[:5], ["box.py"])] == ["return count > LIMIT"]


def test_a_result_holds_until_its_function_or_its_test_changes(tmp_path: Path) -> None:
    test = tmp_path / "test_box.py"
    test.write_text("def test_full():\n    assert True\n", "utf-8")
    results = Results(tmp_path / "kept.jsonl")
    mutant = box(tmp_path)[5]
    results.add(Outcome(mutant, KILLED, f"{test}::test_full"), ["tests"])

    kept = Results(tmp_path / "kept.jsonl").of(mutant, ["tests"])
    assert kept is not None
    assert kept.fate == KILLED
    assert replace(kept, tests=_depends(kept.by.replace("full", "gone"), ["tests"])) != kept
    elsewhere = box(tmp_path, MODULE.replace("self.closed()", "self.shut()"))[5]
    assert results.of(elsewhere, ["tests"]) is None


def test_a_worker_s_end_is_read_as_what_it_was() -> None:
    assert {code: trying.fate_of(code << 8) for code in (0, 1)} == {0: SURVIVED, 1: trying.BROKEN}
    assert {number: trying.fate_of(number) for number in (14, 24, 11)} == {14: ENDLESS, 24: ENDLESS, 11: KILLED}


def test_an_unchanged_function_is_never_put_in_place(tmp_path: Path) -> None:
    path = tmp_path.cwd() / "verifier/checks/status.py"
    unchanged = Mutant(
        "verifier/checks/status.py", "check", 1, (1, 1), "", "", "", path.read_text("utf-8") + "\n# more\n"
    )

    import_module("verifier.checks.status")
    assert put_in_place(unchanged) is None


def test_a_control_is_put_in_place_and_taken_out_again(tmp_path: Path) -> None:
    path = tmp_path.cwd() / "verifier/checks/status.py"
    (control,) = control_of(path, name="verifier/checks/status.py")
    check = import_module("verifier.checks.status").check
    before = check.__code__

    undo = put_in_place(control)
    assert undo is not None
    assert "_unread" in check.__code__.co_varnames
    undo()
    assert check.__code__ is before
    assert is_control(control)
    assert not any(is_control(mutant) for mutant in mutants_of(path, name="verifier/checks/status.py"))


DIFF = """--- a/box.py
+++ b/box.py
@@ -11 +11,2 @@ class Box:
-        if self.shut():
+        if self.closed():
+            # closed
@@ -20,2 +21,0 @@
-gone
-gone
--- a/gone.py
+++ /dev/null
@@ -1 +0,0 @@
-gone
"""


def test_a_diff_tells_the_lines_that_changed() -> None:
    assert short.changed_lines(DIFF) == {"box.py": {11, 12, 21}}


def test_a_short_run_takes_changed_lines_first_and_is_the_same_again(tmp_path: Path) -> None:
    mutants = box(tmp_path)
    assert sorted(short.sample(mutants, {}), key=mutants.index) == mutants
    assert [mutant.line for mutant in short.sample(mutants, {"box.py": {13}}, most=1)] == [13]
    some = short.sample(mutants, {"box.py": {12}}, most=4)
    assert sorted(mutant.line for mutant in some[:3]) == [11, 12, 12]
    assert len(some) == 4
    assert short.sample(list(reversed(mutants)), {"box.py": {12}}, most=4) == some


def test_what_differs_is_told_of_python_whatever_else_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    git = ("git", "-c", "user.name=test", "-c", "user.email=test@example.test")
    Path("box.py").write_text("a = 1\nb = 2\n", "utf-8")
    for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "one")):
        subprocess.run([*git, *words], check=True)
    Path("box.py").write_text("a = 1\nb = 3\n", "utf-8")
    Path("corpus").write_bytes(b"\x9f no UTF-8\n")
    subprocess.run([*git, "add", "."], check=True)

    assert short.changed_since("HEAD") == {"box.py": {2}}


def test_a_commit_that_the_clone_does_not_have_is_told() -> None:
    assert short.changed_since("f" * 40) is None


@pytest.mark.parametrize(
    ("end", "lines", "is_excused"),
    [
        (SURVIVED, {13}, False),
        (SURVIVED, {12}, True),
        (UNTRIED, {13}, True),
        (BROKEN, set(), False),
    ],
)
def test_a_short_run_answers_for_survivors_on_changed_lines(
    tmp_path: Path, end: str, lines: set[int], *, is_excused: bool
) -> None:
    judged = Judged(box(tmp_path)[5], end)

    assert _is_excused(judged, {"box.py": lines}) is is_excused
    assert not _is_excused(judged, None)


def test_a_change_written_into_the_text_is_the_change_that_is_rendered() -> None:
    wrapper = MetadataWrapper(cst.parse_module(Path("verifier/checks/form.py").read_text("utf-8")))
    finder = _Finder()
    wrapper.visit(finder)
    pages = _Pages(wrapper.module)
    written = [(pages._written(change), pages._rendered(change)) for change in finder.changes]
    assert sum(text is not None for text, _ in written) > 90
    assert all(text in {None, rendered} for text, rendered in written)


def test_the_test_that_noticed_most_a_second_is_asked_first(tmp_path: Path) -> None:
    mutant, noticed = box(tmp_path)[5], Noticed({"slow": 1.0, "quick": 0.01, "other": 0.1})
    tests = ["other", "slow", "quick"]
    assert noticed.first(mutant, tests) == tests
    noticed.add(mutant, "slow")
    assert noticed.first(mutant, tests) == ["slow", "other", "quick"]
    noticed.add(mutant, "quick")
    assert noticed.first(mutant, tests) == ["quick", "slow", "other"]
    assert noticed.first(box(tmp_path)[0], tests) == tests


def test_what_imports_a_part_of_a_package_builds_on_the_package() -> None:
    graph = grimp.ImportGraph()
    for importer, imported in (
        ("shop.till", "bank.coins"),
        ("street", "shop.till"),
        ("bank", "mint"),
        ("fair", "tree"),
    ):
        graph.add_import(importer=importer, imported=imported)
    assert _building_on("mint", graph) == {"mint", "bank", "bank.coins", "shop.till", "street"}
    assert _building_on("bank", graph) == {"bank", "bank.coins", "shop.till", "street"}
    assert _building_on("tree", graph) == {"tree", "fair"}

"""A short run: mutants of files that differ from a commit, changed lines first, and never more than two minutes' worth.

What is left out is left out by the mutants' digests, so a second run of the same change tries the same ones. Where the
history does not reach so far (a shallow clone), nothing is tried.
"""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.mutation.mutants import Mutant

MOST = 240
_FILE = re.compile(r"\+\+\+ (?:b/(.+)|/dev/null)")
_HUNK = re.compile(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@")


def changed_since(commit: str) -> dict[str, set[int]] | None:
    """Return the files that differ and their changed lines; None where there is no such commit here."""
    if subprocess.run(["git", "cat-file", "-e", f"{commit}^{{commit}}"], capture_output=True, check=False).returncode:
        return None
    options = ("--unified=0", "--no-color", "--no-ext-diff", "--no-renames", "--src-prefix=a/", "--dst-prefix=b/")
    said = subprocess.run(["git", "diff", *options, commit], capture_output=True, text=True, check=True)
    return changed_lines(said.stdout)


def changed_lines(diff: str) -> dict[str, set[int]]:
    """Read a diff without context: by file, the lines that are new or stand where some were taken out."""
    lines: dict[str, set[int]] = defaultdict(set)
    path = ""
    for line in diff.splitlines():
        if file := _FILE.fullmatch(line):
            path = file[1] or ""
        elif path and (hunk := _HUNK.match(line)):
            first, count = int(hunk[1]), int(hunk[2] or 1)
            lines[path] |= set(range(first, first + max(count, 1)))
    return dict(lines)


def sample(mutants: Iterable[Mutant], changed: Mapping[str, set[int]], *, most: int = MOST) -> list[Mutant]:
    """Choose `most` mutants: those that touch a changed line, then by digest; in their first order."""
    mutants = list(mutants)
    ranked = sorted(mutants, key=lambda mutant: (not _touches(mutant, changed.get(mutant.path, set())), mutant.key))
    chosen = {mutant.key for mutant in ranked[:most]}
    return [mutant for mutant in mutants if mutant.key in chosen]


def _touches(mutant: Mutant, lines: set[int]) -> bool:
    first, last = mutant.span
    return not lines.isdisjoint({mutant.line, *range(first, last + 1)})

"""A short run: a few mutants of files that differ from a commit, those on changed lines first, for a few minutes.

They are taken in the order of their digests, so a second run of the same change tries the same ones. The run answers
for the lines that changed: what survives beside them was there before. Where the history does not reach back to the
commit (a shallow clone), every file may have changed, and no line is known to.
"""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.mutation.mutants import Mutant

MOST = 240
SECONDS = 180
"""From the beginning of the run; what is not tried by then is left out."""
Changed = Mapping[str, set[int]]
"""By file, the lines that are new or stand where some were taken out."""
_FILE = re.compile(r"\+\+\+ (?:b/(.+)|/dev/null)")
_HUNK = re.compile(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@")


def changed_since(commit: str) -> Changed | None:
    """Return what differs in files of Python; None where there is no such commit here."""
    if subprocess.run(["git", "cat-file", "-e", f"{commit}^{{commit}}"], capture_output=True, check=False).returncode:
        return None
    options = ("--unified=0", "--no-color", "--no-ext-diff", "--no-renames", "--src-prefix=a/", "--dst-prefix=b/")
    said = subprocess.run(["git", "diff", *options, commit, "--", "*.py"], capture_output=True, text=True, check=True)
    return changed_lines(said.stdout)


def changed_lines(diff: str) -> Changed:
    """Read a diff without context."""
    lines: dict[str, set[int]] = defaultdict(set)
    path = ""
    for line in diff.splitlines():
        if file := _FILE.fullmatch(line):
            path = file[1] or ""
        elif path and (hunk := _HUNK.match(line)):
            first, count = int(hunk[1]), int(hunk[2] or 1)
            lines[path] |= set(range(first, first + max(count, 1)))
    return dict(lines)


def sample(mutants: Iterable[Mutant], changed: Changed, *, most: int = MOST) -> list[Mutant]:
    """Choose `most` mutants: those that touch a changed line, then the others, each by digest."""
    return sorted(mutants, key=lambda mutant: (not touches(mutant, changed), mutant.key))[:most]


def touches(mutant: Mutant, changed: Changed) -> bool:
    """Tell whether a mutant's lines are among those that changed."""
    first, last = mutant.span
    return not changed.get(mutant.path, set()).isdisjoint({mutant.line, *range(first, last + 1)})

"""Freezes the codes listed so far: `python -m tests.rules.freeze` adds new ones to codes.txt, removes none."""

from __future__ import annotations

from tests.rules import tree

FROZEN = tree.ROOT / "tests" / "rules" / "codes.txt"


def frozen_codes() -> set[str]:
    """Return the codes of codes.txt; none where it does not stand yet."""
    return set(FROZEN.read_text("utf-8").split()) if FROZEN.exists() else set()


def freeze() -> None:
    """Write codes.txt: what it held and what is listed now, one code a line, sorted."""
    codes = sorted(frozen_codes() | tree.listed_codes())
    FROZEN.write_text("".join(f"{code}\n" for code in codes), "utf-8")


if __name__ == "__main__":
    freeze()

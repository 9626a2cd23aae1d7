"""What may stand in a name or on a face: any character that a screen shows as itself.

Rare names use characters newer than any library's tables, and private ones (GB 18030), so this refuses what
is known to harm (controls, lone surrogates, marks that reorder a line) instead of admitting what is known.
"""

from __future__ import annotations

import re
from typing import Final

_HARMFUL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


def is_clean(text: str) -> bool:
    """Tell whether one line of text holds no control, surrogate or reordering character."""
    return not _HARMFUL.search(text)


def are_clean_lines(text: str) -> bool:
    """Tell the same of text that may have several lines, ended by U+000A."""
    return all(map(is_clean, text.split("\n")))

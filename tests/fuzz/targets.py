"""Every target by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fuzz import small, texts, worlds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fuzz.trial import Target

TARGETS: Final[Mapping[str, Target]] = {
    target.name: target for target in (*small.TARGETS, *texts.TARGETS, *worlds.TARGETS)
}

"""Every target by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fuzz import abroad, backups, chain, small, texts, worlds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fuzz.trial import Target

TARGETS: Final[Mapping[str, Target]] = {
    target.name: target for room in (small, texts, abroad, chain, backups, worlds) for target in room.TARGETS
}

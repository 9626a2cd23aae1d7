"""The rows of the network's table that the simulation counts with: one name for who writes and who reads them."""

from __future__ import annotations

from typing import Final

__all__ = ["ANCHOR", "BLOCK", "BUSY", "CHANGE", "EMPTY", "FURTHER", "UNDER_LOAD"]

BLOCK: Final = "a validator's disk: an empty block"
ANCHOR: Final = "a validator's disk: an anchored root"
CHANGE: Final = "a validator's disk: a change of status"
UNDER_LOAD: Final = "a block under this load"
EMPTY: Final = "of them, an empty block"
BUSY: Final = "a block with a batch"
FURTHER: Final = "each further batch in a block"

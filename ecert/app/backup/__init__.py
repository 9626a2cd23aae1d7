"""What a deployment keeps, copied so that it can go on from the copy on a chain that has moved on (docs/backup.md).

ecert backup DIR       beside a running service or without one
ecert restore DIR      into an empty database, with the same keys and chain
"""

from __future__ import annotations

from ecert.app.backup.making import back_up
from ecert.app.backup.restoring import restore
from ecert.app.backup.resuming import Resumed

__all__ = ["Resumed", "back_up", "restore"]

"""The demonstration: the whole job on the embedded chain, told as two stories and shown as one table.

>>> from ecert.app.demo.cases import CASES
>>> sum(case.expect == "accept" for case in CASES) > 74
True
"""

from __future__ import annotations

from ecert.app.demo.command import add, play, run
from ecert.app.demo.founding import bootstrap

__all__ = ["add", "bootstrap", "play", "run"]

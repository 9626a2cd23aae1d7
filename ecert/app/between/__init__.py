"""Between deployments: the rooms' consumer protocols over signed HTTP, and the doors that answer them.

A region that this deployment serves is asked by a call, any other by `Abroad`, at the address that ECERT_PEERS names.
"""

from __future__ import annotations

from ecert.app.between.abroad import Abroad, CodesAbroad, HoldingsAbroad, Lines, ProofsAbroad
from ecert.app.between.doors import router

__all__ = ["Abroad", "CodesAbroad", "HoldingsAbroad", "Lines", "ProofsAbroad", "router"]

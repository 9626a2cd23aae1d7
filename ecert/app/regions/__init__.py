"""One deployment for each region: `ecert regions`, and what tests and the demonstration stand on.

with opened(plan(home, ports), clock) as delta:
delta.of(31).codes.redeem(...)        # a Jiangsu code, asked of Jiangsu's own deployment
"""

from __future__ import annotations

from ecert.app.regions.command import add, demonstrate, run
from ecert.app.regions.founding import found, up
from ecert.app.regions.plan import Plan, free_ports, plan
from ecert.app.regions.running import opened

__all__ = ["Plan", "add", "demonstrate", "found", "free_ports", "opened", "plan", "run", "up"]

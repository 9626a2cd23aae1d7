"""`ecert network`: the consortium's four validators on this machine; docs/network.md.

>>> from ecert.app.network.plan import Node
>>> Node(region=31, name="shanghai", port=27000, key="").json_rpc
'http://127.0.0.1:27003'
"""

from __future__ import annotations

from ecert.app.network.command import add, run

__all__ = ["add", "run"]

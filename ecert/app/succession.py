"""`ecert deploy`: put a contract of this release on the chain, to be appointed by vote in place of the one in force.

It gives nobody any right: until the members appoint it, it refuses every write (docs/contracts.md, "Succession").
"""

from __future__ import annotations

import argparse
from typing import Any

from ecert.app.acting import opened
from ecert.app.wiring import House
from ecert.runtime.clock import Clock
from ecert.runtime.settings import Settings
from ledger import motions
from ledger.cli.reading import read_region
from ledger.directory import CONTRACTS

__all__ = ["add", "deploy", "run"]


def add(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser("deploy", help="部署合约 / deploy a contract's successor", description=__doc__)
    parser.add_argument("--role", required=True, choices=tuple(motions.ROLES))
    parser.add_argument("--region", required=True, help="whose admin account sends it")


def run(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    """Deploy and tell the address; with the service stopped."""
    with opened(settings, clock) as house:
        print(f"0x{deploy(house, role=args.role, region=read_region(args.region)).hex()}")
    return 0


def deploy(house: House, *, role: str, region: int) -> bytes:
    """Create a role's contract; return its address (20 bytes) once it is final. Unavailable("ledger.unfounded")."""
    sending, name = house.floor.sending, CONTRACTS[motions.ROLES[role]]
    account = f"{region}-admin"
    with house.floor.database.transaction() as connection:
        args = (house.directory.consortium,)
        queued = sending.queue_deployment(connection, name, args, account=account, now=house.floor.now())
    house.settle()
    return sending.created(queued, name)

"""`ecert keys`: a region's chain accounts told and seated, an authority's signing key rotated and retired.

Nothing here shows a secret. What touches the chain is signed by the region's own admin and final when it is answered.
"""

from __future__ import annotations

import argparse
from typing import Any, Final

from ecert.app.acting import acting, opened
from ecert.app.wiring import House, account
from ecert.domain.errors import NotFound
from ecert.domain.ids import parse_uscc
from ecert.domain.suites import SUITES
from ecert.runtime.clock import Clock
from ecert.runtime.keys import open_keys
from ecert.runtime.settings import Settings
from issuer import every_authority, retire_key, rotate_key
from ledger import acts
from ledger.acting import act_here
from ledger.cli.reading import read_key_id, read_region
from ledger.directory import ACCOUNT_ROLES

__all__ = ["add", "run"]

_ADMIN: Final = "admin"


def add(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser("keys", help="账户与密钥 / chain accounts and signing keys", description=__doc__)
    commands = parser.add_subparsers(dest="act", required=True)
    for name, told in (
        ("accounts", "tell a region's addresses on chain; keys that are missing are made"),
        ("seat", "let the region's anchoring, audit and status accounts act for it"),
    ):
        commands.add_parser(name, help=told).add_argument("--region", required=True, help="two digits, as 36")
    for name, told in (("rotate", "make and register its next key"), ("retire", "revoke a key from now on")):
        changing = commands.add_parser(name, help=f"an authority's certificate key: {told}; with the service stopped")
        changing.add_argument("--authority", required=True, metavar="USCC")
        if name == "rotate":
            changing.add_argument("--suite", required=True, choices=tuple(SUITES))
        else:
            changing.add_argument("--kid", required=True)


def run(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    """Tell, seat, rotate or retire."""
    match args.act:
        case "accounts":
            for role, address in _addresses(settings, read_region(args.region)).items():
                print(f"{role:<7} 0x{address.hex()}")
        case "seat":
            _seat(read_region(args.region), settings, clock)
        case _:
            with opened(settings, clock) as house:
                _change(house, args)
    return 0


def _addresses(settings: Settings, region: int) -> dict[str, bytes]:
    keys = open_keys(settings.signer)
    return {role: account(keys.secret(f"chain-{region}-{role}")).address for role in (_ADMIN, *ACCOUNT_ROLES)}


def _seat(region: int, settings: Settings, clock: Clock) -> None:
    addresses = _addresses(settings, region)
    with acting(settings, clock) as way:
        way.replica.refresh()
        for role, kind in ACCOUNT_ROLES.items():
            if addresses[role] in way.replica.trust.accounts.get((region, kind), ()):
                print(f"{role:<7} 0x{addresses[role].hex()} already seated")
                continue
            call = acts.allow_account(way.directory, region=region, role=role, address=addresses[role], allowed=True)
            block = way.do(call, account=f"{region}-{_ADMIN}")
            print(f"{role:<7} 0x{addresses[role].hex()} seated in block {block}")


def _change(house: House, args: argparse.Namespace) -> None:
    uscc, now = parse_uscc(args.authority), house.floor.now()
    regions = {row.uscc: row.region for row in every_authority(house.issuer)}
    if uscc not in regions:
        raise NotFound("ledger.unknown_authority", uscc)
    if args.act == "rotate":
        call = rotate_key(house.issuer, uscc, suite=args.suite, now=now)
    else:
        read_key_id(args.kid)
        call = retire_key(house.issuer, uscc, kid=args.kid, now=now)
    act = act_here(house.floor.sending, house.settle, house.floor.now)
    block = act(call, f"{regions[uscc]}-{_ADMIN}")
    print(f"{call.function} final in block {block}")

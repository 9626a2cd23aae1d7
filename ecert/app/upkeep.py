"""`ecert keys`: a region's accounts and own keys, the authorities at home here and the keys with which they sign.

Nothing here shows a secret. What touches the chain is signed by the region's own admin and final when it is answered.
"""

from __future__ import annotations

import argparse
from typing import Any, Final

from ecert.app.acting import acting, opened
from ecert.app.region_keys import missing_keys
from ecert.app.wiring import House, account
from ecert.domain.catalogue import CATALOGUE
from ecert.domain.errors import NotFound
from ecert.domain.ids import parse_division, parse_uscc
from ecert.domain.suites import SUITES
from ecert.runtime.clock import Clock
from ecert.runtime.keys import open_keys
from ecert.runtime.settings import Settings
from issuer import Authority, establish, every_authority, retire_key, rotate_key
from ledger import acts
from ledger.acting import act_here
from ledger.cli.reading import read_address, read_instant, read_key_id, read_name, read_region
from ledger.directory import ACCOUNT_ROLES
from ledger.port import Call

__all__ = ["add", "run"]

_ADMIN: Final = "admin"
_FINAL: Final = "{} final in block {} 已上链"


def add(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser("keys", help="账户与密钥 / chain accounts and signing keys", description=__doc__)
    commands = parser.add_subparsers(dest="act", required=True)
    for name, told in (
        ("accounts", "tell a region's addresses on chain; keys that are missing are made"),
        ("seat", "let the region's anchoring, audit and status accounts act for it"),
        ("unseat", "let an account act for the region no more in a role, at once: it was replaced, or stolen"),
        ("register", "make and register the region's code, gateway, receipt and status keys"),
    ):
        own = commands.add_parser(name, help=told)
        own.add_argument("--region", required=True, help="two digits, as 36")
        match name:
            case "unseat":
                own.add_argument("--role", required=True, choices=tuple(ACCOUNT_ROLES))
                own.add_argument("--address", required=True, metavar="0x...", help="the account's, 40 hex digits")
            case "register":
                own.add_argument("--from", dest="from_", required=True, metavar="DATE", help="they sign from")
    _add_authority(commands)


def _add_authority(commands: argparse._SubParsersAction[Any]) -> None:
    for name, told in (
        ("establish", "set it up here and on the chain: its keys and what it may issue"),
        ("rotate", "make and register its next key"),
        ("retire", "revoke a key from now on"),
    ):
        one = commands.add_parser(name, help=f"an issuing authority: {told}; with the service stopped")
        one.add_argument("--authority", required=True, metavar="USCC")
        match name:
            case "establish":
                one.add_argument("--division", required=True, help="six digits")
                one.add_argument("--name", required=True)
                one.add_argument(
                    "--suite", required=True, action="append", choices=tuple(SUITES), help="first: default"
                )
                one.add_argument("--types", required=True, metavar="CODE,CODE|all")
                one.add_argument("--from", dest="from_", required=True, metavar="DATE", help="may issue from")
            case "rotate":
                one.add_argument("--suite", required=True, choices=tuple(SUITES))
            case _:
                one.add_argument("--kid", required=True)


def run(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    """Do one act; Conflict("issuer.other"), NotFound and what the chain refuses are told."""
    match args.act:
        case "accounts":
            for role, address in _addresses(settings, read_region(args.region)).items():
                print(f"{role:<7} 0x{address.hex()}")
        case "seat":
            _seat(read_region(args.region), settings, clock)
        case "unseat":
            _unseat(read_region(args.region), args.role, read_address(args.address), settings, clock)
        case "register":
            _register(read_region(args.region), read_instant(args.from_), settings, clock)
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
                print(f"{role:<7} 0x{addresses[role].hex()} already seated 此前已授权")
                continue
            call = acts.allow_account(way.directory, region=region, role=role, address=addresses[role], allowed=True)
            block = way.do(call, account=f"{region}-{_ADMIN}")
            print(f"{role:<7} 0x{addresses[role].hex()} seated in block {block} 已授权")


def _unseat(region: int, role: str, address: bytes, settings: Settings, clock: Clock) -> None:
    with acting(settings, clock) as way:
        way.replica.refresh()
        seated = way.replica.trust.accounts.get((region, ACCOUNT_ROLES[role]), frozenset())
        if address not in seated:  # a slip must not look like the end of a stolen account
            told = ", ".join(f"0x{each.hex()}" for each in sorted(seated)) or "none"
            raise NotFound("ledger.unseated", f"{role} accounts of region {region}: {told}")
        call = acts.allow_account(way.directory, region=region, role=role, address=address, allowed=False)
        block = way.do(call, account=f"{region}-{_ADMIN}")
        print(f"{role:<7} 0x{address.hex()} unseated in block {block} 已撤销授权")


def _register(region: int, since: int, settings: Settings, clock: Clock) -> None:
    keys = open_keys(settings.signer)
    with acting(settings, clock) as way:
        way.replica.refresh()
        trust, directory = way.replica.trust, way.directory
        for call in tuple(missing_keys(keys, region, trust=trust, directory=directory, since=since)):
            print(_FINAL.format(call.function, way.do(call, account=f"{region}-{_ADMIN}")))


def _change(house: House, args: argparse.Namespace) -> None:
    act = act_here(house.floor.sending, house.settle, house.floor.now)
    for call in _calls(house, args):
        block = act(call, f"{_region_of(house, args.authority)}-{_ADMIN}")
        print(_FINAL.format(call.function, block))


def _calls(house: House, args: argparse.Namespace) -> tuple[Call, ...]:
    uscc, now = parse_uscc(args.authority), house.floor.now()
    match args.act:
        case "establish":
            return establish(house.issuer, _authority(uscc, args), now=now)
        case "rotate":
            return (rotate_key(house.issuer, uscc, suite=args.suite, now=now),)
        case _:
            read_key_id(args.kid)
            return (retire_key(house.issuer, uscc, kid=args.kid, now=now),)


def _authority(uscc: str, args: argparse.Namespace) -> Authority:
    division = parse_division(args.division)
    known = [kind.code for kind in CATALOGUE.types]
    return Authority(
        uscc=uscc,
        region=int(division[:2]),
        division=division,
        name=read_name(args.name),
        suites=tuple(dict.fromkeys(args.suite)),
        types=tuple(known if args.types == "all" else (CATALOGUE.by_code(code).code for code in args.types.split(","))),
        not_before=read_instant(args.from_),
    )


def _region_of(house: House, uscc: str) -> int:
    return next(row.region for row in every_authority(house.issuer) if row.uscc == uscc)

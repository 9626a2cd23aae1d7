"""`ecert consortium`: propose, vote, execute, show; each act signed by the key of the region that it names."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, TextIO

from ecert.domain.errors import Conflict
from ledger import motions
from ledger.acting import Acting
from ledger.cli.answering import answer
from ledger.cli.reading import (
    read_address,
    read_digest,
    read_instant,
    read_name,
    read_number,
    read_region,
    read_validator,
)
from ledger.cli.showing import consortium_shown, motion_shown
from ledger.port import Call

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse has no public name for it

__all__ = ["add_consortium", "run_consortium"]

_THIRTY_DAYS: Final = 30 * 86_400


def add_consortium(subparsers: Subparsers) -> None:
    """Register the command."""
    command = subparsers.add_parser("consortium", help="members, votes, contracts in force, releases")
    acts = command.add_subparsers(dest="act", required=True, metavar="ACT")
    _add_propose(acts)
    for name, told in (("vote", "vote for a proposal"), ("execute", "run a proposal that has its votes")):
        act = _act(acts, name, told)
        act.add_argument("id", metavar="ID", help="the proposal's number")
        act.add_argument("--region", required=True, help="the region that acts, such as 32")
    _act(acts, "show", "the consortium as the replica tells it")


def run_consortium(args: argparse.Namespace, acting: Acting, out: TextIO) -> int:
    """Run what `add_consortium` parsed: 0 done, 1 refused by the contract, 2 away, 3 bad input."""
    return answer(args, out, lambda: _run(args, acting))


def _add_propose(acts: Subparsers) -> None:
    propose = acts.add_parser("propose", help="propose what is then voted on; proposing is not voting")
    propose.add_argument("--region", required=True, help="the region that proposes")
    propose.add_argument("--expires", metavar="DATE", help="the last second to vote and execute; 30 days unless told")
    motion = propose.add_subparsers(dest="motion", required=True, metavar="MOTION")
    _motion(motion, "admit", "admit a region", "--member", "--name", "--admin")
    _motion(motion, "remove", "remove a region", "--member")
    _motion(motion, "heal", "give a region another admin in place of a lost one", "--member", "--admin")
    appoint = _motion(motion, "appoint", "let a contract succeed the one in force", "--address")
    appoint.add_argument("--role", required=True, choices=tuple(motions.ROLES))
    release = _motion(motion, "release", "publish a version of a shared list", "--name", "--version", "--sha256")
    validators = _motion(motion, "validators", "put other validators in place of those in force")
    validators.add_argument("--validator", action="append", required=True, metavar="REGION=KEY", help="each, ed25519")
    release.add_argument("--from", dest="from_", required=True, metavar="DATE", help="in force from")


def _motion(motion: Subparsers, name: str, told: str, *options: str) -> argparse.ArgumentParser:
    parser = _act(motion, name, told)
    # Also after the motion, where one looks for it; unset there, the value from before it stays.
    parser.add_argument("--expires", metavar="DATE", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    for option in options:
        parser.add_argument(option, required=True)
    return parser


def _act(acts: Subparsers, name: str, told: str) -> argparse.ArgumentParser:
    parser = acts.add_parser(name, help=told)
    parser.add_argument("--json", action="store_true", help="for machines")
    return parser


def _run(args: argparse.Namespace, acting: Acting) -> Mapping[str, object]:
    match args.act:
        case "propose":
            return _propose(args, acting)
        case "vote":
            number = read_number(args.id)
            return _act_on(acting, number, motions.vote(acting.directory, number=number), read_region(args.region))
        case "execute":
            number = read_number(args.id)
            return _act_on(acting, number, motions.execute(acting.directory, number=number), read_region(args.region))
        case _:
            return consortium_shown(acting)


def _propose(args: argparse.Namespace, acting: Acting) -> dict[str, object]:
    region = read_region(args.region)
    expires_at = read_instant(args.expires) if args.expires else acting.now() + _THIRTY_DAYS
    action = acting.encode(_read_motion(args, acting))
    acting.replica.refresh()
    before = max(acting.replica.trust.proposals, default=0)
    block = acting.do(motions.propose(acting.directory, action=action, expires_at=expires_at), account=_admin(region))
    ids = [
        p.id
        for p in acting.replica.trust.proposals.values()
        if p.id > before and (p.region, p.action, p.expires_at) == (region, action, expires_at)
    ]
    if not ids:
        raise Conflict("ledger.no_proposal", f"block {block}")
    return {"proposal": max(ids), "region": str(region), "action": motion_shown(acting, action), "block": block}


def _act_on(acting: Acting, number: int, call: Call, region: int) -> dict[str, object]:
    block = acting.do(call, account=_admin(region))
    return {"proposal": number, "region": str(region), "done": call.function, "block": block}


def _read_motion(args: argparse.Namespace, acting: Acting) -> Call:
    d = acting.directory
    match args.motion:
        case "admit":
            admin = read_address(args.admin)
            return motions.admit(d, member=read_region(args.member), name=read_name(args.name), admin=admin)
        case "remove":
            return motions.remove(d, member=read_region(args.member))
        case "heal":
            return motions.heal(d, member=read_region(args.member), admin=read_address(args.admin))
        case "appoint":
            return motions.appoint(d, role=args.role, address=read_address(args.address))
        case "validators":
            pairs = [read_validator(text) for text in args.validator]
            return motions.validators(d, members=[region for region, _ in pairs], keys=[key for _, key in pairs])
        case _:
            name, version, sha256 = read_name(args.name), read_name(args.version), read_digest(args.sha256)
            since = read_instant(args.from_)
            return motions.release(d, name=name, version=version, sha256=sha256, effective_from=since)


def _admin(region: int) -> str:
    return f"{region}-admin"

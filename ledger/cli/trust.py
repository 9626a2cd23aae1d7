"""`ecert trust`: authorities, keys, grants, recognitions and partners, declared by the region's own key, with dates."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TextIO

from ecert.domain.catalogue import CATALOGUE, by_code
from ecert.domain.dates import format_instant
from ecert.domain.errors import Malformed, NotFound
from ecert.domain.ids import parse_division, parse_type_code, parse_uscc
from ecert.domain.items import by_item_code
from ecert.domain.signer import key_id, kid
from ecert.domain.suites import SUITES, check_key, suite
from ecert.runtime.keys import Keys
from ledger import acts
from ledger.acting import Acting
from ledger.cli.answering import answer
from ledger.cli.reading import (
    option,
    read_instant,
    read_key_id,
    read_name,
    read_region,
    read_spki,
    refuse_options,
)
from ledger.port import Call

__all__ = ["run_trust"]


@dataclass(frozen=True, slots=True)
class _Declaration:
    """A call, the region whose admin signs it, and what is told when it is final."""

    call: Call
    region: int
    told: Mapping[str, object] = field(default_factory=dict)


def run_trust(args: argparse.Namespace, acting: Acting, keys: Keys, out: TextIO) -> int:
    """Run what `add_trust` parsed: 0 done, 1 refused by the contract, 2 away, 3 bad input."""
    return answer(args, out, lambda: _run(args, acting, keys))


def _run(args: argparse.Namespace, acting: Acting, keys: Keys) -> Mapping[str, object]:
    acting.replica.refresh()
    declared = _declare(args, acting, keys)
    block = acting.do(declared.call, account=f"{declared.region}-admin")
    return {"done": declared.call.function, "region": str(declared.region), **declared.told, "block": block}


def _declare(args: argparse.Namespace, acting: Acting, keys: Keys) -> _Declaration:
    match args.act:
        case "authority":
            return _dissolve(args, acting) if args.dissolve else _register(args, acting)
        case "key":
            return _add(args, acting, keys) if args.spki or args.generate else _end_key(args, acting)
        case "grant":
            return _grant(args, acting)
        case "recognise":
            return _recognise(args, acting)
        case _:
            return _end_sponsorship(args, acting) if args.end else _sponsor(args, acting)


def _register(args: argparse.Namespace, acting: Acting) -> _Declaration:
    refuse_options(args, "successor")
    uscc, division = parse_uscc(args.uscc), parse_division(option(args, "division"))
    name, since = read_name(option(args, "name")), read_instant(args.from_)
    call = acts.register_authority(acting.directory, uscc=uscc, division=division, name=name, not_before=since)
    told = {"uscc": uscc, "division": division, "name": name, "from": format_instant(since)}
    return _Declaration(call, int(division[:2]), told)


def _dissolve(args: argparse.Namespace, acting: Acting) -> _Declaration:
    refuse_options(args, "division", "name")
    uscc, at = parse_uscc(args.uscc), read_instant(args.dissolve)
    successor = parse_uscc(args.successor) if args.successor else None
    call = acts.dissolve_authority(acting.directory, uscc=uscc, at=at, successor=successor)
    told = {"uscc": uscc, "dissolved": format_instant(at), "successor": successor}
    return _Declaration(call, _region_of(acting, uscc), told)


def _add(args: argparse.Namespace, acting: Acting, keys: Keys) -> _Declaration:
    region, owner = read_region(args.region), _owner(args)
    name, purpose = suite(option(args, "suite")).name, option(args, "purpose")
    since, until = read_instant(option(args, "from_")), read_instant(args.until) if args.until else None
    # Made last: what is refused above leaves no key behind, and the same name gives the same key again.
    spki = keys.signer(args.generate, suite=name).spki if args.generate else read_spki(args.spki)
    check_key(name, spki)
    call = acts.add_key(
        acting.directory,
        region=region,
        owner=owner,
        suite=name,
        purpose=purpose,
        spki=spki,
        not_before=since,
        not_after=until,
    )
    return _Declaration(
        call, region, {"suite": name, "purpose": purpose, "kid": kid(spki), "key_id": key_id(spki).hex()}
    )


def _end_key(args: argparse.Namespace, acting: Acting) -> _Declaration:
    refuse_options(args, "suite", "purpose", "from_", "until")
    region, owner = read_region(args.region), _owner(args)
    name, date = args.revoke or args.compromised
    key, at = read_key_id(name), read_instant(date)
    d = acting.directory
    if args.revoke:
        call = acts.revoke_key(d, region=region, owner=owner, key_id=key, at=at)
    else:
        call = acts.declare_compromised(d, region=region, owner=owner, key_id=key, since=at)
    return _Declaration(call, region, {"key_id": key.hex(), "from": format_instant(at)})


def _grant(args: argparse.Namespace, acting: Acting) -> _Declaration:
    uscc, types = parse_uscc(args.uscc), [_type(text) for text in args.types.split(",")]
    if args.withdraw:
        refuse_options(args, "from_")
        when = read_instant(option(args, "until"))
        call = acts.withdraw_grant(acting.directory, uscc=uscc, types=types, until=when)
    else:
        refuse_options(args, "until")
        when = read_instant(option(args, "from_"))
        call = acts.grant(acting.directory, uscc=uscc, types=types, since=when)
    told = {"uscc": uscc, "types": types, "until" if args.withdraw else "from": format_instant(when)}
    return _Declaration(call, _region_of(acting, uscc), told)


def _recognise(args: argparse.Namespace, acting: Acting) -> _Declaration:
    accepting, issuing = parse_division(args.accepting), parse_division(args.issuing)
    types = [kind.code for kind in CATALOGUE.types] if args.type == "all" else [_type(args.type)]
    since, cells = read_instant(args.from_), [(code, issuing, bool(args.yes)) for code in types]
    call = acts.recognise(acting.directory, accepting=accepting, cells=cells, since=since)
    told = {"accepting": accepting, "issuing": issuing, "types": len(types), "accepted": "yes" if args.yes else "no"}
    return _Declaration(call, int(accepting[:2]), {**told, "from": format_instant(since)})


def _sponsor(args: argparse.Namespace, acting: Acting) -> _Declaration:
    region, uscc, name = read_region(args.region), parse_uscc(args.uscc), read_name(option(args, "name"))
    items = [by_item_code(code).code for code in option(args, "items").split(",")]
    until = read_instant(args.until) if args.until else None
    spki = read_spki(option(args, "gateway_key"))
    _hold_some_suites(spki)
    call = acts.sponsor_partner(
        acting.directory, region=region, uscc=uscc, name=name, gateway_key=spki, items=items, until=until
    )
    told = {"uscc": uscc, "name": name, "kid": kid(spki), "items": items}
    return _Declaration(call, region, {**told, "until": format_instant(until) if until else None})


def _end_sponsorship(args: argparse.Namespace, acting: Acting) -> _Declaration:
    refuse_options(args, "name", "gateway_key", "items", "until")
    region, uscc = read_region(args.region), parse_uscc(args.uscc)
    return _Declaration(acts.end_sponsorship(acting.directory, region=region, uscc=uscc), region, {"uscc": uscc})


def _owner(args: argparse.Namespace) -> str | None:
    return None if args.owner == "region" else parse_uscc(args.owner)


def _type(text: str) -> str:
    return by_code(parse_type_code(text)).code


def _region_of(acting: Acting, uscc: str) -> int:
    authority = acting.replica.trust.authorities.get(uscc)
    if authority is None:
        raise NotFound("ledger.unknown_authority", uscc)
    return int(authority.division[:2])


def _hold_some_suites(spki: bytes) -> None:
    for name in SUITES:
        with suppress(Malformed):
            return check_key(name, spki)
    raise Malformed("suite.key", "the gateway's key is of no suite")

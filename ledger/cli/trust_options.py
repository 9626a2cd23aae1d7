"""The options of `ecert trust`: what may be typed; what it means is read in `ledger.cli.trust`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ecert.domain.suites import SUITES

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse has no public name for it

__all__ = ["add_trust"]


def add_trust(subparsers: Subparsers) -> None:
    """Register the command."""
    command = subparsers.add_parser("trust", help="authorities, keys, grants, recognitions, partners")
    parsers = command.add_subparsers(dest="act", required=True, metavar="ACT")
    _add_authority(_act(parsers, "authority", "register an authority, or dissolve it"))
    _add_key(_act(parsers, "key", "register a key, revoke it, or say since when it is compromised"))
    _add_grant(_act(parsers, "grant", "let an authority issue types, or withdraw that"))
    _add_recognise(_act(parsers, "recognise", "say what an accepting division takes from an issuing one"))
    _add_sponsor(_act(parsers, "sponsor", "sponsor a partner, or end that"))


def _act(parsers: Subparsers, name: str, told: str) -> argparse.ArgumentParser:
    parser = parsers.add_parser(name, help=told)
    parser.add_argument("--json", action="store_true", help="for machines")
    return parser


def _add_authority(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--uscc", required=True, help="统一社会信用代码, 18 characters")
    parser.add_argument("--division", help="the division that it serves, such as 310118")
    parser.add_argument("--name")
    when = parser.add_mutually_exclusive_group(required=True)
    when.add_argument("--from", dest="from_", metavar="DATE", help="it exists from")
    when.add_argument("--dissolve", metavar="DATE", help="it ends at")
    parser.add_argument("--successor", metavar="USCC", help="with --dissolve: who continues its work")


def _add_key(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--region", required=True, help="the region that declares it, such as 31")
    parser.add_argument("--owner", required=True, metavar="USCC|region")
    parser.add_argument("--suite", metavar="|".join(SUITES))
    parser.add_argument("--purpose", help="certificate for an authority; code, gateway, receipt, status for a region")
    deed = parser.add_mutually_exclusive_group(required=True)
    deed.add_argument("--spki", metavar="FILE", help="the public key, DER or PEM")
    deed.add_argument("--generate", metavar="NAME", help="make the key in this deployment's custody")
    deed.add_argument("--revoke", nargs=2, metavar=("KEYID", "DATE"))
    deed.add_argument("--compromised", nargs=2, metavar=("KEYID", "DATE"))
    parser.add_argument("--from", dest="from_", metavar="DATE", help="signs from")
    parser.add_argument("--until", metavar="DATE", help="signs no more from; without end unless told")


def _add_grant(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--uscc", required=True)
    parser.add_argument("--types", required=True, metavar="CODE,CODE")
    parser.add_argument("--from", dest="from_", metavar="DATE", help="may issue from")
    parser.add_argument("--withdraw", action="store_true")
    parser.add_argument("--until", metavar="DATE", help="with --withdraw: may issue no more from")


def _add_recognise(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--accepting", required=True, metavar="DIVISION")
    parser.add_argument("--type", required=True, metavar="CODE|all")
    parser.add_argument("--issuing", required=True, metavar="DIVISION")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--yes", action="store_true")
    which.add_argument("--no", action="store_true")
    parser.add_argument("--from", dest="from_", required=True, metavar="DATE")


def _add_sponsor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--region", required=True, help="the sponsoring region")
    parser.add_argument("--uscc", required=True)
    parser.add_argument("--name")
    parser.add_argument("--gateway-key", metavar="FILE", help="the public key of its gateway, DER or PEM")
    parser.add_argument("--items", metavar="EC-0001,..")
    parser.add_argument("--until", metavar="DATE", help="sponsored no more from; without end unless told")
    parser.add_argument("--end", action="store_true", help="end the sponsorship now")

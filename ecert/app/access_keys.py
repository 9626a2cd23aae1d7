"""`ecert access`: keys for an authority's own systems inside one deployment; none exist until somebody makes one."""

from __future__ import annotations

import argparse
from contextlib import closing
from typing import Any

from ecert.app.migrations import migrate
from ecert.domain.dates import format_instant
from ecert.runtime.access import ROLES, StoredKey, issue_key, list_keys, revoke_key
from ecert.runtime.clock import Clock
from ecert.runtime.settings import Settings
from ecert.runtime.storage import open_database

__all__ = ["add", "run"]


def add(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser("access", help="接口密钥 / access keys for systems", description=__doc__)
    acts = parser.add_subparsers(dest="act", required=True)
    issue = acts.add_parser("issue", help="生成密钥，只显示一次 / make a key; it is shown once")
    issue.add_argument("--role", required=True, choices=ROLES)
    issue.add_argument("--region", required=True, help="two digits, as 32")
    issue.add_argument("--authority", metavar="USCC", help="an issuer's authority")
    issue.add_argument("--label", required=True, help="what the key is for")
    revoke = acts.add_parser("revoke", help="停用密钥 / end a key")
    revoke.add_argument("id")
    acts.add_parser("list", help="列出密钥，不含其内容 / list keys, never their secrets")


def run(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    """Make, end or list keys."""
    with closing(open_database(settings.database)) as database:
        migrate(database)
        now = int(clock.now())
        match args.act:
            case "issue":
                where = {"role": args.role, "region": args.region, "authority": args.authority}
                print(issue_key(database, **where, label=args.label, now=now))
            case "revoke":
                revoke_key(database, args.id, now=now)
            case _:
                for key in list_keys(database):
                    print(_line(key))
    return 0


def _line(key: StoredKey) -> str:
    scope = f"{key.region or '-':<3}{key.authority or '-':<20}"
    ended = "有效 in force" if key.revoked_at is None else f"已停用 revoked {format_instant(key.revoked_at)}"
    return f"{key.id}  {key.role:<12}{scope}{format_instant(key.created_at)}  {ended}  {key.label}"

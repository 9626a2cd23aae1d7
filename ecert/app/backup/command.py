"""`ecert backup DIR` and `ecert restore DIR`, and what an operator is told of what came after a backup."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ecert.app.backup.making import back_up
from ecert.app.backup.restoring import restore
from ecert.app.backup.resuming import Resumed
from ecert.domain.dates import format_instant
from ecert.runtime.clock import Clock
from ecert.runtime.settings import Settings

__all__ = ["add", "run"]


def add(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add both commands."""
    made = subparsers.add_parser("backup", help="备份 / copy the database, sealed", description=__doc__)
    made.add_argument("folder", type=Path, metavar="DIR", help="a folder that does not exist yet")
    back = subparsers.add_parser("restore", help="恢复 / restore into an empty database", description=__doc__)
    back.add_argument("folder", type=Path, metavar="DIR", help="a folder that `ecert backup` made")


def run(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    """Make a backup, or restore one."""
    if args.command == "backup":
        manifest = back_up(settings, clock, args.folder)
        rows = sum(content.rows for content in manifest.tables.values())
        print(f"已备份 / backed up: {rows} 行 / rows, {args.folder}")
        print("密钥不在其中，请另行备份 / the keys are not in it: keep a copy of them elsewhere")
    else:
        _tell(restore(settings, clock, args.folder))
    return 0


def _tell(resumed: Resumed) -> None:
    print(f"已恢复，备份时间 / restored, as of {format_instant(resumed.made_at)}")
    for closed in resumed.batches:
        batch = closed.batch
        print(f"备份之后锚定，证照已失 / anchored after the backup, certificates lost: {batch.size}", end=" ")
        print(f"(地区 / region {batch.region}, 批次 / batch {batch.number}, 区块 / block {closed.block})")
    for fingerprint in resumed.lost:
        print(f"备份之后锚定，证照已失 / anchored after the backup, certificate lost: {fingerprint.hex()}")
    for each in resumed.statuses:
        print(f"状态取自链上 / status taken from the chain: {each.licence_id} {each.old.name} -> {each.new.name}")
    for region, count in resumed.audit_lost.items():
        print(f"审计记录已失 / audit entries lost, as every follower will see: {count} (地区 / region {region})")
    print("请核对备份之后吊销的接口密钥 / revoke again the access keys that were revoked since (ecert access list)")

"""`ecert`: one command line for operators, issuing departments and the demonstration.

Exit codes: 0 done or accepted, 1 refused, 2 cannot be done or decided now, 3 wrong usage. `ecert verify` ends with 1
for a verdict alone: whatever kept it from judging is no refusal of the certificate.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, NoReturn

import ledger.cli
import verifier.cli
from ecert.app import access_keys, demo, network, regions, serving, succession, upkeep
from ecert.app.acting import acting
from ecert.app.backup import command as backup
from ecert.app.listing import verify_by_list
from ecert.app.proving import gather_here
from ecert.app.reading import verify_here
from ecert.domain.errors import EcertError, Malformed, Unavailable
from ecert.domain.reasons import explain
from ecert.runtime.clock import Clock, WallClock
from ecert.runtime.keys import open_keys
from ecert.runtime.logs import install_logs
from ecert.runtime.settings import Settings, load_settings

__all__ = ["main"]

REFUSED, AWAY, WRONG_USAGE = 1, 2, 3


class _Parser(argparse.ArgumentParser):
    """Ends wrong usage with 3, for 2 means that something could not be decided."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(WRONG_USAGE, f"{self.prog}: {message}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; a fault is told by its sentence and its code."""
    parser = _Parser(prog="ecert", description="三省一市电子证照互认 / mutual acceptance of electronic certificates")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for room in (demo, serving, network, regions, verifier.cli, ledger.cli, access_keys, upkeep, succession, backup):
        room.add(commands)
    args = parser.parse_args(argv)
    try:
        settings = load_settings(os.environ)
        install_logs(settings.log)
        return _run(args, settings, WallClock())
    except EcertError as fault:
        reason = explain(fault.code)
        print(f"{reason.zh}\n{reason.en} ({fault.code}) {fault.detail}", file=sys.stderr)
        match fault:
            case Unavailable():
                return AWAY
            case Malformed():
                return WRONG_USAGE
            case _:
                return AWAY if args.command == "verify" else REFUSED
    except KeyboardInterrupt:
        return AWAY
    except Exception:
        if args.command != "verify":
            raise
        traceback.print_exc()  # Python would end with 1
        return AWAY


def _run(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    match args.command:
        case "verify":
            by_list = partial(verify_by_list, args.trust_list, args.trust_key, settings, clock)
            return verifier.cli.run(args, by_list if args.trust_list else partial(verify_here, settings, clock))
        case "consortium" | "trust" | "evidence":
            return _act(args, settings, clock)
        case _:
            return _OWN[args.command](args, settings, clock)


def _act(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    if args.command == "evidence":
        return ledger.cli.run_evidence(args, partial(gather_here, settings, clock), settings.genesis, sys.stdout)
    with acting(settings, clock) as way:
        if args.command == "consortium":
            return ledger.cli.run_consortium(args, way, sys.stdout)
        return ledger.cli.run_trust(args, way, open_keys(settings.signer), sys.stdout)


def _demonstrate(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    return (regions.demonstrate if args.network else demo.run)(args, settings, clock)


def _network(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    match args.act:
        case "up":
            return regions.up(args, settings, clock)
        case "found":
            return regions.found(settings, clock)
        case _:
            return network.run(args, settings, clock)


_OWN: Final[Mapping[str, Callable[[argparse.Namespace, Settings, Clock], int]]] = {
    "demo": _demonstrate,
    "serve": serving.run,
    "network": _network,
    "regions": regions.run,
    "access": access_keys.run,
    "keys": upkeep.run,
    "backup": backup.run,
    "restore": backup.run,
    "deploy": succession.run,
}
"""The front door's own commands."""

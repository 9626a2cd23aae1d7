"""`ecert evidence FILE -o BUNDLE` gathers what proves a certificate offline; `ecert evidence check BUNDLE` judges it.

Exit codes as of `ledger/evidence/checker.py`: 0 the certificate stands, 1 the evidence shows that it does not, 2 the
evidence shows nothing or could not be gathered, 3 wrong usage (docs/spec/evidence.md).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TextIO

from ecert.domain.dates import format_instant
from ecert.domain.errors import Malformed
from ecert.domain.reasons import explain
from ledger.evidence import checker
from ledger.evidence.checker import Refused
from ledger.gathering import Bundle

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse has no public name for it

__all__ = ["Gather", "add_evidence", "run_evidence"]

_LARGEST_FILE: Final = 300 * 1024
_STANDS, _DOES_NOT_STAND, _SHOWS_NOTHING = 0, 1, 2
_WORDS: Final = {True: "证照成立 / the certificate stands", False: "证照不成立 / the certificate does not stand"}
_NOT_JUDGED: Final = "证照本身的签名未核验（{0}） / the certificate's own signature is not judged here ({0})"


class Gather(Protocol):
    """Asks the validators for evidence of a certificate file."""

    def __call__(self, content: bytes, *, height: int | None, genesis: Path | None, consortium: bytes) -> Bundle:
        """Return the bundle; EcertError where it cannot be gathered."""


def add_evidence(subparsers: Subparsers) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "evidence", help="链上证据 / evidence that believes no operator", description=__doc__
    )
    parser.add_argument("what", nargs="+", metavar="FILE | check BUNDLE")
    parser.add_argument("-o", "--output", metavar="BUNDLE", help="where the bundle is written")
    parser.add_argument("--height", type=int, help="the state after this block; the newest without it")
    parser.add_argument(
        "--genesis", type=Path, metavar="FILE", help="the chain's genesis file; ECERT_GENESIS without it"
    )
    parser.add_argument("--consortium", metavar="ADDRESS", help="where the genesis file does not name the Consortium")
    parser.add_argument("--json", action="store_true", help="print what is shown as JSON")


def run_evidence(args: argparse.Namespace, gather: Gather, genesis: Path, out: TextIO) -> int:
    """Gather or check, tell what is shown, and return the exit code; EcertError as `gather` raises it."""
    consortium = _address(args.consortium)
    match args.what:
        case ["check", bundle] if args.output is None and args.height is None:
            return _check(bundle, args.genesis or genesis, consortium, args, out)
        case [file] if args.output is not None:
            content = _read(file, _LARGEST_FILE)
            gathered = gather(content, height=args.height, genesis=args.genesis, consortium=consortium)
            _write(Path(args.output), gathered.content)
            return _tell(gathered.report, args, out)
        case _:
            raise Malformed("evidence.usage", "evidence FILE -o BUNDLE, or evidence check BUNDLE")


def _check(bundle: str, genesis: Path, consortium: bytes, args: argparse.Namespace, out: TextIO) -> int:
    content, trusted = _read(bundle, checker.LARGEST), _read(genesis, checker.LARGEST)
    try:
        known = checker.read_genesis(trusted)
        report = checker.judge(content, replace(known, consortium=consortium or known.consortium))
    except Refused as fault:
        reason = explain(fault.code)
        told = {"error": {"code": fault.code, "zh": reason.zh, "en": reason.en, "detail": fault.detail}}
        plain = f"证据不成立 / the evidence shows nothing\n  {reason.zh}\n  {reason.en} ({fault.code}) {fault.detail}"
        out.write((json.dumps(told, ensure_ascii=False, indent=1) if args.json else plain) + "\n")
        return _SHOWS_NOTHING
    return _tell(report, args, out)


def _tell(report: Mapping[str, Any], args: argparse.Namespace, out: TextIO) -> int:
    text = json.dumps(report, ensure_ascii=False, indent=1) if args.json else "\n".join(_lines(report))
    out.write(text + "\n")
    return _STANDS if report["stands"] else _DOES_NOT_STAND


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    anchor = report["anchor"]
    yield _WORDS[report["stands"]]
    for code in report["faults"]:
        yield f"  {explain(code).zh} / {explain(code).en} ({code})"
    if report["signature"] not in ("good", "wrong"):
        yield "  " + _NOT_JUDGED.format(report["signature"].partition(": ")[2])
    yield f"  {report['licence_id']}  {report['fingerprint']}"
    place = f"{anchor['region']}-{anchor['batch']}, block {anchor['block']}"
    yield f"  存证 / anchored {format_instant(anchor['time'])}: {place}"
    yield f"  状态 / status {report['status']}, {format_instant(report['sealed'])}: block {report['height']}"


def _address(text: str | None) -> bytes:
    try:
        address = bytes.fromhex((text or "").removeprefix("0x"))
    except ValueError:
        address = b"?"
    if len(address) not in (0, 20):
        raise Malformed("evidence.usage", "an address is 20 bytes in hexadecimal digits")
    return address


def _read(path: str | Path, limit: int) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(limit + 1)
    except OSError as fault:
        raise Malformed("file.unreadable", f"{path}: {fault.strerror}") from fault


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as fault:
        raise Malformed("file.unwritable", f"{path}: {fault.strerror}") from fault

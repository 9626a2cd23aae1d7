"""`ecert verify FILE`: the verdict in words and as exit status: 0 accept, 1 refuse, 2 cannot decide, 3 bad usage."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Protocol

import orjson

from ecert.domain.catalogue import by_code
from ecert.domain.dates import parse_instant
from ecert.domain.errors import EcertError, Malformed, NotFound
from ecert.domain.holders import parse_holder_ref
from ecert.domain.ids import parse_division
from ecert.domain.reasons import explain
from verifier.findings import Verdict
from verifier.presentations import Asking
from verifier.report import Report
from verifier.sufficiency import State
from verifier.wire import as_json

__all__ = ["BAD_USAGE", "VerifyFile", "add", "run"]

BAD_USAGE: Final = 3
_LIMIT: Final = 300 * 1024
_STATUS: Final = {Verdict.ACCEPT: 0, Verdict.REFUSE: 1, Verdict.CANNOT_DECIDE: 2}


class VerifyFile(Protocol):
    """Judges a file's bytes, now, against this deployment's replica."""

    def __call__(self, data: bytes, *, asking: Asking) -> Report:
        """Return the report; Malformed("question.future"), NotFound("item.unknown")."""


def add(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser("verify", help="核验证照文件 / verify a certificate file", description=__doc__)
    parser.add_argument("file", metavar="FILE", help="container (JSON) or bare SD-JWT; - is standard input")
    parser.add_argument("--holder", metavar="ID_TYPE:ID", help="whom you have identified, as 001:<number>")
    division = "the accepting division, 2 to 6 digits (default: %(default)s)"
    parser.add_argument("--division", default="310118", help=division)
    parser.add_argument("--at", metavar="TIME", help="legal time: RFC 3339 or YYYY-MM-DD")
    parser.add_argument("--known-at", metavar="TIME", help="chain time: by what was recorded then")
    parser.add_argument("--item", metavar="CODE", help="the service item, as EC-0001")
    parser.add_argument(
        "--trust-list", type=Path, metavar="LIST", help="judge by this signed list, without any network"
    )
    parser.add_argument("--trust-key", metavar="KID", help="whose list is trusted; else the first one's that was used")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--lang", choices=("zh", "en"), default="zh")


def run(args: argparse.Namespace, verify_file: VerifyFile) -> int:
    """Verify and print; the exit status is the verdict's.

    What kept it from judging is raised, as Unavailable where there is no replica to verify against.
    """
    try:
        report = verify_file(_read(args.file), asking=_asking(args))
    except (Malformed, NotFound) as fault:
        print(_complaint(fault, args.lang), file=sys.stderr)
        return BAD_USAGE
    if args.json:
        print(orjson.dumps(as_json(report), option=orjson.OPT_INDENT_2).decode())
    else:
        print("\n".join(_lines(as_json(report), args.lang)))
    return _STATUS[report.verdict]


def _asking(args: argparse.Namespace) -> Asking:
    return Asking(
        division=parse_division(args.division),
        holder=parse_holder_ref(args.holder) if args.holder else None,
        at=parse_instant(args.at) if args.at else None,
        known_at=parse_instant(args.known_at) if args.known_at else None,
        item=args.item,
    )


def _read(name: str) -> bytes:
    # One byte more than any certificate has: what is too large is refused by its parser, not read whole.
    if name == "-":
        return sys.stdin.buffer.read(_LIMIT + 1)
    try:
        with Path(name).open("rb") as file:
            return file.read(_LIMIT + 1)
    except OSError as fault:
        raise Malformed("file.unreadable", f"{name}: {fault.strerror}") from fault


def _complaint(fault: EcertError, lang: str) -> str:
    reason, detail = explain(fault.code), f" {fault.detail}" if fault.code == "file.unreadable" else ""
    return f"{reason.zh if lang == 'zh' else reason.en} ({fault.code}){detail}"


def _lines(report: dict[str, Any], lang: str) -> list[str]:
    verdict = Verdict(report["verdict"])
    lines = [f"{verdict.zh if lang == 'zh' else verdict.en.upper()} ({verdict})", *_wanting(report, lang)]
    for certificate in report["certificates"]:
        if certificate["type"]:
            authority = certificate["authority"]
            lines.append(f"  {certificate['type'][lang]}  {certificate['licence_id']}")
            lines.append(f"  {authority['name'] if authority else '-'}  {_period(certificate['dates'], lang)}")
        lines += [_finding(finding, lang) for finding in certificate["findings"]]
    lines += [_finding(finding, lang) for finding in report["findings"]]
    return [*lines, _judged_by(report, lang), *(f"  {article}" for article in _articles(report, lang))]


def _judged_by(report: dict[str, Any], lang: str) -> str:
    """Say for which place it was judged, and by which block."""
    division, block, age = report["division"], report["replica"]["block"], max(0, report["replica"]["age"])
    if lang == "zh":
        return f"  受理地 {division}；链上数据：区块 {block}，{age} 秒前"
    return f"  Judged for {division}; copy of the chain: block {block}, {age} s old"


def _articles(report: dict[str, Any], lang: str) -> list[str]:
    """Give the articles relied on, each once; in English where there is a gloss."""
    if lang == "zh":
        return list(report["basis"])
    reasons = [explain(each["code"]) for each in report["reasons"] if each["basis"]]
    return list(dict.fromkeys(each.basis_en or each.basis or "" for each in reasons))


def _wanting(report: dict[str, Any], lang: str) -> Iterator[str]:
    """Say what no finding says: that the item needs more, and what."""
    told = {finding["code"] for part in (report, *report["certificates"]) for finding in part["findings"]}
    for reason in report["reasons"]:
        if reason["code"] not in told:
            yield f"  {reason[lang]} ({reason['code']})"
    for need in (report["sufficiency"] or {"needs": []})["needs"]:
        if need["state"] == State.MISSING:
            kinds = [by_code(each["type"]) for each in need["any_of"]]
            yield "  - " + " / ".join(kind.zh if lang == "zh" else kind.en for kind in kinds)


def _finding(finding: dict[str, Any], lang: str) -> str:
    return f"  {finding['outcome']:<8}{finding['check']:<12}{finding[lang]} ({finding['code']})"


def _period(dates: dict[str, Any], lang: str) -> str:
    endless = "长期" if lang == "zh" else "no end"
    return f"{dates['first_day']} – {dates['last_day'] or endless}"

"""Endpoints that pour, stall or talk nonsense: each has its name, and the next is asked."""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from ecert.domain.errors import Unavailable
from ledger.drivers.wire import LARGEST
from tests.hostile_endpoint import CLERK, CONSORTIUM
from tests.unit.ledger.network import Net, network

Json = Any
NAMES = {CONSORTIUM: "Consortium"}


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Net]:
    with network(tmp_path) as opened:
        yield opened


def head_of(door: BaseHTTPRequestHandler, length: int | None = None, **headers: str) -> None:
    door.send_response(200)
    for name, value in headers.items():
        door.send_header(name.replace("_", "-"), value)
    if length is not None:
        door.send_header("Content-Length", str(length))
    door.end_headers()


def hundred_megabytes(door: BaseHTTPRequestHandler) -> None:
    head_of(door, 100 << 20)
    for _ in range(100):
        door.wfile.write(bytes(1 << 20))


def endless(door: BaseHTTPRequestHandler) -> None:
    head_of(door, Connection="close")
    while True:
        door.wfile.write(b" ")
        time.sleep(0.02)


def endless_head(door: BaseHTTPRequestHandler) -> None:
    door.wfile.write(b"HTTP/1.1 200 OK\r\nX-Never: ")
    while True:
        door.wfile.write(b"x")
        door.wfile.flush()
        time.sleep(0.02)


def silence(_door: BaseHTTPRequestHandler) -> None:
    time.sleep(2)


def no_json(door: BaseHTTPRequestHandler) -> None:
    head_of(door, 6)
    door.wfile.write(b"<html>")


def deep(door: BaseHTTPRequestHandler) -> None:
    head_of(door, 200_000)
    door.wfile.write(b"[" * 200_000)


def bomb(door: BaseHTTPRequestHandler) -> None:
    content = gzip.compress(bytes(1 << 20))
    head_of(door, len(content), Content_Encoding="gzip")
    door.wfile.write(content)


def elsewhere(door: BaseHTTPRequestHandler) -> None:
    door.send_response(307)
    door.send_header("Location", "http://127.0.0.1:1/")
    door.send_header("Content-Length", "0")
    door.end_headers()


def forbidden(door: BaseHTTPRequestHandler) -> None:
    door.send_error(403)


SLOW = r"ledger\.(answer_slow|silent)"  # silent where a busy machine lets a second pass between two bytes
POURING = {
    "hundred megabytes": (hundred_megabytes, "ledger.answer_large"),
    "endless": (endless, SLOW),
    "endless head": (endless_head, SLOW),
    "silent": (silence, "ledger.silent"),
    "no JSON": (no_json, "ledger.answer_form"),
    "deep": (deep, "ledger.answer_form"),
    "compressed": (bomb, "ledger.answer_form"),
    "turned away": (forbidden, "ledger.turned_away"),
    "redirected": (elsewhere, "ledger.answer_form"),
}


@pytest.mark.parametrize(("pour", "code"), POURING.values(), ids=POURING)
def test_what_pours_is_cut_off_by_name_and_the_next_is_asked(
    net: Net, pour: Callable[[BaseHTTPRequestHandler], None], code: str
) -> None:
    pouring, other = net.add(2)
    with closing(net.open(silence=1.0)) as ledger:
        pouring.pour = pour
        assert ledger.head().number == 12
        assert re.fullmatch(code, str(ledger._validators.endpoints[0].reason))
        other.pour = pour
        time.sleep(0.25)
        with pytest.raises(Unavailable, match=code):
            ledger.head()
    assert LARGEST < 100 << 20


NONSENSE: list[Json] = [None, 7, "x", [], {}, {"signed_header": None}, {"response": 1}, {"block_metas": [1]}, [[]] * 9]


@pytest.mark.parametrize("nonsense", NONSENSE, ids=repr)
def test_nonsense_is_unavailable_and_nothing_else(net: Net, nonsense: Json) -> None:
    (liar,) = net.add()
    with closing(net.open()) as ledger:
        liar.bend = lambda _m, _p, _h: nonsense
        questions: tuple[Callable[[], object], ...] = (
            lambda: ledger.next_nonce(CLERK.address),
            ledger.head,
            lambda: list(ledger.blocks(first=1, last=3, contracts=NAMES)),
            lambda: ledger.slot(CONSORTIUM, 0, block=1),
            lambda: ledger.outcome(bytes(32)),
        )
        for question in questions:
            with suppress(Unavailable):
                question()
        assert ledger._proven.newest.height == 0

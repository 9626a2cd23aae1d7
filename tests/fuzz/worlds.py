"""Targets that end in a verdict or an answer: nothing but what was made in this very world is ever accepted there."""

from __future__ import annotations

import argparse
import io
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ecert.app.demo.founding import bootstrap
from ecert.domain.receipt import Container, read_certificate
from ecert.domain.sd_jwt import split
from ledger.replica import layout, open_replica
from tests.fuzz.trial import Target, Trial, text_of
from tests.hostile.shown import ASKING, Showing
from tests.journeys.doors import doors_of, hold_answer, knock
from tests.world import opened
from verifier import cli
from verifier.findings import Verdict
from verifier.presentations import Asking, verify_file
from verifier.report import Report


@contextmanager
def _showing() -> Iterator[Showing]:
    with TemporaryDirectory() as folder:
        showing = Showing(Path(folder))
        yield showing
        showing.world.writer.close()


@contextmanager
def presentations() -> Iterator[Trial]:
    """Accepted is the one container, more of it concealed perhaps."""
    with _showing() as showing:

        def attempt(data: bytes) -> None:
            if showing.file(data) is Verdict.ACCEPT:
                assert _is_shown(showing, read_certificate(data))

        yield Trial(attempt, (showing.container, showing.sd_jwt.encode()))


@contextmanager
def answers() -> Iterator[Trial]:
    """Accepted is the one answer that the home region signed."""
    with _showing() as showing:
        answer = showing.answer()

        def attempt(data: bytes) -> None:
            text = text_of(data)
            assert Verdict.ACCEPT not in showing.online(text) or text == answer

        yield Trial(attempt, (answer.encode(),))


@contextmanager
def offline_codes() -> Iterator[Trial]:
    """Accepted is the one code, a scan gun's line end aside."""
    with _showing() as showing:

        def attempt(data: bytes) -> None:
            text = data.decode("latin-1")  # what no code is made of does not reach a home region
            assert Verdict.ACCEPT not in showing.without_network(text) or text.strip() == showing.offline

        yield Trial(attempt, (showing.offline.encode(),))


@contextmanager
def replicas() -> Iterator[Trial]:
    """An altered file is unreadable or says the same; one with its checksums mended is read without a crash."""
    with _showing() as showing, TemporaryDirectory() as folder:
        path = Path(folder) / "replica.bin"
        whole = (showing.folder / "replica.bin").read_bytes()[: showing.world.writer.header.end]

        def attempt(data: bytes) -> None:
            path.write_bytes(data)
            if showing.stored(path.parent) is Verdict.ACCEPT:
                found = open_replica(path.parent)
                assert found.trust == showing.world.replica.trust
                assert found._batches == showing.batches
            path.write_bytes(_mended(data))
            showing.stored(path.parent)

        yield Trial(attempt, (whole,))


@contextmanager
def command_lines() -> Iterator[Trial]:
    """`ecert verify FILE` ends with a verdict's status, and with 0 for the one certificate alone."""
    with _showing() as showing, TemporaryDirectory() as folder:
        path, parser = Path(folder) / "file", argparse.ArgumentParser()
        cli.add(parser.add_subparsers())

        def judge(data: bytes, *, asking: Asking) -> Report:
            return verify_file(data, asking=asking, replica=showing.world.replica, now=showing.world.now)

        def attempt(data: bytes) -> None:
            path.write_bytes(data)
            for form in ([], ["--json"]):
                args = parser.parse_args(["verify", str(path), "--holder", str(ASKING.holder), *form])
                with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                    status = cli.run(args, judge)
                assert status in (0, 1, 2)
                assert status != 0 or _is_shown(showing, read_certificate(data))

        yield Trial(attempt, (showing.container, showing.sd_jwt.encode()))


@contextmanager
def bodies() -> Iterator[Trial]:
    """Any body at any door is answered, and refused with a listed code. The first byte chooses the door."""
    with TemporaryDirectory() as folder, opened(Path(folder)) as world:
        bootstrap(world.house)
        card = world.issue(1)
        world.settle()
        doors = [door for door in doors_of(world, card) if door.body is not None]

        def attempt(data: bytes) -> None:
            door = doors[data[0] % len(doors)] if data else doors[0]
            answer = knock(world, door, content=data[1:], headers={"content-type": "application/json"})
            hold_answer(answer, refused=False)

        seeds = [bytes([number]) + json.dumps(door.body).encode() for number, door in enumerate(doors)]
        yield Trial(attempt, tuple(seeds))


def _is_shown(showing: Showing, container: Container) -> bool:
    given, made = split(container.sd_jwt), split(showing.sd_jwt)
    is_less = set(given.disclosures) <= set(made.disclosures)
    return given.jwt == made.jwt and is_less and container.receipt == showing.receipt


def _mended(data: bytes) -> bytes:
    """Give every header and record the checksum that it should have, as far as they can be followed."""
    raw = bytearray(data.ljust(layout.FIRST_RECORD, b"\0"))
    for slot in (0, layout.SLOT):
        end = slot + _HEADER
        raw[slot : slot + len(layout.MAGIC)] = layout.MAGIC
        raw[end : end + 4] = zlib.crc32(raw[slot:end]).to_bytes(4, "little")
    offset = layout.FIRST_RECORD
    while offset + layout.RECORD.size <= len(raw):
        length, kind, _crc = layout.RECORD.unpack_from(raw, offset)
        body = offset + layout.RECORD.size
        crc = layout.checksum(length, kind, bytes(raw[body : body + length]))
        raw[offset + 8 : offset + 12] = crc.to_bytes(4, "little")
        offset = layout.next_record(offset, length)
    return bytes(raw)


_HEADER: Final = 132
"""Bytes of a header before its checksum."""

TARGETS: Final = (
    Target("presentation", presentations, 8192),
    Target("answer", answers, 8192),
    Target("offline_code", offline_codes, 700),
    Target("replica", replicas, 16384),
    Target("command_line", command_lines, 8192),
    Target("bodies", bodies, 4096),
)

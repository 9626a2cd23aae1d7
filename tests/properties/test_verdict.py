"""No altered presentation is ever accepted, and nothing that is put before the verifier makes it raise."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecert.domain.receipt import AnchorReceipt, Container, format_container, parse_container
from tests.unit.verifier.build import LI, QUESTION, T0, World
from tests.unit.verifier.home import CODE, HomeRegion, ask, entry, offline_code
from verifier.evidence import Presented
from verifier.findings import Outcome, Verdict
from verifier.presentations import Asking, verify_file
from verifier.wire import as_json

ASKING = Asking("310118", LI.ref)


@pytest.fixture(scope="module")
def world() -> World:
    with TemporaryDirectory() as folder:
        return World(Path(folder))


@pytest.fixture(scope="module")
def container(world: World) -> bytes:
    first, _ = world.anchor(world.issue(), world.issue(index=8))
    return format_container(Container(str(first.sd_jwt), first.receipt))


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_a_flipped_bit_is_never_accepted(world: World, container: bytes, data: st.DataObject) -> None:
    bit = data.draw(st.integers(0, 8 * len(container) - 1))
    altered = bytearray(container)
    altered[bit >> 3] ^= 1 << (bit & 7)
    report = verify_file(bytes(altered), asking=ASKING, replica=world.replica, now=world.now)
    assert report.verdict is not Verdict.ACCEPT


@settings(max_examples=200, deadline=None)
@given(data=st.one_of(st.binary(max_size=400), st.text(max_size=400)))
def test_no_file_makes_it_raise(world: World, data: bytes | str) -> None:
    report = verify_file(data, asking=ASKING, replica=world.replica, now=world.now)
    assert report.verdict is Verdict.REFUSE
    json.dumps(as_json(report))


@settings(max_examples=100, deadline=None)
@given(parts=st.lists(st.sampled_from(["eyJ4IjoxfQ", "", "~", ".", "WyJzIiwiYSIsMV0", "a"]), max_size=12))
def test_no_presentation_makes_it_raise(world: World, parts: list[str]) -> None:
    assert world.judge(Presented("".join(parts), None)).verdict is Verdict.REFUSE


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_flipped_bit_of_an_offline_code_is_never_accepted(world: World, data: st.DataObject) -> None:
    code = _offline(world).encode()
    bit = data.draw(st.integers(0, 8 * len(code) - 1))
    altered = bytearray(code)
    altered[bit >> 3] ^= 1 << (bit & 7)
    report = ask(HomeRegion(world), code=altered.decode("latin-1"), holder=LI.ref)
    assert all(each.verdict is not Verdict.ACCEPT for each in report.certificates)


@settings(max_examples=50, deadline=None)
@given(text=st.text(max_size=300))
def test_no_answer_of_a_home_region_makes_it_raise(world: World, text: str) -> None:
    assert ask(HomeRegion(world, text=text), code=CODE).verdict is Verdict.CANNOT_DECIDE


@settings(max_examples=100, deadline=None)
@given(at=st.one_of(st.none(), st.integers(0, T0 + 10**8)), known_at=st.one_of(st.none(), st.integers(0, T0 + 10**8)))
def test_accepted_means_valid_throughout(world: World, container: bytes, at: int | None, known_at: int | None) -> None:
    sd_jwt, receipt = _parts(container)
    judged = world.judge(Presented(sd_jwt, receipt), question=replace(QUESTION, at=at, known_at=known_at))
    is_valid = {finding.outcome for finding in judged.findings} == {Outcome.VALID}
    assert (judged.verdict is Verdict.ACCEPT) == is_valid


_MADE: dict[int, str] = {}


def _offline(world: World) -> str:
    if id(world) not in _MADE:
        (issued,) = world.anchor(world.issue())
        _MADE[id(world)] = offline_code(world, entry(issued))
    return _MADE[id(world)]


def _parts(container: bytes) -> tuple[str, AnchorReceipt | None]:
    found = parse_container(container)
    return found.sd_jwt, found.receipt

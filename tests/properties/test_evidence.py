"""Whatever stands in a bundle, in a genesis file or in a validator's answer: it is judged or refused, by name."""

from __future__ import annotations

import base64
import copy
import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ecert.domain.errors import Unavailable
from ledger import light
from ledger.evidence import checker, wire
from ledger.evidence.checker import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

VECTORS = Path(__file__).parents[1] / "vectors" / "evidence"
GENESIS = checker.read_genesis((VECTORS / "genesis.json").read_bytes())
BUNDLE: dict[str, Any] = json.loads((VECTORS / "untouched.bundle.json").read_bytes())
RECORDED: dict[str, Any] = json.loads((VECTORS / "recorded.json").read_bytes())
COMMIT, SET = RECORDED["commit  2"], RECORDED["validators  2"]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=80)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4))


def places(told: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - JSON
    yield path
    for key, value in told.items() if isinstance(told, dict) else enumerate(told) if isinstance(told, list) else ():
        yield from places(value, (*path, key))


@st.composite
def bent(draw: st.DrawFn, told: Any) -> Any:  # noqa: ANN401 - JSON
    """Put anything in any one place."""
    path = draw(st.sampled_from(list(places(told))))
    other = {"": copy.deepcopy(told)}
    place: Any = other
    for step in ("", *path)[:-1]:
        place = place[step]
    place[("", *path)[-1]] = draw(JSON)
    return other[""]


@given(st.binary(max_size=300))
def test_bytes_that_are_no_bundle(content: bytes) -> None:
    with pytest.raises(Refused):
        checker.judge(content, GENESIS)


def without_signature(number: int) -> dict[str, Any]:
    """Give the bundle with one of four signatures left out: three are more than two thirds."""
    told = copy.deepcopy(BUNDLE)
    told["blocks"][0]["commit"]["signatures"][number] = None
    return told


FEWER = [without_signature(number) for number in range(4)]


@pytest.mark.parametrize("told", FEWER)
def test_three_of_four_signatures_say_the_same(told: Any) -> None:  # noqa: ANN401 - JSON
    assert checker.judge(checker.canonical(told), GENESIS) == checker.judge(checker.canonical(BUNDLE), GENESIS)


@given(bent(BUNDLE))
@example(FEWER[0])
def test_a_bundle_with_anything_in_one_place(told: Any) -> None:  # noqa: ANN401 - JSON
    if told not in (BUNDLE, *FEWER):
        with pytest.raises(Refused):
            checker.judge(checker.canonical(told), GENESIS)


@given(st.binary(max_size=300) | JSON.map(lambda told: json.dumps(told).encode()))
def test_bytes_that_are_no_genesis(content: bytes) -> None:
    with pytest.raises(Refused):
        checker.read_genesis(content)


@given(bent(COMMIT), bent(SET))
def test_an_answer_with_anything_in_one_place(answer: object, following: object) -> None:
    begun = light.begin((VECTORS / "genesis.json").read_bytes())
    with suppress(Unavailable):
        assert light.verify(begun, answer, now=2e9, following=following).height == 2


@pytest.mark.parametrize("read", [wire.read_signed_header, wire.read_header, wire.read_validators, wire.read_proof])
@given(told=JSON)
def test_an_answer_that_is_none(read: Callable[[object], object], told: object) -> None:
    with pytest.raises(Refused):
        read(told)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_proofs_of_any_bytes(tree: bytes, stores: bytes) -> None:
    operations = [_operation("ics23:iavl", tree), _operation("ics23:simple", stores)]
    answer = {"response": {"proofOps": {"ops": operations}}}
    block = light.begin((VECTORS / "genesis.json").read_bytes())

    with pytest.raises(Unavailable):
        light.prove_slot(block, answer, contract=bytes(20), slot=0)


@given(JSON.map(lambda told: json.dumps(told).encode()) | st.binary(max_size=100))
def test_a_stored_block_that_is_none(stored: bytes) -> None:
    with pytest.raises(Unavailable):
        light.parse_block(stored)


def _operation(kind: str, content: bytes) -> dict[str, str]:
    return {"type": kind, "data": base64.b64encode(content).decode()}

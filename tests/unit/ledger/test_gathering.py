"""Evidence is gathered from what one validator answered, byte for byte, and from nothing that it made up."""

from __future__ import annotations

import base64
import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ecert.domain.errors import Conflict, EcertError, Unavailable
from ecert.domain.receipt import Container, parse_container
from ledger import light
from ledger.gathering import Bundle, collect

if TYPE_CHECKING:
    from collections.abc import Callable

VECTORS = Path(__file__).parents[2] / "vectors" / "evidence"
CASES: dict[str, Any] = json.loads((VECTORS / "cases.json").read_bytes())
RECORDED: dict[str, Any] = json.loads((VECTORS / "recorded.json").read_bytes())
BUNDLE = (VECTORS / "untouched.bundle.json").read_bytes()
HEIGHT: int = CASES["reports"]["untouched"]["height"]
CERTIFICATE = parse_container(CASES["container"])
NOWHERE = "0x" + "11" * 20


class Recorded:
    """A real validator's answers; `bend` may change any before it is given."""

    def __init__(self, bend: Callable[[str, Any], object] = lambda _key, _told: None) -> None:
        self.bend = bend

    def newest(self) -> int:
        return HEIGHT + 1

    def commit(self, height: int) -> object:
        return self._answer(f"commit  {height}")

    def validators(self, height: int) -> object:
        return self._answer(f"validators  {height}")

    def state(self, *, contract: bytes, slot: int, height: int) -> object:
        asked = light.slot_query(contract=contract, slot=slot, height=height)
        return self._answer(f"abci_query {asked['data']} {height}")

    def _answer(self, key: str) -> object:
        told = copy.deepcopy(RECORDED[key])
        self.bend(key, told)
        return told


def gathered(source: Recorded, *, certificate: Container = CERTIFICATE, height: int | None = None) -> Bundle:
    spki = bytes.fromhex(json.loads(BUNDLE)["spki"])
    genesis = (VECTORS / "genesis.json").read_bytes()
    return collect(source, genesis=genesis, certificate=certificate, spki=spki, height=height, now=2e9)


def refusal(kind: type[EcertError], act: Callable[[], object]) -> str:
    with pytest.raises(kind) as refused:
        act()
    return refused.value.code


@pytest.mark.parametrize("height", [None, HEIGHT])
def test_the_same_answers_give_the_same_bundle(height: int | None) -> None:
    bundle = gathered(Recorded(), height=height)

    assert bundle.content == BUNDLE
    assert bundle.report == CASES["reports"]["untouched"]


def test_no_made_up_proof_gets_in() -> None:
    """Each of the answers about the state, given with another slot's proof."""
    other = next(told for key, told in RECORDED.items() if key.startswith("abci_query"))

    for wanted in [key for key in RECORDED if key.startswith("abci_query")][1:]:
        swapped = Recorded(lambda key, told, wanted=wanted: told.update(other) if key == wanted else None)
        assert refusal(Unavailable, lambda swapped=swapped: gathered(swapped)) == "evidence.proof"


@pytest.mark.parametrize("at", [0, 1])
def test_a_turned_byte_of_a_proof_is_refused(at: int) -> None:
    def bend(key: str, told: Any) -> None:  # noqa: ANN401 - JSON
        if key.startswith("abci_query"):
            operation = told["response"]["proofOps"]["ops"][at]
            content = bytearray(base64.b64decode(operation["data"]))
            content[-1] ^= 1
            operation["data"] = base64.b64encode(bytes(content)).decode()

    assert refusal(Unavailable, lambda: gathered(Recorded(bend))) == "evidence.proof"


def test_a_header_with_another_state_is_refused() -> None:
    def bend(key: str, told: Any) -> None:  # noqa: ANN401 - JSON
        if key.startswith("commit"):
            told["signed_header"]["header"]["app_hash"] = "AB" * 32

    assert refusal(Unavailable, lambda: gathered(Recorded(bend))) == "evidence.signature"


def test_a_certificate_that_is_not_anchored_has_no_evidence() -> None:
    pending = Container(CERTIFICATE.sd_jwt, None)

    assert refusal(Conflict, lambda: gathered(Recorded(), certificate=pending)) == "evidence.pending"

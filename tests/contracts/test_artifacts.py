"""The committed artefacts are those of the committed sources, and what they publish holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from contracts import NAMES, load
from contracts.compile import EVM_VERSION, compiler_version, sources_digest

if TYPE_CHECKING:
    from tests.contracts.consortium_world import World

ROOT = Path(__file__).parents[2] / "contracts"
BLOBBASEFEE, PUSH1, PUSH32 = 0x4A, 0x60, 0x7F
PREFIXES = {
    "Consortium": ("Consortium",),
    "TrustRegistry": ("Trust", "Appointed"),
    "CertificateAnchor": ("Anchor", "Appointed"),
    "StatusRegistry": ("Status", "Appointed"),
}


@pytest.mark.parametrize("name", NAMES)
def test_an_artefact_was_made_from_these_sources(name: str) -> None:
    found = json.loads((ROOT / "artifacts" / f"{name}.json").read_text("utf-8"))
    assert found["sources_sha256"] == sources_digest()
    assert (found["compiler"], found["evm"]) == (compiler_version(), EVM_VERSION)


def test_the_compiler_is_pinned_and_the_lock_names_no_host() -> None:
    lock = (ROOT / "package-lock.json").read_text("utf-8")
    assert json.loads(lock)["packages"]["node_modules/solc"]["version"] == compiler_version()
    assert "resolved" not in lock


@pytest.mark.parametrize("name", NAMES)
def test_slots_0_and_1_are_count_and_head(name: str) -> None:
    first, second = load(name).storage[:2]
    assert (first.label, first.slot, first.offset, first.type) == ("count", 0, 0, "uint256")
    assert (second.label, second.slot, second.offset, second.type) == ("head", 1, 0, "bytes32")


@pytest.mark.parametrize("name", NAMES)
def test_errors_carry_their_contracts_prefix(name: str) -> None:
    errors = [entry["name"] for entry in load(name).abi if entry["type"] == "error"]
    assert errors
    assert all(error.startswith(PREFIXES[name]) for error in errors)


@pytest.mark.parametrize("name", NAMES)
def test_code_fits_the_limit_and_never_reads_the_blob_base_fee(name: str) -> None:
    code = load(name).deployed_bytecode
    assert 0 < len(code) < 24_576
    position = 0
    while position < len(code):
        assert code[position] != BLOBBASEFEE
        position += code[position] - PUSH1 + 2 if PUSH1 <= code[position] <= PUSH32 else 1


def test_any_other_name_is_unknown() -> None:
    with pytest.raises(KeyError):
        load("../package")


@pytest.mark.parametrize("name", NAMES)
def test_what_stands_on_a_chain_is_the_artefact_but_for_immutables(world: World, name: str) -> None:
    published, standing = load(name).deployed_bytecode, world.chain.code(world.contracts[name])
    assert len(published) == len(standing)
    assert all(a in (0, b) for a, b in zip(published, standing, strict=True))

"""Forge and Slither read what is deployed: the compiler's settings, and an answer to every finding."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from contracts import NAMES
from contracts.compile import EVM_VERSION, SETTINGS

ROOT = Path(__file__).parents[2]
FOUNDRY: dict[str, Any] = tomllib.loads((ROOT / "contracts" / "foundry.toml").read_text("utf-8"))
ANALYSIS = (ROOT / "docs" / "contracts-analysis.md").read_text("utf-8")


def test_forge_uses_the_compilers_settings() -> None:
    profile = FOUNDRY["profile"]["default"]

    assert profile["evm_version"] == EVM_VERSION
    assert (profile["optimizer"], profile["optimizer_runs"]) == _optimizer(SETTINGS["optimizer"])
    assert profile["bytecode_hash"] == SETTINGS["metadata"]["bytecodeHash"]


def test_the_four_contracts_go_through_the_compilers_code_generator() -> None:
    profile = FOUNDRY["profile"]["default"]
    (law,), (restriction,) = profile["additional_compiler_profiles"], profile["compilation_restrictions"]

    assert restriction == {"paths": f"src/{{{','.join(NAMES)}}}.sol", "via_ir": SETTINGS["viaIR"]}
    assert (law["via_ir"], law["optimizer"], law["optimizer_runs"]) == (
        SETTINGS["viaIR"],
        *_optimizer(SETTINGS["optimizer"]),
    )
    assert FOUNDRY["profile"]["slither"]["via_ir"] == SETTINGS["viaIR"]


@pytest.mark.parametrize("profile", ["default", "short"])
def test_every_run_is_the_same_run(profile: str) -> None:
    assert re.fullmatch("0x[0-9a-f]+", FOUNDRY["profile"][profile]["fuzz"]["seed"])
    assert FOUNDRY["profile"][profile]["invariant"]["fail_on_revert"] is True


def test_the_page_answers_every_finding_that_slither_may_pass_over() -> None:
    answered = json.loads((ROOT / "contracts" / "slither.answered.json").read_text("utf-8"))
    rows = dict(re.findall(r"(?m)^\| `([a-z-]+)` \| (\d+) \|", ANALYSIS))

    found = [entry["check"] for entry in answered]
    assert {check: str(found.count(check)) for check in found} == rows


def test_the_page_names_every_attack() -> None:
    attacks = {
        name
        for path in (ROOT / "contracts" / "test").glob("*.t.sol")
        for name in re.findall(r"function (test\w*|invariant_\w+)\(", path.read_text("utf-8"))
    }

    assert attacks
    assert {name for name in attacks if f"`{name}`" not in ANALYSIS} == set()


def _optimizer(settings: dict[str, Any]) -> tuple[bool, int]:
    return settings["enabled"], settings["runs"]

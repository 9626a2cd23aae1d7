"""docs/contracts.md tells what stands in the artefacts, and its figures hold within five per cent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contracts import NAMES, load
from tests.contracts.gas import measure

PAGE = (Path(__file__).parents[2] / "docs" / "contracts.md").read_text("utf-8")
ROW = re.compile(r"^\| `([\w.]+)` \| ([^|]*) \| ([\d,]+) \|$", re.MULTILINE)


def test_the_gas_table_is_complete_and_right_within_five_per_cent() -> None:
    told = {(call, case.strip()): int(gas.replace(",", "")) for call, case, gas in ROW.findall(PAGE)}
    measured = {(cost.call, cost.case): cost.gas for cost in measure()}
    assert told.keys() == measured.keys()
    assert {key: gas for key, gas in measured.items() if abs(gas - told[key]) > 0.05 * told[key]} == {}


@pytest.mark.parametrize("name", NAMES)
def test_every_write_is_in_the_gas_table(name: str) -> None:
    by_vote = {"admitMember", "removeMember", "healAdmin", "appointContract", "publishRelease", "setValidators"}
    told = {call.removeprefix(f"{name}.") for call, _, _ in ROW.findall(PAGE)}
    told |= {case.strip() for call, case, _ in ROW.findall(PAGE) if call == "Consortium.execute"}
    writes = {row["name"] for row in load(name).abi if row.get("stateMutability") == "nonpayable" and "name" in row}
    assert writes <= told
    assert by_vote <= told or name != "Consortium"


@pytest.mark.parametrize("name", NAMES)
def test_every_event_error_and_slot_is_on_the_page(name: str) -> None:
    for row in load(name).abi:
        if row["type"] in {"event", "error"}:
            fields = ", ".join(f"{field['type']} {field['name']}" for field in row["inputs"])
            assert f"`{row['name']}({fields})`" in PAGE
    for slot in load(name).storage:
        assert f"| {slot.slot} | `{slot.label}` | `{slot.type}` |" in PAGE

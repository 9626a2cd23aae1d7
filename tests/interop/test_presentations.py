"""Wallets of others present our certificates; a key binding is read, and shows nobody (design: reserved)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ecert.domain import certificate
from ecert.domain.sd_jwt import split
from tests.interop.foreign import JAVASCRIPT, REFERENCE, ask
from tests.interop.parties import anchored, hidden, new_key, ours, trusting, visible
from tests.unit.verifier.build import LI, QUESTION, Issued, found, told
from verifier.findings import Group, Verdict

pytestmark = pytest.mark.interop

KEY = new_key()
# Each implementation has its own way to name what is shown: the location, the first owner's name, the first holder.
SHOWN: list[tuple[str, dict[str, Any]]] = [
    (REFERENCE, {"elements": {"ZL": True, "QLR": [{"CZZT": True}]}, "holders": [True]}),
    (JAVASCRIPT, {"elements": {"ZL": True, "QLR": {"0": {"CZZT": True}}}, "holders": {"0": True}}),
]


@pytest.mark.parametrize(("peer", "shown"), SHOWN, ids=["reference", "javascript"])
def test_what_a_foreign_wallet_selects_of_ours_is_accepted(peer: str, shown: dict[str, Any], tmp_path: Path) -> None:
    whole = ours(KEY)
    presentation = ask(peer, "present", text=whole, shown=shown)
    world = trusting(tmp_path, suite="ES256", spki=KEY.spki)
    (issued,) = world.anchor(Issued(split(whole)))
    parsed = certificate.parse(presentation)

    assert parsed.elements == {"ZL": "吴江区示例路1号", "QLR": [{"CZZT": "李示例"}]}
    assert (parsed.holders, parsed.file) == ((LI,), None)
    assert world.judge(replace(issued, sd_jwt=split(presentation))).verdict is Verdict.ACCEPT


@pytest.mark.parametrize(("peer", "shown"), SHOWN, ids=["reference", "javascript"])
def test_one_that_shows_no_holder_decides_nothing(peer: str, shown: dict[str, Any], tmp_path: Path) -> None:
    whole = ours(KEY)
    presentation = ask(peer, "present", text=whole, shown={"elements": shown["elements"]})
    world = trusting(tmp_path, suite="ES256", spki=KEY.spki)
    (issued,) = world.anchor(Issued(split(whole)))
    judged = world.judge(replace(issued, sd_jwt=split(presentation)))

    assert told(judged, Group.HOLDER) == "ERROR holder.not_disclosed"
    assert judged.verdict is Verdict.CANNOT_DECIDE


def test_a_foreign_key_binding_is_read_and_shows_nobody(tmp_path: Path) -> None:
    phone = new_key()
    issued = ask(
        REFERENCE,
        "issue",
        visible=visible(),
        hidden=hidden(),
        key=KEY.private_pem,
        header=KEY.header,
        holder_key=phone.public_pem,
    )
    shown = {"elements": {"ZL": True}, "holders": [True, True]}
    bound = split(ask(REFERENCE, "present", text=issued, shown=shown, holder_key=phone.private_pem))
    world = trusting(tmp_path, suite="ES256", spki=KEY.spki)
    presented = replace(anchored(world, issued), sd_jwt=bound)
    unnamed = world.judge(presented, question=replace(QUESTION, holder=None))

    assert bound.key_binding is not None
    assert world.judge(presented).verdict is Verdict.ACCEPT
    assert told(unnamed, Group.HOLDER) == "ERROR holder.not_shown"
    assert found(unnamed, Group.HOLDER).evidence["key_binding"] == "reserved"
    assert unnamed.verdict is Verdict.CANNOT_DECIDE

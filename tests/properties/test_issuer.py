"""Properties of issuing: whatever changes are asked in whatever order, home and a ten-line model say the same."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ecert.domain import certificate
from ecert.domain.errors import Conflict, EcertError, Malformed
from ecert.domain.ids import parse_licence_id
from ecert.domain.status import Status
from ecert.runtime.vault import Vault
from issuer import Change, change_many, due, held, issue, issue_many, once, read
from issuer.face import draft
from issuer.store.authorities import StoredAuthority
from issuer.wire import ChangeBody, IssueBody
from ledger.drivers.embedded import open_embedded
from tests.unit.issuer.world import HOUSEHOLD, LI, NOW, USCC, World, build, request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from issuer.grounds import Action

ACTIONS: tuple[Action, ...] = ("revoke", "suspend", "restore")
AFTER = {"revoke": Status.INVALID, "suspend": Status.SUSPENDED, "restore": Status.VALID}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with TemporaryDirectory() as folder:
        ledger = open_embedded(Path(folder) / "chain.sqlite", clock=lambda: NOW)
        built = build(Path(folder), ledger)
        yield built
        built.room.database.close()
        ledger.close()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 9)), max_size=8))
def test_home_says_what_a_model_says(world: World, asked: list[tuple[Action, int]]) -> None:
    name = issue(world.room, request(), now=NOW).licence_id
    model, waiting = Status.VALID, []
    for action, delay in asked:
        allowed = model in (Status.VALID, Status.SUSPENDED) and AFTER[action] != model
        change = Change(name, action, "authority_decision", NOW + delay)
        try:
            change_many(world.room, [change], authority=USCC, now=NOW)
        except Conflict:
            assert not allowed
            continue
        assert allowed
        if delay:
            waiting.append((delay, len(waiting), AFTER[action]))
        else:
            model = AFTER[action]
    due(world.room, NOW + 9)
    for _, _, new in sorted(waiting):
        if model in (Status.VALID, Status.SUSPENDED):
            model = new

    assert read(world.room, name, authority=USCC).status == model


@settings(max_examples=25)
@given(st.lists(st.text(st.characters(categories=("L", "N")), min_size=1, max_size=20), min_size=1, max_size=6))
def test_what_was_issued_is_what_is_held(world: World, names: list[str]) -> None:
    asked = [request(elements={"HZXM": name}) for name in names]
    issued = issue_many(world.room, asked, now=NOW)

    assert [certificate.parse(one.text).elements for one in issued] == [{"HZXM": name} for name in names]
    assert len({one.status for one in issued}) == len(names)
    shown = {one.licence_id: one.sd_jwt for one in held(world.room, region=32, holder=LI.ref, types=[HOUSEHOLD])}
    assert all(shown[one.licence_id] == one.text for one in issued)


@given(st.dictionaries(st.sampled_from(sorted(IssueBody.model_fields)), JSON))
def test_a_body_is_refused_by_its_model_or_by_name(body: dict[str, Any]) -> None:
    try:
        IssueBody.model_validate(body).request(authority=USCC, type_code=HOUSEHOLD)
    except (ValidationError, Malformed):
        return


@given(st.text(), st.text())
def test_a_change_s_time_is_read_or_malformed(reason: str, at: str) -> None:
    try:
        ChangeBody.model_validate({"action": "revoke", "reason": reason, "effective_at": at}).change("x")
    except (ValidationError, Malformed):
        return


@given(st.dictionaries(st.text(max_size=6) | st.sampled_from(["HZXM", "CY", "ZZ"]), JSON, max_size=4), st.text())
def test_a_face_is_drafted_or_refused(elements: dict[str, Any], division: str) -> None:
    home = StoredAuthority(USCC, 32, "3205", "示例机关", "ES256")
    try:
        made = draft(request(elements=elements, division=division), home, licence=LICENCE_ID)
    except EcertError:
        return
    assert made.elements.keys() == elements.keys()


@given(st.text())
def test_an_idempotency_key_is_read_or_malformed(key: str) -> None:
    try:
        once(Vault(bytes(32)), caller="c", key=key, region=32, request=b"")
    except Malformed:
        return
    assert key.isascii()
    assert 0 < len(key) <= 64


LICENCE_ID = parse_licence_id("1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F")

"""The OpenAPI document tells the truth: whatever Schemathesis makes of it is answered as it says, never by a 500.

Requests are made by the document and against it, at a path that leads somewhere and at one that was made up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.journeys.doors import Door, doors_of, hold_answer
from tests.world import World, copied

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from schemathesis import Case
    from schemathesis.schemas import APIOperation

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
NOTHING_AGAINST: dict[GenerationMode, set[str]] = {
    GenerationMode.POSITIVE: set(),
    GenerationMode.NEGATIVE: {
        "GET /api/v1/certificates/{licence_id}",
        "GET /status-lists/{name}",
        "GET /api/v1/chain",
        "GET /api/v1/subscriptions",
        "GET /api/v1/trust-list",
        "GET /healthz",
        "GET /readyz",
        "GET /metrics",
    },
}
"""Where nothing can be made against the document."""

BAD_NAMES = [
    *(
        "0",
        "-1",
        "%00",
        "%20",
        "%FF%FE",
        "%ED%A0%80",
        "%E6%9D%8E%E7%A4%BA%E4%BE%8B",
        "..%2F..%2Fetc",
        "%2e%2e",
        "x" * 4_000,
    ),
    *(
        "1.2.156.3005.2",
        "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.G",
        "{name}",
        "*",
        "a%3Bb",
        "'--",
    ),
]
"""What no rule of the document excludes from a path's text, and is no name of ours."""

Documented = tuple[World, dict[str, Door], dict[str, "APIOperation"]]


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Documented]:
    """One world for all of it: what is refused changes nothing, and what is taken does no harm here."""
    folder = tmp_path_factory.mktemp("documented")
    with copied(template_of(tmp_path_factory), folder / "home") as world:
        card = world.issue(1)
        world.settle()
        doors = {f"{door.method} {door.template}": door for door in doors_of(world, card)}
        found = [each.ok() for each in schemathesis.openapi.from_dict(world.app.openapi()).get_all_operations()]
        yield world, doors, {f"{each.method.upper()} {each.path}": each for each in found}


def template_of(factory: pytest.TempPathFactory) -> Path:
    """Where the one founded world of a run lies."""
    return factory.getbasetemp() / "world"


def test_each_operation_is_a_door(documented: Documented) -> None:
    _world, doors, operations = documented
    assert set(operations) == set(doors)


@pytest.mark.parametrize("mode", MODES, ids=[mode.value for mode in MODES])
def test_every_operation_answers_as_the_document_says(documented: Documented, mode: GenerationMode) -> None:
    world, doors, operations = documented
    tried = {name: _tried(world, doors[name], each, mode) for name, each in operations.items()}
    untried = {name for name, fault in tried.items() if isinstance(fault, Unsatisfiable)}
    wrong = [fault for name, fault in tried.items() if fault and name not in untried]
    if wrong:
        raise ExceptionGroup(f"{len(wrong)} operations differ from the document", wrong)
    assert untried == NOTHING_AGAINST[mode]


@pytest.mark.parametrize("template", ["/api/v1/certificates/{licence_id}", "/status-lists/{name}"])
@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_bad_name_in_a_path_is_answered_as_the_document_says(
    documented: Documented, template: str, name: str
) -> None:
    world, doors, operations = documented
    door, operation = doors[f"GET {template}"], operations[f"GET {template}"]
    answer = world.ask("GET", template.partition("{")[0] + name, key=door.key)

    hold_answer(answer)
    operation.validate_response(answer)


def _tried(world: World, door: Door, operation: APIOperation, mode: GenerationMode) -> Exception | None:
    """Try one operation; a difference waits for the others', and so does one for which no request can be made."""
    try:
        _hold(world, door, operation.as_strategy(generation_mode=mode))
    except (AssertionError, ExceptionGroup, Unsatisfiable) as fault:
        return fault
    return None


def _hold(world: World, door: Door, cases: st.SearchStrategy[Case]) -> None:
    @settings(max_examples=12, suppress_health_check=list(HealthCheck))
    @given(cases, st.booleans())
    def hold(case: Case, leads_somewhere: bool) -> None:  # noqa: FBT001 - hypothesis passes by position
        sent = case.as_transport_kwargs(base_url="http://ecert.example")
        answer = world.ask(
            door.method,
            door.path if leads_somewhere else sent.pop("url"),
            key=door.key,
            once=world.new_name() if door.method == "POST" else None,
            **_request(sent),
        )
        hold_answer(answer, refused=False)
        case.validate_response(answer, checks=CHECKS)

    hold()


def _request(sent: dict[str, Any]) -> dict[str, Any]:
    """Give what httpx takes; a body of any bytes is its content, not a form."""
    taken = {name: sent[name] for name in ("params", "json", "files", "headers") if sent.get(name)}
    body = sent.get("data")
    return taken if body is None else taken | {("content" if isinstance(body, bytes | str) else "data"): body}

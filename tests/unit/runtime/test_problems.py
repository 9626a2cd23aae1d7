from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from ecert.domain.errors import Conflict, EcertError, Malformed, NotAllowed, NotFound, Unavailable, VerificationFailed
from ecert.runtime.logs import JsonLines
from ecert.runtime.problems import problem
from ecert.runtime.web import furnish

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

PERSON = "320599198803070011"


class Named(BaseModel, extra="forbid", strict=True, frozen=True):
    name: str
    rows: list[int] = []


def serving(error: Exception, page: bool = False) -> FastAPI:  # noqa: FBT001, FBT002  # a test's own switch
    app = FastAPI()

    @app.post("/")
    def fail(_named: Named) -> None:
        raise error

    furnish(app, page=(lambda _, found: HTMLResponse(found.body["title"], found.status)) if page else None)
    return app


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Malformed("json.depth", "deeper than 16"), 422),
        (NotAllowed("access.region", "32"), 403),
        (NotAllowed("access.missing"), 401),
        (NotFound("access.key"), 404),
        (Conflict("keys.size"), 409),
        (Unavailable("storage.unavailable"), 503),
    ],
)
def test_each_root_has_one_status(ask: Callable[..., httpx.Response], error: EcertError, status: int) -> None:
    answer = ask(serving(error), "POST", "/", json={"name": "a"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == f"urn:ecert:problem:{error.code}"
    assert (body["code"], body["status"], body["detail"]) == (error.code, status, error.detail)
    assert body["instance"] == f"urn:ecert:request:{answer.headers['x-request-id']}"
    assert body["title"] != body["title_en"]


def test_an_outage_says_when_to_come_back_and_a_stranger_how_to_call() -> None:
    assert problem(Unavailable("storage.unavailable", retry_after=7)).headers == {"Retry-After": "7"}
    assert problem(NotAllowed("access.unknown")).headers == {"WWW-Authenticate": 'Bearer realm="ecert"'}
    assert problem(NotAllowed("access.region")).headers == {}


def test_a_malformed_body_is_told_by_place_and_never_echoed(ask: Callable[..., httpx.Response]) -> None:
    body = {"name": 7, "rows": [1, PERSON], PERSON: 1}
    answer = ask(serving(KeyError()), "POST", "/", json=body)
    assert answer.status_code == 422
    assert answer.json()["code"] == "request.malformed"
    assert answer.json()["errors"] == [
        {"at": "body.name", "type": "string_type"},
        {"at": "body.rows.1", "type": "int_type"},
        {"at": "body", "type": "extra_forbidden"},
    ]
    assert PERSON not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/nowhere", 404, "request.not_found"), ("GET", "/", 405, "request.method")],
)
def test_what_is_not_served_is_a_problem_too(
    ask: Callable[..., httpx.Response], method: str, path: str, status: int, code: str
) -> None:
    answer = ask(serving(KeyError()), method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers.get("allow") == ("POST" if status == 405 else None)


@pytest.mark.parametrize("error", [ValueError(PERSON), VerificationFailed(PERSON)])
def test_a_defect_is_a_500_and_no_value_reaches_answer_or_log(
    ask: Callable[..., httpx.Response], caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = ask(serving(error), "POST", "/", json={"name": PERSON})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal.error")
    lines = [JsonLines().format(record) for record in caplog.records]
    assert PERSON not in answer.text + "".join(lines)
    failed = [line for line in map(json.loads, lines) if line["event"] == "request.failed"]
    assert [line["error"] for line in failed] == [type(error).__name__]
    assert failed[0]["request"] == answer.headers["x-request-id"]
    assert failed[0]["place"] != "?:0"


def test_a_browser_gets_a_page_and_a_machine_a_problem(ask: Callable[..., httpx.Response]) -> None:
    app = serving(Unavailable("storage.unavailable", retry_after=7), page=True)
    page = ask(app, "POST", "/", json={"name": "a"}, headers={"accept": "text/html,*/*"})
    assert (page.status_code, page.headers["retry-after"]) == (503, "7")
    assert page.headers["content-type"].startswith("text/html")
    assert ask(app, "POST", "/", json={"name": "a"}).headers["content-type"] == "application/problem+json"


def test_an_unlisted_code_is_a_defect() -> None:
    with pytest.raises(KeyError):
        problem(Malformed("nobody.listed_this"))

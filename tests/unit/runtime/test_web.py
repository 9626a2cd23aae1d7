from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from fastapi import APIRouter, Body, FastAPI, Request
from fastapi.responses import StreamingResponse

from ecert.runtime.strict_body import StrictRoute, read_json
from ecert.runtime.web import BODY_LIMIT, LARGE_BODY_LIMIT, furnish

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    import httpx

SEEN: list[tuple[str, int]] = []


@pytest.fixture
def app() -> Iterator[FastAPI]:
    app, router = FastAPI(), APIRouter(route_class=StrictRoute)

    @app.post("/small/{name}")
    @app.post("/large/{name}")
    async def count(name: str, request: Request) -> int:
        return len(await request.body()) * len(name)

    @router.post("/strict")
    def strict(body: Annotated[dict[str, int], Body()]) -> dict[str, int]:
        return body

    @app.post("/read")
    async def read(request: Request) -> Any:  # noqa: ANN401  # what JSON gives
        return await read_json(request, depth=2)

    @app.get("/broken")
    def broken() -> StreamingResponse:
        def parts() -> Iterator[bytes]:
            yield b"begun"
            raise ValueError("secret")

        return StreamingResponse(parts())

    app.include_router(router)
    SEEN.clear()
    furnish(app, large=("/large/",), observe=lambda route, status, _seconds: SEEN.append((route, status)))
    yield app
    SEEN.clear()


async def _streamed(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 1024):
        yield bytes(1024)


def test_a_body_within_its_limit_arrives_whole(app: FastAPI, ask: Callable[..., httpx.Response]) -> None:
    assert ask(app, "POST", "/small/a", content=bytes(BODY_LIMIT)).json() == BODY_LIMIT
    assert ask(app, "POST", "/large/a", content=bytes(BODY_LIMIT + 1)).json() == BODY_LIMIT + 1


@pytest.mark.parametrize(("path", "limit"), [("/small/a", BODY_LIMIT), ("/large/a", LARGE_BODY_LIMIT)])
def test_a_body_beyond_its_limit_is_refused_however_it_comes(
    app: FastAPI, ask: Callable[..., httpx.Response], path: str, limit: int
) -> None:
    for content in (bytes(limit + 1), _streamed(limit + 1024)):
        answer = ask(app, "POST", path, content=content)
        assert (answer.status_code, answer.json()["code"]) == (413, "request.too_large")
        assert answer.headers["x-request-id"]


def test_every_answer_is_dressed_and_has_its_own_id(app: FastAPI, ask: Callable[..., httpx.Response]) -> None:
    answers = [ask(app, "POST", "/small/a"), ask(app, "GET", "/nowhere"), ask(app, "POST", "/strict", json=[])]
    assert len({answer.headers["x-request-id"] for answer in answers}) == 3
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "script-src 'self';" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]


def test_the_observer_hears_templates_and_never_paths(app: FastAPI, ask: Callable[..., httpx.Response]) -> None:
    ask(app, "POST", "/small/somebody")
    ask(app, "GET", "/somebody")
    assert SEEN == [("/small/{name}", 200), ("unmatched", 404)]


def test_an_answer_that_breaks_off_says_nothing_of_why(app: FastAPI, ask: Callable[..., httpx.Response]) -> None:
    with pytest.raises(RuntimeError, match="broke off") as caught:
        ask(app, "GET", "/broken")
    assert caught.value.__suppress_context__
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'{"a":1,"a":1}', "json.duplicate_key"),
        (b'{"a":1.0}', "json.float"),
        (b'{"a":', "json.syntax"),
        (b"\xff", "json.syntax"),
        (b'{"a":"x"}', "request.malformed"),
        (b"", "request.malformed"),
    ],
)
def test_a_strict_route_refuses_what_has_two_meanings(
    app: FastAPI, ask: Callable[..., httpx.Response], content: bytes, code: str
) -> None:
    answer = ask(app, "POST", "/strict", content=content, headers={"content-type": "Application/JSON; charset=utf-8"})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert ask(app, "POST", "/strict", json={"a": 1}).json() == {"a": 1}


def test_a_body_is_read_by_its_declared_type(app: FastAPI, ask: Callable[..., httpx.Response]) -> None:
    assert ask(app, "POST", "/read", json=[["a"]]).json() == [["a"]]
    assert ask(app, "POST", "/read", json=[[[]]]).json()["code"] == "json.depth"
    answer = ask(app, "POST", "/read", content=b"[]", headers={"content-type": "text/plain"})
    assert (answer.status_code, answer.json()["code"]) == (415, "request.media_type")


def test_a_server_starts_and_stops_through_the_envelope(app: FastAPI) -> None:
    sent: list[str] = []

    async def live() -> None:
        messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

        async def receive() -> Any:  # noqa: ANN401  # an ASGI message
            return next(messages)

        async def send(message: Any) -> None:  # noqa: ANN401  # an ASGI message
            sent.append(message["type"])

        await app({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send)

    asyncio.run(live())
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]

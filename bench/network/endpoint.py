"""One validator's two doors over the benchmark's own chain, for the driver to follow: uvicorn runs `make`.

It answers what a follower asks and nothing else. The chain is told in stretches of blocks that carry alike: the first
at once, and one more each time that the benchmark posts "grow".
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from itertools import accumulate
from typing import Any, Final

import orjson

from bench.network import state
from bench.network.chain import NUMBER, Chain, grown

__all__ = ["BEGUN", "STRETCHES", "make"]

BEGUN, STRETCHES = "ECERT_BENCH_BEGUN", "ECERT_BENCH_STRETCHES"
"""The genesis time; for each stretch its blocks and how many batches each of them carries, as "500x0,500x1"."""

App = Callable[[Any, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


def make() -> App:
    """Grow the chain and build the application (ASGI)."""
    shape = [tuple(map(int, each.split("x"))) for each in os.environ[STRETCHES].split(",")]
    chain = grown([batches for count, batches in shape for _ in range(count)], begun=int(os.environ[BEGUN]))
    tops = list(accumulate(count for count, _ in shape))

    async def app(scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:  # noqa: ANN401 - ASGI
        if scope["type"] != "http":
            return
        asked = orjson.loads((await _body(receive)) or b"{}")
        if "grow" in asked:
            tops.pop(0)
        answer = (
            [_told(chain, tops[0], each) for each in asked] if isinstance(asked, list) else _told(chain, tops[0], asked)
        )
        body = orjson.dumps(answer)
        length = (b"content-length", b"%d" % len(body))
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": body})

    return app


async def _body(receive: Callable[[], Awaitable[Any]]) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _told(chain: Chain, top: int, asked: dict[str, Any]) -> dict[str, Any]:
    answer = _ANSWERS.get(str(asked.get("method")))
    if answer is None:
        return {"error": {"code": -32601, "message": "no such method"}}
    return {"id": asked["id"], "result": answer(chain, top, asked.get("params", {}))}


def _blocks(chain: Chain, _top: int, params: dict[str, str]) -> dict[str, Any]:
    heights = range(int(params["maxHeight"]), int(params["minHeight"]) - 1, -1)
    return {"block_metas": [{"header": chain.blocks[height - 1].header} for height in heights]}


def _state(chain: Chain, _top: int, params: dict[str, Any]) -> dict[str, Any]:
    return state.proof(chain.blocks[int(params["height"])].before, bytes.fromhex(params["data"]))


_ANSWERS: Final[dict[str, Callable[[Chain, int, Any], Any]]] = {
    "eth_chainId": lambda *_: hex(NUMBER),
    "status": lambda _chain, top, _params: {"sync_info": {"latest_block_height": str(top)}},
    "commit": lambda chain, top, params: chain.commit(int(params.get("height", top))),
    "blockchain": _blocks,
    "block_results": lambda chain, _top, params: chain.results(int(params["height"])),
    "abci_query": _state,
}

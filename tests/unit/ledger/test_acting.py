"""Acting here and through a server: final blocks, refusals, lost answers, races, and servers that are none."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ecert.domain.errors import Conflict, NotAllowed, Unavailable
from ledger import acting as ways
from ledger import motions
from ledger.acting import Acting
from ledger.port import Call
from tests.unit.ledger.founded import Founded, copied, served

FIRST: Final = 4


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[Founded]:
    with copied(tmp_path_factory, tmp_path) as house:
        yield house


def proposal(house: Founded) -> Call:
    action = house.floor.ledger.encode(motions.remove(house.directory, member=33))
    return motions.propose(house.directory, action=action, expires_at=2_000_000_000)


def proposals(house: Founded) -> int:
    house.replica.refresh()
    return len(house.replica.trust.proposals)


class Wrapped:
    """The server's application, but for the requests that `answer` answers after, or instead of, passing them on."""

    def __init__(self, app: ASGIApp, answer: Callable[[str, str], tuple[Response, bool] | None]) -> None:
        self.app = app
        self.answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        told = self.answer(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if told is None:
            await self.app(scope, receive, send)
            return
        response, passed_on = told
        if passed_on:
            await self.app(scope, receive, _nowhere)
        await response(scope, receive, send)


async def _nowhere(_message: object) -> None:
    """Lose an answer on its way."""


@pytest.fixture(params=["here", "through a server"])
def acting(request: pytest.FixtureRequest, house: Founded) -> Iterator[Acting]:
    if request.param == "here":
        yield house.acting_here()
    else:
        with served(house) as url:
            yield house.acting_through(url)


def test_an_act_is_final_and_followed_when_it_is_told(house: Founded, acting: Acting) -> None:
    block = acting.do(proposal(house), account="31-admin")

    assert acting.replica.head.number >= block
    assert acting.replica.trust.proposals[FIRST].region == 31
    (block_of,) = house.floor.ledger.blocks(
        first=block, last=block, contracts={house.directory.consortium: "Consortium"}
    )
    assert [event.name for event in block_of.events] == ["ProposalMade"]


def test_a_refusal_names_the_contracts_error_and_the_next_act_goes_on(house: Founded, acting: Acting) -> None:
    with pytest.raises(NotAllowed, match=r"ledger\.refused: ConsortiumUnknownProposal"):
        acting.do(motions.vote(house.directory, number=99), account="31-admin")
    acting.do(proposal(house), account="31-admin")

    assert proposals(house) == FIRST


def test_a_lost_answer_is_asked_for_again_and_nothing_is_done_twice(house: Founded) -> None:
    lost = []

    def answer(method: str, _path: str) -> tuple[Response, bool] | None:
        if method == "POST" and len(lost) < 2:
            lost.append(method)
            return JSONResponse({"code": "storage.unavailable"}, 503), True
        return None

    with served(house, Wrapped(house.app(), answer)) as url:
        house.acting_through(url).do(proposal(house), account="31-admin")

    assert (len(lost), proposals(house)) == (2, FIRST)


def test_a_server_that_goes_away_meanwhile_is_asked_until_it_is_back(house: Founded) -> None:
    away = []

    def answer(method: str, path: str) -> tuple[Response, bool] | None:
        if method == "GET" and "/transactions/" in path and len(away) < 2:
            away.append(path)
            return JSONResponse({"code": "storage.unavailable"}, 503), False
        return None

    with served(house, Wrapped(house.app(), answer)) as url:
        house.acting_through(url).do(proposal(house), account="31-admin")

    assert proposals(house) == FIRST


def test_who_was_overtaken_signs_anew(house: Founded) -> None:
    house.acting_here().do(proposal(house), account="31-admin")
    used = house.floor.ledger.next_nonce(house.floor.sending.account("31-admin").address) - 1
    stale = [used, used]

    def answer(_method: str, path: str) -> tuple[Response, bool] | None:
        return (JSONResponse({"nonce": stale.pop()}), False) if "/accounts/" in path and stale else None

    with served(house, Wrapped(house.app(), answer)) as url:
        call = motions.vote(house.directory, number=FIRST)
        house.acting_through(url).do(call, account="31-admin")

    assert house.replica.trust.proposals[FIRST].votes == {31}


def test_who_is_always_overtaken_is_told(house: Founded) -> None:
    def answer(_method: str, path: str) -> tuple[Response, bool] | None:
        return (JSONResponse({"nonce": 0}), False) if "/accounts/" in path else None

    with (
        served(house, Wrapped(house.app(), answer)) as url,
        pytest.raises(Conflict, match=r"ledger\.nonce_used"),
    ):
        house.acting_through(url).do(proposal(house), account="31-admin")


def test_a_stranger_is_refused_by_the_server(house: Founded) -> None:
    with served(house) as url, pytest.raises(NotAllowed, match=r"ledger\.not_admin"):
        house.acting_through(url).do(proposal(house), account="35-admin")


def test_no_server_is_told_at_once(house: Founded) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        acting = house.acting_through(f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(Unavailable, match=r"ledger\.server_away: ConnectError"):
            acting.do(proposal(house), account="31-admin")


def test_a_server_that_never_comes_back_ends_the_patience(house: Founded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "_PATIENCE", 0.3)

    def answer(method: str, _path: str) -> tuple[Response, bool] | None:
        return (JSONResponse({}, 503), False) if method == "POST" else None

    with (
        served(house, Wrapped(house.app(), answer)) as url,
        pytest.raises(Unavailable, match=r"ledger\.server_away"),
    ):
        house.acting_through(url).do(proposal(house), account="31-admin")


def test_what_is_not_final_in_time_goes_on_being_sent(house: Founded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "_PATIENCE", 0.3)

    def answer(method: str, path: str) -> tuple[Response, bool] | None:
        never = JSONResponse({"block": None, "error": None})
        return (never, False) if method == "GET" and "/transactions/" in path else None

    with served(house, Wrapped(house.app(), answer)) as url, pytest.raises(Unavailable, match=r"ledger\.unsettled"):
        house.acting_through(url).do(proposal(house), account="31-admin")
    house.settle()

    assert proposals(house) == FIRST


def test_what_is_not_settled_here_is_told(house: Founded) -> None:
    act = ways.act_here(house.floor.sending, lambda: None, house.floor.now)

    with pytest.raises(Unavailable, match=r"ledger\.unsettled"):
        act(proposal(house), "31-admin")


def test_a_replica_that_lags_is_told(house: Founded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "_PATIENCE", 0.3)
    ahead = house.replica.head.number + 1
    acting = Acting(house.directory, house.replica, lambda *_: ahead, house.floor.ledger.encode, house.floor.now)

    with pytest.raises(Unavailable, match=rf"ledger\.unfollowed: final in block {ahead}"):
        acting.do(proposal(house), account="31-admin")


def test_what_is_no_server_of_ours_is_refused(house: Founded) -> None:
    told: list[Response] = []
    with served(house, Wrapped(FastAPI(), lambda *_: (told[-1], False))) as url:
        for response, detail in (
            (PlainTextResponse("hello"), "no JSON"),
            (JSONResponse(["nonce"]), "no object"),
            (JSONResponse({"block": 1}), "no nonce"),
            (JSONResponse({"nonce": "1"}), "no nonce"),
            (JSONResponse({"code": "request.not_found"}, 404), r"404 request\.not_found"),
            (JSONResponse({}, 500), "500"),
        ):
            told.append(response)
            with pytest.raises(Unavailable, match=rf"ledger\.server_refused: .*{detail}"):
                house.acting_through(url).do(proposal(house), account="31-admin")

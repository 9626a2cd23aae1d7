"""`ecert network`: four validators that go on without one, stand without two, refuse strangers and obey a vote."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from eth_hash.auto import keccak

from contracts import load
from ecert.app.cli import main
from ecert.app.network.plan import Plan, read_plan
from ledger.drivers import calls
from tests.network.chain import ADMINS, MEMBERS, Chain, await_that

pytestmark = pytest.mark.network

STRANGER = calls.account(keccak(b"a stranger"))
NOWHERE = b"\x99" * 20


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plan]:
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        patch.setenv("ECERT_HOME", str(home))
        patch.setenv("ECERT_HEARTBEAT", "5")
        founders = [part for admin in ADMINS for part in ("--founder", "0x" + admin.address.hex())]
        assert main(["network", "up", *founders]) == 0
        plan = read_plan(home / "network")
        assert plan is not None
        yield plan
        assert main(["network", "down"]) == 0


@pytest.fixture(scope="module")
def chain(plan: Plan) -> Chain:
    node = plan.nodes[0]
    chain = Chain(node.json_rpc, node.consensus_rpc, plan.chain_id, bytes.fromhex(plan.consortium[2:]))
    chain.found()
    return chain


@pytest.fixture
def heights(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[int | None]]:
    def told() -> list[int | None]:
        capsys.readouterr()
        assert main(["network", "status", "--json"]) == 0
        validators = json.loads(capsys.readouterr().out)["validators"]
        assert all(set(v) == {"region", "up", "height", "hash", "age", "peers"} for v in validators)
        return [validator["height"] for validator in validators]

    return told


def test_what_the_validators_hold_is_the_artefact(chain: Chain) -> None:
    code = chain.result("eth_getCode", "0x" + chain.consortium.hex(), "latest")
    assert code == "0x" + load("Consortium").deployed_bytecode.hex()


def test_a_stranger_can_neither_send_nor_deploy(chain: Chain) -> None:
    for to, payload in ((NOWHERE, b""), (None, bytes.fromhex("60006000f3"))):
        refused = chain.send(STRANGER, to, payload)
        assert isinstance(refused, dict)
        assert "no member lets" in refused["error"]["message"]


def test_one_down_the_chain_goes_on_two_down_it_stands_and_goes_on_after(
    chain: Chain, heights: Callable[[], list[int | None]]
) -> None:
    assert main(["network", "stop", "4", "--hard"]) == 0
    before = heights()
    assert before[3] is None
    chain.do(ADMINS[0], NOWHERE, b"")
    assert main(["network", "stop", "33", "--hard"]) == 0
    await_that(lambda: heights()[2] is None)
    time.sleep(3)  # what was under way ends
    stood = heights()
    sent = chain.send(ADMINS[1], NOWHERE, b"")
    time.sleep(8)
    assert heights()[:2] == stood[:2]
    assert main(["network", "start", "3"]) == main(["network", "start", "4"]) == 0
    assert isinstance(sent, dict)
    await_that(lambda: chain.result("eth_getTransactionReceipt", sent["result"]) is not None)
    await_that(lambda: all(height is not None and height > (stood[0] or 0) for height in heights()))


def test_a_validator_alone_tells_the_newest_state_from_its_start_on(chain: Chain) -> None:
    for number in "1234":
        assert main(["network", "stop", number, "--hard"]) == 0
    assert main(["network", "start", "1"]) == 0  # alone, so no block comes
    await_that(chain.answers)
    told = chain.result("eth_getTransactionCount", "0x" + ADMINS[0].address.hex(), "latest")
    assert int(str(told), 16) > 0
    for number in "234":
        assert main(["network", "start", number]) == 0


@pytest.mark.usefixtures("chain")
def test_a_wiped_validator_comes_back(heights: Callable[[], list[int | None]]) -> None:
    assert main(["network", "wipe", "2"]) == 1  # it runs
    assert main(["network", "stop", "2"]) == main(["network", "wipe", "2"]) == main(["network", "start", "2"]) == 0
    goal = heights()[0] or 0
    await_that(lambda: (heights()[1] or 0) >= goal)


def test_the_members_change_a_validator_by_vote(chain: Chain, plan: Plan) -> None:
    before = chain.validators()
    keys = [bytes.fromhex(node.key) for node in plan.nodes]
    number = chain.propose("setValidators", list(MEMBERS), [*keys[:3], keccak(b"another key of Anhui's")])
    for admin in ADMINS[:3]:
        assert chain.validators() == before
        chain.call(admin, "vote", number)
    chain.call(ADMINS[0], "execute", number)
    await_that(lambda: chain.validators() != before)
    assert len(chain.validators() & before) == len(MEMBERS) - 1
    chain.decide("setValidators", list(MEMBERS), keys)
    await_that(lambda: chain.validators() == before)


def test_without_a_network_nothing_can_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECERT_HOME", str(tmp_path))
    assert main(["network", "status"]) == 1

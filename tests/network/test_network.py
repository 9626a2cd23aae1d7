"""`ecert network`: four validators that go on without one, stand without two, refuse strangers and obey a vote."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from eth_hash.auto import keccak

from contracts import load
from ecert.app.cli import main
from ecert.app.network.plan import Plan, read_plan
from ledger.drivers import calls
from ledger.port import Account, Call

pytestmark = pytest.mark.network

PATIENCE = 60.0
REGIONS = (31, 32, 33, 34)
ADMINS = tuple(calls.account(keccak(f"admin {region}".encode())) for region in REGIONS)
STRANGER = calls.account(keccak(b"a stranger"))
NOWHERE = b"\x99" * 20


class Chain:
    """The network of one test module, driven by the command line and asked over JSON-RPC."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.consortium = bytes.fromhex(plan.consortium[2:])

    def rpc(self, method: str, *params: object) -> object:
        asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return httpx.post(self.plan.nodes[0].json_rpc, json=asked, timeout=5, trust_env=False).json()

    def result(self, method: str, *params: object) -> object:
        answer = self.rpc(method, *params)
        assert isinstance(answer, dict)
        assert "error" not in answer, answer
        return answer["result"]

    def answers(self) -> bool:
        try:
            return bool(self.rpc("eth_chainId"))
        except httpx.HTTPError:
            return False

    def validators(self) -> set[str]:
        told = httpx.get(f"{self.plan.nodes[0].consensus_rpc}/validators", timeout=5, trust_env=False).json()
        return {validator["address"] for validator in told["result"]["validators"]}

    def send(self, sender: Account, to: bytes | None, payload: bytes) -> object:
        nonce = int(str(self.result("eth_getTransactionCount", "0x" + sender.address.hex(), "pending")), 16)
        chain = self.plan.chain_id
        signed = calls.sign(sender, chain_id=chain, nonce=nonce, gas=8_000_000, to=to, payload=payload)
        return self.rpc("eth_sendRawTransaction", "0x" + signed.raw.hex())

    def do(self, sender: Account, to: bytes | None, payload: bytes) -> dict[str, str]:
        sent = self.send(sender, to, payload)
        assert isinstance(sent, dict)
        assert "result" in sent, sent
        receipt: object = None

        def final() -> bool:
            nonlocal receipt
            receipt = self.result("eth_getTransactionReceipt", sent["result"])
            return receipt is not None

        await_that(final)
        assert isinstance(receipt, dict)
        assert receipt["status"] == "0x1", receipt
        return receipt

    def call(self, sender: Account, function: str, *args: object) -> dict[str, str]:
        return self.do(sender, self.consortium, calls.encode_call(Call("Consortium", self.consortium, function, args)))


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        patch.setenv("ECERT_HOME", str(home))
        patch.setenv("ECERT_HEARTBEAT", "5")
        founders = [part for admin in ADMINS for part in ("--founder", "0x" + admin.address.hex())]
        assert main(["network", "up", *founders]) == 0
        plan = read_plan(home / "network")
        assert plan is not None
        chain = Chain(plan)
        names = ["上海", "江苏", "浙江", "安徽"]
        args = (list(REGIONS), names, [admin.address for admin in ADMINS])
        made = chain.do(ADMINS[0], None, calls.encode_deployment("Consortium", args))
        assert made["contractAddress"].lower() == plan.consortium
        yield chain
        assert main(["network", "down"]) == 0


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
    code = chain.result("eth_getCode", chain.plan.consortium, "latest")
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


def test_the_members_change_a_validator_by_vote(chain: Chain) -> None:
    before = chain.validators()
    keys = [bytes.fromhex(node.key) for node in chain.plan.nodes]
    wanted = (list(REGIONS), [*keys[:3], keccak(b"another key of Anhui's")])
    action = calls.encode_call(Call("Consortium", chain.consortium, "setValidators", wanted))
    chain.call(ADMINS[0], "propose", action, 2_000_000_000)
    for admin in ADMINS[:3]:
        assert chain.validators() == before
        chain.call(admin, "vote", 1)
    chain.call(ADMINS[0], "execute", 1)
    await_that(lambda: chain.validators() != before)
    assert len(chain.validators() & before) == len(REGIONS) - 1
    back = calls.encode_call(Call("Consortium", chain.consortium, "setValidators", (list(REGIONS), keys)))
    chain.call(ADMINS[0], "propose", back, 2_000_000_000)
    for admin in ADMINS[:3]:
        chain.call(admin, "vote", 2)
    chain.call(ADMINS[0], "execute", 2)
    await_that(lambda: chain.validators() == before)


@pytest.mark.parametrize(("spoil", "code"), [("genesis", "network.genesis"), ("key", "network.key_twice")])
def test_a_spoilt_home_does_not_start(chain: Chain, capsys: pytest.CaptureFixture[str], spoil: str, code: str) -> None:
    config = chain.plan.home(chain.plan.nodes[1]) / "config"
    path = config / {"genesis": "genesis.json", "key": "priv_validator_key.json"}[spoil]
    kept = path.read_bytes()
    assert main(["network", "stop", "2"]) == 0
    if spoil == "genesis":
        path.write_bytes(kept + b"\n")
    else:
        shutil.copyfile(chain.plan.home(chain.plan.nodes[0]) / "config" / path.name, path)
    capsys.readouterr()
    assert main(["network", "start", "2"]) == 1
    assert code in capsys.readouterr().err
    path.write_bytes(kept)
    assert main(["network", "start", "2"]) == 0


def test_without_a_network_nothing_can_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECERT_HOME", str(tmp_path))
    assert main(["network", "status"]) == 1


def await_that(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)

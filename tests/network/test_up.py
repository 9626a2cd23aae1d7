"""`ecert network up` and `found`: the regions' own consortium, where no key leaves its home and `regions` goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from ecert.app.demo.people import household
from ecert.app.network.plan import DONE, Plan, read_plan
from ecert.app.network.processes import is_up
from ecert.app.regions.plan import FIRST_PORT, free_ports, plan_of, ports_from
from ecert.app.wiring import account, open_house
from ecert.runtime.clock import WallClock
from ecert.runtime.keys import open_keys
from ecert.runtime.settings import load_settings
from issuer import held
from wallet_codes.regions import REGIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ecert.app.wiring import House

pytestmark = pytest.mark.network

COMMAND = "from ecert.app.cli import main; raise SystemExit(main())"
PATIENCE = 600.0
NUMBERS = tuple(region.number for region in REGIONS)
LI = household(32, 1).people["husband"]
IDENTITY_CARD = "11100000000013127D001"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("up") / "var"
    assert "ecert network found" in ran(home, "network", "up")
    assert asked(home, "eth_getCode", network_of(home).consortium, "latest") == "0x"
    ran(home, "network", "found")
    yield home
    ran(home, "network", "down")
    assert running(home) == [False] * 4


def ran(home: Path, *words: str, **more: str) -> str:
    command, env = [sys.executable, "-c", COMMAND, *words], environment(home) | more
    done = subprocess.run(command, env=env, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "ECERT_HOME": str(home), "ECERT_LOG": "warning", "PYTHONUTF8": "1"}


def network_of(home: Path) -> Plan:
    network = read_plan(home / "network")
    assert network is not None
    return network


def running(home: Path) -> list[bool]:
    return [is_up(network_of(home), node) for node in network_of(home).nodes]


@contextmanager
def house_of(home: Path, region: int) -> Iterator[House]:
    network = network_of(home)
    settings = load_settings({"ECERT_HOME": str(home)})
    laid = plan_of(settings, ports_from(FIRST_PORT), chain=network.settings())
    with closing(open_house(laid.settings(region, bytes.fromhex(network.consortium[2:])), WallClock())) as house:
        house.settle()
        yield house


def sent(home: Path) -> list[object]:
    """Count the transactions of each region's admin."""
    return [asked(home, "eth_getTransactionCount", "0x" + admin(home, number).hex(), "latest") for number in NUMBERS]


def asked(home: Path, method: str, *params: object) -> object:
    question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return httpx.post(network_of(home).nodes[0].json_rpc, json=question, timeout=5, trust_env=False).json()["result"]


def admin(home: Path, region: int) -> bytes:
    return account(open_keys(f"file:{home}/regions/{region}/keys").secret(f"chain-{region}-admin")).address


def test_each_region_is_a_member_by_the_key_in_its_own_home(home: Path) -> None:
    with house_of(home, 33) as house:
        trust = house.replica.trust
        assert {number: member.admin for number, member in trust.members.items()} == {
            number: admin(home, number) for number in NUMBERS
        }
        assert {release.name for release in trust.releases} >= {"catalogue", "items"}
        assert house.directory.consortium.hex() == network_of(home).consortium[2:]
    assert all(int(str(count), 16) > 0 for count in sent(home))


def test_no_home_holds_what_another_regions_keys_are(home: Path) -> None:
    names = {number: set(open_keys(f"file:{home}/regions/{number}/keys").names()) for number in NUMBERS}
    for number in NUMBERS:
        assert f"chain-{number}-admin" in names[number]
        foreign = [f"{mark}-{other}-" for other in NUMBERS if other != number for mark in ("chain", "region")]
        assert not [name for name in names[number] if name.startswith(tuple(foreign))]
    secrets = [path.read_bytes() for path in home.glob("regions/*/keys/*.secret")]
    assert len(set(secrets)) == len(secrets)
    for number in NUMBERS:
        left = b"|".join(path.read_bytes() for path in (home / "regions" / str(number)).rglob("*") if path.is_file())
        others = [path.read_bytes() for path in home.glob("regions/*/keys/*") if path.parts[-3] != str(number)]
        assert len(others) > 20
        assert not [secret for secret in others if secret in left]
    assert not (home / "keys").exists()


def test_the_demonstrations_people_hold_anchored_certificates(home: Path) -> None:
    with house_of(home, 32) as house:
        (card, *_) = held(house.issuer, region=32, holder=LI.ref, types=[IDENTITY_CARD])
    assert card.receipt is not None


def test_again_founds_nothing_again(home: Path) -> None:
    before = sent(home)
    told = ran(home, "network", "up")
    assert network_of(home).consortium in ran(home, "network", "found")
    assert network_of(home).founding == DONE
    assert sent(home) == before
    assert all(f"export {name}=" in told for name in ("ECERT_LEDGER", "ECERT_CONSENSUS", "ECERT_GENESIS"))


def test_a_region_can_be_looked_into_as_the_command_says(home: Path) -> None:
    told = ran(home, "network", "found")
    where = home / "regions/31"
    assert f"ECERT_HOME={where} ECERT_REGIONS=31 ecert consortium show" in told
    chain = network_of(home).settings()
    shown = json.loads(ran(where, "consortium", "show", "--json", ECERT_REGIONS="31", **chain))
    assert [member["region"] for member in shown["members"]] == [str(number) for number in NUMBERS]


def test_the_regions_serve_on_it_and_leave_it_running(home: Path) -> None:
    first = min(free_ports().values())
    with (home / "regions.log").open("wb") as log:
        command = [sys.executable, "-c", COMMAND, "regions", "--port", str(first)]
        process = subprocess.Popen(command, env={**environment(home), "ECERT_DEMO": "1"}, stdout=log, stderr=log)
        try:
            await_words(home / "regions.log", "one deployment per region", process)
            for place in range(4):
                told = httpx.get(f"http://127.0.0.1:{first + place}/api/v1/chain", trust_env=False).json()
                assert told["contracts"]["Consortium"] == network_of(home).consortium
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
    for place in range(4):
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://127.0.0.1:{first + place}/healthz", trust_env=False)
    assert running(home) == [True] * 4


def test_a_network_made_for_others_is_no_stay_for_the_regions(tmp_path: Path) -> None:
    home = tmp_path / "var"
    ran(home, "network", "up", "--bare")
    try:
        assert asked(home, "eth_getCode", network_of(home).consortium, "latest") == "0x"
        assert (home / "keys/chain-34-admin.secret").exists()
        for words in (("demo", "--network"), ("network", "found")):
            command = [sys.executable, "-c", COMMAND, *words]
            done = subprocess.run(command, env=environment(home), capture_output=True, check=False)
            assert (done.returncode, b"network.bare" in done.stderr) == (1, True)
    finally:
        ran(home, "network", "down")


def await_words(log: Path, words: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while words not in log.read_text("utf-8"):
        assert process.poll() is None, log.read_text("utf-8")[-2000:]
        assert time.monotonic() < deadline
        time.sleep(0.2)

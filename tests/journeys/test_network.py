"""The main job on the consortium's own network: found, issue, anchor, follow and verify on four live validators."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ecert.app.wiring import open_house
from ecert.domain.holders import HolderRef
from ecert.domain.receipt import Container, format_container
from ecert.runtime.clock import WallClock
from ecert.runtime.keys import open_keys
from ecert.runtime.settings import load_settings
from issuer import held
from ledger.drivers import calls
from tests.databases import environment
from tests.journeys.test_serve import served
from tests.validators import Network, start_network

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.network

IDENTITY_CARD = "11100000000013127D001"
COMMAND = "from ecert.app.cli import main; raise SystemExit(main())"


@dataclass(frozen=True)
class Deployment:
    """One home that stands on the network."""

    home: Path
    network: Network

    @property
    def settings(self) -> dict[str, str]:
        return {**environment(self.home), **self.network.settings}

    def run(self, *arguments: str, **settings: str) -> tuple[int, str, str]:
        env = {**os.environ, **self.settings, **settings, "PYTHONUTF8": "1", "ECERT_LOG": "warning"}
        command = [sys.executable, "-c", COMMAND, *arguments]
        done = subprocess.run(command, env=env, capture_output=True, text=True, encoding="utf-8", check=False)
        return done.returncode, done.stdout, done.stderr

    def demonstrate(self) -> list[dict[str, Any]]:
        code, out, err = self.run("demo", "--json")
        assert code == 0, err[-3000:]
        told: dict[str, Any] = json.loads(out)
        expectations: list[dict[str, Any]] = told["expectations"]
        assert [each for each in expectations if not each["held"]] == []
        return expectations

    def card(self) -> bytes:
        """Read Mr Li's identity card as its holder would carry it."""
        house = open_house(load_settings(self.settings), WallClock())
        try:
            holder = HolderRef("001", "320599198803070011")
            card, *_ = held(house.issuer, region=32, holder=holder, types=[IDENTITY_CARD])
            return format_container(Container(card.sd_jwt, card.receipt))
        finally:
            house.close()


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    root = tmp_path_factory.mktemp("journey")
    home = root / "home"
    home.mkdir(mode=0o700)
    founder = calls.account(open_keys(f"file:{home}/keys").secret("chain-31-admin"))
    network = start_network(root / "validators", [founder.address])
    shutil.copy(network.genesis, home / "genesis.json")
    yield Deployment(home, network)
    network.stop()


def test_the_main_job_goes_on_whoever_of_the_validators_is_up(deployment: Deployment) -> None:
    network = deployment.network
    assert len(deployment.demonstrate()) > 100
    network.kill(0)  # the one that is asked first
    assert len(deployment.demonstrate()) > 100

    paper = deployment.home.parent / "card.json"
    paper.write_bytes(deployment.card())
    verify = ("verify", str(paper), "--holder", "001:320599198803070011", "--json")
    for number in (1, 2, 3):
        network.kill(number)
    code, out, err = deployment.run(*verify)
    assert (code, json.loads(out)["verdict"]) == (0, "accept"), err

    for number in range(4):
        network.start(number)
    network.wait(0, network.height(3) + 1)
    assert len(deployment.demonstrate()) > 100
    assert deployment.run(*verify)[0] == 0


def test_a_command_beside_a_server_acts_through_it(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in deployment.settings.items():
        monkeypatch.setenv(name, value)
    admit = ("admit", "--member", "36", "--name", "江西", "--admin", "0x36c8d9351bfac3596f7e6464e7c7fd614f040fef")
    with served(deployment.home) as url:
        code, _, err = deployment.run("consortium", "propose", "--region", "31", *admit, ECERT_PUBLIC_URL=url)
        metrics = httpx.get(f"{url}/metrics", trust_env=False).text
    assert code == 0, err
    assert "ecert_chain_head" in metrics

"""A validator whose consensus key is kept elsewhere: it signs through the signer that dials in, and holds no key."""

from __future__ import annotations

import json
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from eth_hash.auto import keccak

from ledger.drivers import calls
from tests.network.chain import await_that
from tests.validators import Network, binary, start_network

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.network

ADMIN = calls.account(keccak(b"admin 31"))
ANHUI = 3
KEY, STATE = Path("config/priv_validator_key.json"), Path("data/priv_validator_state.json")
PATIENCE = 30.0


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Four validators; Anhui's key is moved out of its home, into `signer` beside the homes."""
    started = start_network(tmp_path_factory.mktemp("signed") / "validators", [ADMIN.address])
    try:
        started.kill(ANHUI)
        (started.root / "signer").mkdir(mode=0o700)
        for part in (KEY, STATE):
            shutil.move(started.home(ANHUI) / part, started.root / "signer" / part.name)
        config = started.home(ANHUI) / "config/config.toml"
        told = config.read_text("utf-8")
        assert told.count('priv_validator_laddr = ""') == 1
        config.write_text(told.replace('laddr = ""', f'laddr = "tcp://{door(started)}"', 1), "utf-8")
        with signer(started):
            started.start(ANHUI)
            started.wait(ANHUI, started.height(0) + 1)
            await_that(lambda: signs(started))
        yield started
    finally:
        started.stop()


def door(network: Network) -> str:
    return f"127.0.0.1:{network.base + 9}"  # none of the ten ports of a validator has this use


@contextmanager
def signer(network: Network) -> Iterator[None]:
    program = Path(binary()).parent / "testsigner"
    words = [program, "-keys", network.root / "signer", "-node", door(network)]
    process = subprocess.Popen([str(word) for word in words], stderr=subprocess.DEVNULL)
    try:
        yield
        assert process.poll() is None
    finally:
        process.terminate()
        process.wait(PATIENCE)


def signs(network: Network) -> bool:
    """Tell whether Anhui's vote for the newest block is there."""
    kept = json.loads((network.root / "signer" / KEY.name).read_text("utf-8"))
    signatures = network.asked(0, "commit")["signed_header"]["commit"]["signatures"]
    return kept["address"] in {each["validator_address"] for each in signatures}


def test_it_signs_while_the_signer_is_there_and_the_chain_goes_on_without(network: Network) -> None:
    kept, unused = (
        json.loads(path.read_text("utf-8"))["address"]
        for path in (network.root / "signer" / KEY.name, network.home(ANHUI) / KEY)
    )
    assert unused != kept  # the node makes one that stands in nobody's list

    await_that(lambda: not signs(network))
    before = network.height(0)
    network.wait(0, before + 3)
    with signer(network):
        await_that(lambda: signs(network))
        network.wait(ANHUI, network.height(0) + 3)

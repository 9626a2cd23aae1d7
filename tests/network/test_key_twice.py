"""A whole copy of a validator's home signs beside the first: it is named, and the chain goes on."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.network.chain import ADMINS, await_that
from tests.validators import Network, binary, free_base, start_network

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.network

ZHEJIANG, ANHUI = 2, 3
PATIENCE = 60.0
TWICE = "network.key_twice: "


@pytest.fixture
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    root = tmp_path_factory.mktemp("twice") / "validators"
    started = start_network(root, [admin.address for admin in ADMINS])
    try:
        yield started
    finally:
        started.stop()


def test_a_copy_that_one_peer_takes_or_the_first_ends_and_says_why(network: Network, tmp_path: Path) -> None:
    for number in (ZHEJIANG, ANHUI):
        network.kill(number)
    shutil.copytree(network.home(ANHUI), tmp_path / "copy")
    apart(network.home(ANHUI), network, ZHEJIANG)
    apart(network.home(ZHEJIANG), network, ANHUI)
    for number in (0, 1):
        apart(tmp_path / "copy", network, number)
    for number in (ZHEJIANG, ANHUI):
        network.start(number)
    signs(network)
    with running(network, tmp_path) as copy:
        first = network.running[ANHUI]
        await_that(lambda: copy.poll() is not None or first.poll() is not None)
        ended = [log for process, log in ((copy, tmp_path / "log"), (first, network.log(ANHUI))) if process.poll()]
        assert ended
        assert all("another node signs" in said(log) for log in ended)
        network.wait(0, network.height(0) + 5)
        time.sleep(1)
    if network.running[ANHUI].poll() is not None:
        network.running.pop(ANHUI)
        network.start(ANHUI)
    signs(network)


@contextmanager
def running(network: Network, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the copy on ports of its own."""
    base, first = free_base(1, network.base + 100), network.base + 10 * ANHUI
    for file in (folder / "copy/config/config.toml", folder / "copy/config/app.toml"):
        text = file.read_text("utf-8")
        for door in range(5):
            text = text.replace(f"127.0.0.1:{first + door}", f"127.0.0.1:{base + door}")
        file.write_text(text, "utf-8")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([binary(), "start", "--home", str(folder / "copy")], stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait(PATIENCE)


def apart(home: Path, network: Network, number: int) -> None:
    """Have a home not dial a validator."""
    config = home / "config/config.toml"
    peer = rf"[0-9a-f]{{40}}@127\.0\.0\.1:{network.base + 10 * number},?"
    text, done = re.subn(rf'(persistent_peers = "[^"]*){peer}', r"\1", config.read_text("utf-8"))
    assert done == 1
    config.write_text(text.replace(',"\n', '"\n'), "utf-8")


def signs(network: Network) -> None:
    """Wait until Anhui's vote is in a commit of now."""
    own = json.loads((network.home(ANHUI) / "config/priv_validator_key.json").read_text("utf-8"))["address"]
    network.wait(0, network.height(0) + 2)
    await_that(
        lambda: (
            own
            in {
                each["validator_address"]
                for each in network.asked(0, "commit")["signed_header"]["commit"]["signatures"]
            }
        )
    )


def said(log: Path) -> str:
    return "\n".join(line for line in log.read_text("utf-8").splitlines() if TWICE in line)

"""A validator that is given what is wrong, or runs out of room: a named error, one chain, and the others go on.

What an endpoint may do to a deployment stands in tests/unit/ledger (test_network_hostile, test_network_tls): 100 MB, no
end, another host's certificate, another genesis or chain; and clocks in tests/crash/test_clock and test_clocks here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ecert.app.cli import main
from ecert.app.network import processes
from ecert.app.network.plan import Node, Plan, read_plan
from tests.network.chain import ADMINS, await_that
from tests.validators import binary, free_base

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.network

PATIENCE = 30.0
ANHUI = 3


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plan]:
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("spoilt")
        patch.setenv("ECERT_HOME", str(home))
        patch.setenv("ECERT_HEARTBEAT", "1")
        founders = [part for admin in ADMINS for part in ("--founder", "0x" + admin.address.hex())]
        assert main(["network", "up", *founders]) == 0
        plan = read_plan(home / "network")
        assert plan is not None
        yield plan
        assert main(["network", "down"]) == 0


def told(node: Node, what: str) -> Any:  # noqa: ANN401 - JSON of the validator
    return httpx.get(f"{node.consensus_rpc}/{what}", timeout=5, trust_env=False).json()["result"]


def height(node: Node) -> int:
    try:
        return int(told(node, "status")["sync_info"]["latest_block_height"])
    except httpx.HTTPError:
        return 0


def await_blocks(node: Node, more: int = 3) -> int:
    goal = height(node) + more
    await_that(lambda: height(node) >= goal)
    return goal


def hold_one_chain(plan: Plan) -> None:
    """All four have one block at a height that all of them have reached."""
    goal = await_blocks(plan.nodes[0])
    await_that(lambda: all(height(node) >= goal for node in plan.nodes))
    found = [told(node, f"block?height={goal}")["block_id"] for node in plan.nodes]
    assert found == [found[0]] * 4


def another_genesis(_plan: Plan, config: Path) -> None:
    genesis = config / "genesis.json"
    genesis.write_bytes(genesis.read_bytes().replace(b'"genesis_time": "20', b'"genesis_time": "19'))


def another_chain_id(plan: Plan, config: Path) -> None:
    settings = config / "app.toml"
    settings.write_text(settings.read_text("utf-8").replace(f"evm-chain-id = {plan.chain_id}", "evm-chain-id = 1"))


def a_key_twice(plan: Plan, config: Path) -> None:
    key = config / "priv_validator_key.json"
    shutil.copyfile(plan.home(plan.nodes[0]) / "config" / key.name, key)


def a_key_that_others_may_read(_plan: Plan, config: Path) -> None:
    (config / "node_key.json").chmod(0o644)


SPOILT = {
    "network.genesis": another_genesis,
    "network.chain_id": another_chain_id,
    "network.key_twice": a_key_twice,
    "network.key_readable": a_key_that_others_may_read,
}


@pytest.mark.parametrize(("code", "spoil"), SPOILT.items(), ids=SPOILT)
def test_a_spoilt_home_does_not_start_and_the_others_go_on(
    plan: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str], code: str, spoil: Callable[[Plan, Path], None]
) -> None:
    assert main(["network", "stop", "2"]) == 0
    config = plan.home(plan.nodes[1]) / "config"
    shutil.copytree(config, tmp_path / "kept")
    try:
        spoil(plan, config)
        capsys.readouterr()
        assert main(["network", "up"]) in {1, 2}
        assert code in capsys.readouterr().err
        await_blocks(plan.nodes[0])
    finally:
        shutil.rmtree(config)
        shutil.copytree(tmp_path / "kept", config)
    assert main(["network", "start", "2"]) == 0
    hold_one_chain(plan)


def test_a_full_disk_of_one_stops_that_one_alone_and_by_name(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    anhui = plan.nodes[ANHUI]
    data = plan.home(anhui) / "data"
    assert main(["network", "stop", "34"]) == 0
    with small_disk(data):
        assert main(["network", "start", "34"]) == 0
        goal = await_blocks(plan.nodes[0])
        await_that(lambda: height(anhui) >= goal)
        with full(data):
            await_that(lambda: "network.disk" in status(capsys))
            await_blocks(plan.nodes[0], 5)
            main(["network", "stop", "34", "--hard"])
            assert main(["network", "up"]) == 2
            assert "network.disk" in capsys.readouterr().err
        assert main(["network", "up"]) == 0
        hold_one_chain(plan)
        assert "network.disk" not in status(capsys)
        assert main(["network", "stop", "34"]) == 0
    assert main(["network", "start", "34"]) == 0
    hold_one_chain(plan)


def test_a_wrong_clock_is_named_in_the_status(
    plan: Plan, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["network", "stop", "34"]) == 0
    with monkeypatch.context() as patch:
        patch.setattr(processes, "BINARY", binary("10m"))
        patch.setenv("ECERTD_CLOCK", "10m")
        assert main(["network", "start", "34"]) == 0
    await_that(lambda: "network.clock" in status(capsys))
    assert main(["network", "stop", "34"]) == main(["network", "start", "34"]) == 0
    hold_one_chain(plan)
    assert "network.clock" not in status(capsys)


def test_a_second_node_with_one_key_finds_no_peer_beside_the_first(plan: Plan, tmp_path: Path) -> None:
    anhui, base = plan.nodes[ANHUI], free_base(1)
    copy = tmp_path / anhui.name
    shutil.copytree(plan.home(anhui), copy)
    for file in (copy / "config/config.toml", copy / "config/app.toml"):
        text = file.read_text("utf-8")
        for door in range(5):
            text = text.replace(f"127.0.0.1:{anhui.port + door}", f"127.0.0.1:{base + door}")
        file.write_text(text, "utf-8")
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([binary(), "start", "--home", str(copy)], stdout=log, stderr=log)
        try:
            hold_one_chain(plan)
            assert process.poll() is None
            assert told(Node(0, "", base, ""), "net_info")["n_peers"] == "0"
        finally:
            process.terminate()
            process.wait(PATIENCE)
    hold_one_chain(plan)


def status(capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main(["network", "status"]) == 0
    return capsys.readouterr().out


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Have a folder's content on a file system of 32 MB, and back on the old one behind it."""
    aside = folder.with_name("aside")
    folder.rename(aside)
    folder.mkdir(0o700)
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m,mode=700", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"this test mounts a small tmpfs and must be run as root: {done.stderr.strip()}")
    shutil.copytree(aside, folder, dirs_exist_ok=True)
    try:
        yield
        shutil.rmtree(aside)
        shutil.copytree(folder, aside)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()
        aside.rename(folder)


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Leave no byte free."""
    filler = folder / "filler"
    file = os.open(filler, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(file, bytes(4096))
    except OSError:
        os.close(file)
    yield
    filler.unlink()

"""`ecert serve` as a process of its own: it owns the chain, and commands beside it go through it."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import httpx
import orjson
import pytest

from ecert.app.cli import main
from tests.databases import environment
from tests.world import copied

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 120.0
LI = "001:320599198803070011"
SERVE = "from ecert.app.cli import main; raise SystemExit(main())"

Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Typed]:
    """Run a command on the home, in this process; give its code, output and complaints."""
    for name, value in environment(tmp_path / "home").items():
        monkeypatch.setenv(name, value)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def typed(*words: str) -> tuple[int, str, str]:
        capfd.readouterr()
        return main(words), *capfd.readouterr()

    yield typed
    root.handlers[:] = handlers
    root.setLevel(level)


def test_commands_beside_a_server_go_through_it(template: Path, tmp_path: Path, run: Typed) -> None:
    with copied(template, tmp_path / "home") as world:
        card = world.issue(1)
        world.settle()
        (tmp_path / "card").write_bytes(orjson.dumps(world.read(card)["certificate"]))

    with served(tmp_path / "home") as url:
        head = httpx.get(f"{url}/api/v1/chain", trust_env=False).json()["head"]
        shown, members, _ = run("consortium", "show", "--json")
        verified, report, _ = run("verify", str(tmp_path / "card"), "--holder", LI, "--json")
        second, _, complaint = run("serve", "--port", "1")

    assert time.time() - head["time"] < 120
    assert (shown, len(orjson.loads(members)["members"])) == (0, 4)
    assert (verified, orjson.loads(report)["verdict"]) == (0, "accept")
    assert (second, "ledger.locked" in complaint) == (2, True)
    after, _, _ = run("consortium", "show")
    assert after == 0


def test_a_chain_held_by_one_who_does_not_serve_is_told(template: Path, tmp_path: Path, run: Typed) -> None:
    with copied(template, tmp_path / "home"):
        code, told, complaint = run("consortium", "show")

    assert (code, told, "ledger.locked" in complaint) == (2, "", True)


def test_a_port_that_cannot_be_had_is_told_before_anything_is_served(
    template: Path, tmp_path: Path, run: Typed
) -> None:
    with copied(template, tmp_path / "home"):
        pass
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, _, complaint = run("serve", "--port", str(taken.getsockname()[1]))

    assert (code, "gateway.port" in complaint, "serving at" in complaint) == (2, True, False)
    with pytest.raises(SystemExit, match="3"):
        run("serve", "--port", "70000")


@contextlib.contextmanager
def served(home: Path) -> Iterator[str]:
    """Serve on a free loopback port in another process; it is ended by its own id and must end well."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-c", SERVE, "serve", "--port", str(port)]
    variables = {**os.environ, **environment(home), "ECERT_HEARTBEAT": "5"}
    process = subprocess.Popen(words, env=variables, stderr=subprocess.DEVNULL)
    try:
        _wait_for(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        assert process.poll() is None, "the server ended by itself"
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{url}/healthz", trust_env=False).status_code == 200:
                return
        time.sleep(0.1)
    pytest.fail("the server does not answer")

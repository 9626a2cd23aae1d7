"""A live network of validators on loopback, for tests marked `network`: started, stopped and killed by process.

The binary is build/validator/ecertd, which `make validator` builds, or what VALIDATOR_BINARY names.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from ledger.drivers.network import Addresses, open_network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.drivers.permissioned import NetworkLedger

__all__ = ["Network", "start_network"]

BUILT = Path(__file__).parents[1] / "build/validator/ecertd"
_NAMES = ("shanghai", "jiangsu", "zhejiang", "anhui")
_DOORS = 10  # ports from one validator's first to the next one's
_CONSENSUS, _RPC = 1, 3
_PATIENCE = 60


@dataclass
class Network:
    """Validators in one folder; number `n` counts from 0."""

    root: Path
    base: int
    count: int
    running: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def addresses(self) -> Addresses:
        return Addresses(
            [f"http://127.0.0.1:{self.base + _DOORS * n + _RPC}" for n in range(self.count)],
            [f"http://127.0.0.1:{self.base + _DOORS * n + _CONSENSUS}" for n in range(self.count)],
        )

    @property
    def genesis(self) -> Path:
        return self.root / _NAMES[0] / "config/genesis.json"

    def open(self, home: Path, *, silence: float = 3.0) -> NetworkLedger:
        home.mkdir(parents=True, exist_ok=True)
        return open_network(
            self.addresses, genesis=self.genesis, home=home, heartbeat=60, clock=time.time, silence=silence
        )

    def start(self, number: int) -> None:
        with (self.root / f"{_NAMES[number]}.log").open("ab") as log:
            self.running[number] = subprocess.Popen(
                [_binary(), "start", "--home", str(self.root / _NAMES[number]), "--log_no_color"],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )

    def kill(self, number: int, how: int = signal.SIGKILL) -> None:
        process = self.running.pop(number)
        process.send_signal(how)
        process.wait(_PATIENCE)

    def height(self, number: int) -> int:
        url = self.addresses.consensus[number]
        try:
            told = httpx.get(f"{url}/status", timeout=2, trust_env=False).json()
        except httpx.HTTPError:
            return -1
        return int(told["result"]["sync_info"]["latest_block_height"])

    def wait(self, number: int, height: int) -> None:
        deadline = time.monotonic() + _PATIENCE
        while self.height(number) < height:
            assert time.monotonic() < deadline, f"validator {number} did not come to block {height}"
            assert self.running[number].poll() is None, (self.root / f"{_NAMES[number]}.log").read_text()[-2000:]
            time.sleep(0.05)

    def stop(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running.clear()


def start_network(root: Path, founders: Sequence[bytes], *, count: int = 4, block_time: str = "100ms") -> Network:
    """Write the homes of a new chain and start all its validators; `founders` alone may send."""
    network = Network(root, _free_base(count), count)
    shutil.rmtree(root, ignore_errors=True)
    # The first founder's first transaction would make the Consortium that admits senders: an account that nobody has
    # never does, so the founders go on being those who may send.
    listed = ",".join("0x" + address.hex() for address in (b"\x99" * 20, *founders))
    options = {"--out": root, "--founder": listed, "--first-port": network.base, "--commit-wait": block_time}
    options["--heartbeat"] = "1s"
    options["--region"] = ",".join(f"{31 + n}={name}" for n, name in enumerate(_NAMES[:count]))
    told = [str(part) for option in options.items() for part in option]
    subprocess.run([_binary(), "testnet", *told], check=True, capture_output=True)
    for number in range(count):
        network.start(number)
    network.wait(0, 3)
    return network


def _binary() -> str:
    return os.environ.get("VALIDATOR_BINARY", str(BUILT))


def _free_base(count: int) -> int:
    for base in range(20_000, 32_000, _DOORS * count):
        try:
            for port in range(base, base + _DOORS * count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return base
    raise AssertionError("no free ports")

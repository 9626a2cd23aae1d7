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
from typing import TYPE_CHECKING, Any

import httpx

from ledger.drivers.network import Addresses, open_network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.drivers.permissioned import NetworkLedger

__all__ = ["REGIONS", "Network", "binary", "free_base", "start_network"]

BUILT = Path(__file__).parents[1] / "build/validator/ecertd"
REGIONS = {31: "shanghai", 32: "jiangsu", 33: "zhejiang", 34: "anhui"}
_DOORS = 10  # ports from one validator's first to the next one's
_CONSENSUS, _RPC = 1, 3
_PATIENCE = 300
_KEPT = "priv_validator_state.json"


@dataclass
class Network:
    """Validators in one folder; number `n` counts from 0."""

    root: Path
    base: int
    names: tuple[str, ...]
    running: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def addresses(self) -> Addresses:
        return Addresses(
            [f"http://127.0.0.1:{self.base + _DOORS * n + _RPC}" for n in range(len(self.names))],
            [f"http://127.0.0.1:{self.base + _DOORS * n + _CONSENSUS}" for n in range(len(self.names))],
        )

    @property
    def settings(self) -> dict[str, str]:
        """The ECERT_ variables that name these doors."""
        rpc, consensus = (",".join(url[7:] for url in urls) for urls in (self.addresses.rpc, self.addresses.consensus))
        return {"ECERT_LEDGER": f"rpc+http://{rpc}", "ECERT_CONSENSUS": consensus}

    @property
    def genesis(self) -> Path:
        return self.root / self.names[0] / "config/genesis.json"

    def open(self, home: Path, *, silence: float = 3.0) -> NetworkLedger:
        home.mkdir(parents=True, exist_ok=True)
        return open_network(
            self.addresses, genesis=self.genesis, home=home, heartbeat=60, clock=time.time, silence=silence
        )

    def start(self, number: int, *, clock: str = "") -> None:
        """Start a validator; where `clock` is told, such as `-10m`, in the tests' build, its clock wrong by so much."""
        with self.log(number).open("ab") as log:
            self.running[number] = subprocess.Popen(
                [binary(clock), "start", "--home", str(self.home(number)), "--log_no_color"],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "ECERTD_CLOCK": clock},
            )

    def kill(self, number: int, how: int = signal.SIGKILL) -> None:
        process = self.running.pop(number)
        process.send_signal(how)
        process.wait(_PATIENCE)

    def home(self, number: int) -> Path:
        return self.root / self.names[number]

    def log(self, number: int) -> Path:
        return self.root / f"{self.names[number]}.log"

    def asked(self, number: int, what: str) -> Any:  # noqa: ANN401 - JSON of the validator
        """Ask a validator's consensus RPC, such as `block?height=3`."""
        return httpx.get(f"{self.addresses.consensus[number]}/{what}", timeout=2, trust_env=False).json()["result"]

    def wipe(self, number: int) -> None:
        """Lose the disk of one that is down, but for its keys and what it signed last."""
        folder = self.root / self.names[number] / "data"
        for entry in folder.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry.name != _KEPT:
                entry.unlink()

    def height(self, number: int) -> int:
        try:
            return int(self.asked(number, "status")["sync_info"]["latest_block_height"])
        except httpx.HTTPError:
            return -1

    def wait(self, number: int, height: int) -> None:
        deadline = time.monotonic() + _PATIENCE
        while self.height(number) < height:
            assert time.monotonic() < deadline, f"validator {number} did not come to block {height}"
            assert self.running[number].poll() is None, self.log(number).read_text()[-2000:]
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


def start_network(
    root: Path,
    founders: Sequence[bytes],
    *,
    count: int = 4,
    commit_wait: str = "100ms",
    heartbeat: str = "300ms",
    first_port: int = 20_000,
    clock: str = "",
) -> Network:
    """Write the homes of a new chain and start all its validators; the first of `founders` makes the Consortium.

    Unless told, blocks come as fast as they can, empty ones as well, so that no test waits for a heartbeat.
    `clock`, such as `-1h`, is how wrong the clock was by which the genesis file was made.
    """
    network = Network(root, free_base(count, first_port), tuple(REGIONS.values())[:count])
    shutil.rmtree(root, ignore_errors=True)
    options: list[tuple[str, object]] = [
        ("--out", root),
        ("--founder", ",".join("0x" + address.hex() for address in founders)),
        ("--region", ",".join(f"{code}={name}" for code, name in list(REGIONS.items())[:count])),
        ("--first-port", network.base),
        ("--commit-wait", commit_wait),
        ("--heartbeat", heartbeat),
    ]
    told = [str(part) for option in options for part in option]
    environment = {**os.environ, "ECERTD_CLOCK": clock}
    subprocess.run([binary(clock), "testnet", *told], check=True, capture_output=True, env=environment)
    for number in range(count):
        network.start(number)
    network.wait(0, 3)
    return network


def binary(clock: str = "") -> str:
    """Name the validator's program, or where a wrong clock is told the tests' build, which ECERTD_CLOCK makes wrong."""
    built = Path(os.environ.get("VALIDATOR_BINARY", str(BUILT)))
    return str(built.with_name("wrongclock") if clock else built)


def free_base(count: int, first: int = 20_000) -> int:
    for base in range(first, 32_000, _DOORS * count):
        try:
            for port in range(base, base + _DOORS * count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return base
    raise AssertionError("no free ports")

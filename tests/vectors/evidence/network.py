"""A network of four validators on loopback for the vectors: started, asked, changed in its members, stopped."""

from __future__ import annotations

import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from ledger import light
from ledger.drivers import calls
from ledger.port import Account, Call, Outcome, SignedTransaction

if TYPE_CHECKING:
    from pathlib import Path

CHAIN_ID = 310320
GAS = 8_000_000
NAMES = ("shanghai", "jiangsu", "zhejiang", "anhui")


@dataclass
class Network:
    """Four validators under `home`; `founder` (20 bytes) makes the Consortium, which then decides who may act."""

    program: Path
    home: Path
    founder: bytes
    base: int = field(default_factory=lambda: _free_ports(40))
    running: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self) -> None:
        options = {"--out": str(self.home), "--founder": f"0x{self.founder.hex()}", "--heartbeat": "1s"}
        options |= {"--first-port": str(self.base), "--chain-id": str(CHAIN_ID)}
        subprocess.run([self.program, "testnet", *(part for pair in options.items() for part in pair)], check=True)
        for node in range(4):
            self.start_one(node)
        self.reach(3)

    def start_one(self, node: int) -> None:
        with (self.home / f"{NAMES[node]}.log").open("ab") as log:
            command = [self.program, "start", "--home", self.home / NAMES[node], "--log_no_color"]
            self.running[node] = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def stop(self, *nodes: int) -> None:
        for node in nodes or self.running:
            self.running[node].terminate()
        for node in nodes or self.running:
            self.running[node].wait(30)

    @property
    def genesis(self) -> bytes:
        return (self.home / NAMES[0] / "config" / "genesis.json").read_bytes()

    def height(self) -> int:
        return int(self.tell("status")["sync_info"]["latest_block_height"])

    def reach(self, height: int) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            with suppress(httpx.HTTPError):
                if self.height() >= height:
                    return
            time.sleep(0.2)
        raise TimeoutError(str(height))

    def tell(self, method: str, **params: object) -> Any:  # noqa: ANN401 - JSON
        return _ask(f"http://127.0.0.1:{self.base + 1}", method, params)

    def eth(self, method: str, *params: object) -> Any:  # noqa: ANN401 - JSON
        return _ask(f"http://127.0.0.1:{self.base + 3}", method, params)


@dataclass(frozen=True)
class Source:
    """What `collect` asks, answered by the first validator; keeps what it heard."""

    network: Network
    heard: dict[str, Any] = field(default_factory=dict)

    def newest(self) -> int:
        return self.network.height()

    def commit(self, height: int) -> object:
        return self._kept("commit", height=str(height))

    def validators(self, height: int) -> object:
        return self._kept("validators", height=str(height), per_page="100")

    def state(self, *, contract: bytes, slot: int, height: int) -> object:
        return self._kept("abci_query", **light.slot_query(contract=contract, slot=slot, height=height))

    def _kept(self, method: str, **params: object) -> object:
        key = f"{method} {params.get('data', '')} {params['height']}"
        if key not in self.heard:
            self.heard[key] = self.network.tell(method, **params)
        return self.heard[key]


@dataclass(frozen=True)
class Door:
    """As much of a ledger as founding a consortium needs, over one validator that is believed."""

    network: Network

    def next_nonce(self, address: bytes) -> int:
        return int(self.network.eth("eth_getTransactionCount", f"0x{address.hex()}", "latest"), 16)

    def prepare(self, call: Call, account: Account, *, nonce: int) -> SignedTransaction:
        return self._signed(account, nonce, call.address, calls.encode_call(call))

    def prepare_deployment(
        self, contract: str, args: tuple[object, ...], account: Account, *, nonce: int
    ) -> SignedTransaction:
        return self._signed(account, nonce, None, calls.encode_deployment(contract, args))

    def _signed(self, account: Account, nonce: int, to: bytes | None, payload: bytes) -> SignedTransaction:
        return calls.sign(account, chain_id=CHAIN_ID, nonce=nonce, gas=GAS, to=to, payload=payload)

    def submit(self, transaction: SignedTransaction) -> None:
        self.network.eth("eth_sendRawTransaction", f"0x{transaction.raw.hex()}")
        deadline = time.monotonic() + 60
        while self.outcome(transaction.hash) is None:
            if time.monotonic() > deadline:
                raise TimeoutError(transaction.hash.hex())
            time.sleep(0.1)

    def outcome(self, transaction_hash: bytes) -> Outcome | None:
        told = self.network.eth("eth_getTransactionReceipt", f"0x{transaction_hash.hex()}")
        if told is None:
            return None
        created = bytes.fromhex(told["contractAddress"][2:]) if told.get("contractAddress") else None
        return Outcome(int(told["blockNumber"], 16), 0, 0, told["status"] == "0x1", None, created)


def _ask(url: str, method: str, params: object) -> Any:  # noqa: ANN401 - JSON
    question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    told = httpx.post(url, json=question, timeout=20, trust_env=False).json()
    if "error" in told:
        raise RuntimeError(f"{method}: {told['error']}")
    return told["result"]


def _free_ports(count: int) -> int:
    for base in range(29_000, 60_000, count):
        with suppress(OSError):
            for port in range(base, base + count):
                with socket.socket() as tried:
                    tried.bind(("127.0.0.1", port))
            return base
    raise RuntimeError("no ports")

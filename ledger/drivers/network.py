"""Opening the consortium's network: addresses, genesis, what was trusted last, and whether it is the chain meant.

What is trusted is the genesis file that this deployment's operator was handed, and what was verified from it on;
`light.json` in the home carries that over a restart. No endpoint is asked who the validators are.
"""

from __future__ import annotations

import hashlib
import os
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import orjson

from ecert.domain.errors import Conflict, EcertError, Malformed, Unavailable
from ledger import light
from ledger.drivers import views
from ledger.drivers.permissioned import NetworkLedger
from ledger.drivers.proven import Block, Proven
from ledger.drivers.results import NO_RESULTS
from ledger.drivers.validators import Endpoint, Validators
from ledger.drivers.wire import SILENCE, Wire, tls_of
from ledger.drivers.witness import consensus
from ledger.port import ChainIdentity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ledger.light import LightBlock

__all__ = ["Addresses", "open_network"]

_WATCH: Final = 10.0
_KEEP_EACH: Final = 100
_GRACE: Final = 10


@dataclass(frozen=True, slots=True)
class Addresses:
    """The validators' doors, in one order, as URLs; `tls` is the folder of this client's certificate, if any."""

    rpc: Sequence[str]
    consensus: Sequence[str]
    tls: Path | None = None

    def endpoints(self, *, silence: float) -> tuple[Endpoint, ...]:
        """Make the endpoints; Malformed("ledger.addresses") where one of a pair is missing."""
        if len(self.rpc) != len(self.consensus) or len({*self.rpc, *self.consensus}) < 2 * len(self.rpc):
            raise Malformed("ledger.addresses", "each JSON-RPC needs its own validator's consensus RPC beside it")
        is_plain = all(url.startswith("http:") for url in (*self.rpc, *self.consensus))
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if is_plain else tls_of(self.tls)

        def wire(url: str) -> Wire:
            return Wire(url, tls=tls, silence=silence)

        pairs = zip(self.rpc, self.consensus, strict=True)
        return tuple(Endpoint(rpc.partition("://")[2], wire(rpc), wire(consensus)) for rpc, consensus in pairs)


def open_network(
    addresses: Addresses,
    *,
    genesis: Path,
    home: Path,
    heartbeat: int,
    clock: Callable[[], float],
    silence: float = SILENCE,
) -> NetworkLedger:
    """Open the chain that `genesis` begins; `heartbeat` and `silence` in seconds, `clock` gives Unix seconds.

    Malformed "ledger.addresses", "ledger.tls_files" or "ledger.genesis_file"; Conflict("ledger.genesis") where what was
    trusted last belongs to another genesis; Unavailable("ledger.*") where no validator answers for this chain.
    """
    content = _read(genesis)
    digest, first = hashlib.sha256(content).digest(), _first(content)
    kept = _Kept(home / "light.json", digest)
    trusted, chain_id = kept.load() or (first, None)
    validators = Validators(addresses.endpoints(silence=silence), clock=time.monotonic)
    try:
        if chain_id is None:
            validators.first(lambda endpoint: _admit(endpoint, first, clock))
            chain_id = validators.agreed(views.chain_id)
        kept.chain_id = chain_id
        proven = Proven(
            validators,
            Block(0, digest, bytes(32), first.time, has_transactions=False, app_hash=b"", results_hash=NO_RESULTS),
            newest=trusted,
            now=clock,
            stale=heartbeat + _GRACE,
            on_advance=kept.note,
        )
        proven.trust(first)
        watch = _Watch(validators, chain_id)
    except BaseException:
        validators.close()
        raise

    def leave() -> None:
        watch.stop()
        kept.store()

    return NetworkLedger(ChainIdentity(chain_id, digest), validators, proven, on_close=leave)


def _read(genesis: Path) -> bytes:
    try:
        return genesis.read_bytes()
    except OSError as fault:
        raise Malformed("ledger.genesis_file", f"{genesis}: {fault.strerror}") from fault


def _first(content: bytes) -> LightBlock:
    try:
        first = light.begin(content)
    except Unavailable as fault:
        raise Malformed("ledger.genesis_file", fault.detail) from fault
    if first.height != 0:
        raise Malformed("ledger.genesis_file", "the chain must begin with block 1")
    return first


def _admit(endpoint: Endpoint, first: LightBlock, clock: Callable[[], float]) -> None:
    """Hold an endpoint's first block against the genesis file."""
    answer = consensus(endpoint, "commit", height="1")
    try:
        block = light.verify(first, answer, now=clock())
    except Unavailable as fault:
        if fault.code in {"light.clock", "light.changes"}:
            raise
        raise Unavailable("ledger.genesis", f"{endpoint.name}: {fault}") from fault
    if block.time != first.time + 1:
        raise Unavailable("ledger.genesis", f"{endpoint.name}: its first block has another time than the genesis file")


class _Kept:
    """The newest trusted block in a file, written now and then and at the end: an older one is as good, only slower."""

    def __init__(self, path: Path, genesis: bytes) -> None:
        self._path = path
        self._genesis = genesis.hex()
        self._newest: LightBlock | None = None
        self._written = 0
        self.chain_id = 0

    def load(self) -> tuple[LightBlock, int] | None:
        try:
            told = orjson.loads(self._path.read_bytes())
            genesis, chain_id, block = told["genesis"], int(told["chain_id"]), told["trusted"].encode()
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
            raise Conflict("ledger.light_state", f"{self._path}: {type(fault).__name__}") from fault
        if genesis != self._genesis:
            raise Conflict("ledger.genesis", f"{self._path} was trusted from another genesis file")
        return light.parse_block(block), chain_id

    def note(self, newest: LightBlock) -> None:
        self._newest = newest
        if newest.height - self._written >= _KEEP_EACH:
            self.store()

    def store(self) -> None:
        if self._newest is None:
            return
        block = light.format_block(self._newest).decode()
        content = orjson.dumps({"genesis": self._genesis, "chain_id": self.chain_id, "trusted": block})
        with suppress(OSError):  # a full disk costs the way from an older block, not the chain
            beside = self._path.with_suffix(f".{os.getpid()}.new")  # a home's processes keep one file, each by itself
            with beside.open("wb") as file:
                file.write(content)
                os.fsync(file.fileno())  # or a power cut could leave an empty file under the name
            os.replace(beside, self._path)  # noqa: PTH105 - one durable step
        self._written = self._newest.height


class _Watch:
    """Asks every validator now and then, so that an operator sees each one, not only the one in use."""

    def __init__(self, validators: Validators, chain_id: int) -> None:
        self._validators = validators
        self._chain_id = chain_id
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ledger-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(_WATCH):
            with suppress(EcertError):
                self._validators.each(self._look)

    def _look(self, endpoint: Endpoint) -> None:
        told = consensus(endpoint, "status")
        try:
            endpoint.block = int(told["sync_info"]["latest_block_height"])
        except (LookupError, TypeError, ValueError) as fault:
            raise Unavailable("ledger.answer_form", "status: no height") from fault
        if views.chain_id(endpoint) != self._chain_id:
            raise Unavailable("ledger.other_network", endpoint.name)

"""Four endpoints over one signed chain, opened by the real driver; tests bend the endpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ledger.drivers.network import Addresses, open_network
from ledger.drivers.permissioned import NetworkLedger
from ledger.drivers.validators import Validators
from tests.hostile_endpoint import Endpoint, ToldChain, Transaction, grant
from tests.signed_chain import BEGUN

MEMBERS = (0, 1, 2, 3)
NOW = BEGUN + 20.0


def some_chain(**changes: object) -> ToldChain:
    """Twelve blocks: grants in 3 and 5, two transactions in 8 of which the second is refused."""
    transactions: dict[int, list[Transaction]] = {
        3: [grant(0, b"\x01" * 20)],
        5: [grant(1, b"\x02" * 20)],
        8: [grant(2, b"\x03" * 20), grant(3, None)],
    }
    given: dict[str, object] = {"sets": {1: MEMBERS}, "transactions": transactions} | changes
    return ToldChain(**given)  # type: ignore[arg-type] # the fields by name


@dataclass
class Net:
    """The endpoints that are up, over the chain that the genesis file in `home` begins."""

    home: Path
    chain: ToldChain
    endpoints: list[Endpoint] = field(default_factory=list)
    _asking: list[Validators] = field(default_factory=list)

    def add(self, count: int = 1, chain: ToldChain | None = None) -> list[Endpoint]:
        added = [Endpoint(chain or self.chain) for _ in range(count)]
        self.endpoints += added
        return added

    def open(
        self,
        endpoints: Sequence[Endpoint] | None = None,
        *,
        now: float = NOW,
        silence: float = 3.0,
        tls: Path | None = None,
    ) -> NetworkLedger:
        asked = self.endpoints if endpoints is None else endpoints
        addresses = Addresses([f"{each.url}/rpc" for each in asked], [f"{each.url}/consensus" for each in asked], tls)
        return open_network(
            addresses, genesis=self.genesis, home=self.home, heartbeat=60, clock=lambda: now, silence=silence
        )

    def validators(self, clock: Callable[[], float]) -> Validators:
        """The endpoints as the driver asks them, by a clock of the test's own."""
        addresses = Addresses([f"{e.url}/rpc" for e in self.endpoints], [f"{e.url}/consensus" for e in self.endpoints])
        self._asking.append(Validators(addresses.endpoints(silence=3), clock))
        return self._asking[-1]

    def close(self) -> None:
        for asking in self._asking:
            asking.close()
        for endpoint in self.endpoints:
            endpoint.close()

    @property
    def genesis(self) -> Path:
        path = self.home / "genesis.json"
        path.write_bytes(self.chain.genesis)
        return path


@contextmanager
def network(home: Path, chain: ToldChain | None = None) -> Iterator[Net]:
    net = Net(home, chain or some_chain())
    try:
        yield net
    finally:
        net.close()

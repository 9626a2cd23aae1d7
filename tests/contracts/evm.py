"""A chain in memory that runs one transaction a block and can go back: what the contract tests stand on.

py-evm's Cancun virtual machine over an in-memory database; every block's header is made here, so block
numbers and times are the test's own. Zero gas price, as on the consortium's chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eth.chains.base import MiningChain
from eth.consensus.noproof import NoProofConsensus
from eth.db.atomic import AtomicDB
from eth.vm.forks.cancun import CancunVM
from eth.vm.spoof import SpoofTransaction
from eth_abi import decode, encode
from eth_keys import keys
from eth_utils import keccak

from contracts import NAMES, load

if TYPE_CHECKING:
    from eth.abc import BlockHeaderAPI, VirtualMachineAPI

GAS_LIMIT = 30_000_000
START = 1_800_000_000
CHAIN_ID = 313_233_34
NOBODY = b"\0" * 20


@dataclass(frozen=True, slots=True)
class Account:
    key: keys.PrivateKey

    @classmethod
    def named(cls, name: str) -> Account:
        return cls(keys.PrivateKey(keccak(text=name)))

    @property
    def address(self) -> bytes:
        return self.key.public_key.to_canonical_address()


@dataclass(frozen=True, slots=True)
class Contract:
    name: str
    address: bytes


@dataclass(frozen=True, slots=True)
class Event:
    """One log: `data` is the whole event, `values` its fields by name."""

    contract: bytes
    name: str
    topics: tuple[bytes, ...]
    data: bytes
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Receipt:
    gas: int
    events: tuple[Event, ...]
    created: bytes
    block: int
    time: int


class Reverted(Exception):
    """A call that the contract refused: the custom error's name and its fields."""

    def __init__(self, name: str, values: tuple[Any, ...]) -> None:
        super().__init__(f"{name}{values}")
        self.name = name
        self.values = values


class Chain:
    """`block` and `time` are those of the next transaction."""

    def __init__(self) -> None:
        family = MiningChain.configure(
            vm_configuration=((0, CancunVM),), chain_id=CHAIN_ID, consensus_context_class=NoProofConsensus
        )
        params = {"difficulty": 0, "gas_limit": GAS_LIMIT, "timestamp": START, "base_fee_per_gas": 0}
        self._chain = family.from_genesis(AtomicDB(), params)
        self._root = self._chain.header.state_root
        self.block = 1
        self.time = START + 1
        self.events: list[Event] = []

    def snapshot(self) -> tuple[bytes, int, int, int]:
        return self._root, self.block, self.time, len(self.events)

    def revert(self, snapshot: tuple[bytes, int, int, int]) -> None:
        self._root, self.block, self.time, kept = snapshot
        del self.events[kept:]

    def deploy(self, sender: Account, name: str, *arguments: object) -> tuple[Contract, Receipt]:
        artifact = load(name)
        constructor = [entry for entry in artifact.abi if entry["type"] == "constructor"]
        receipt = self._transact(sender, b"", artifact.bytecode + _encode(constructor[0]["inputs"], arguments))
        return Contract(name, receipt.created), receipt

    def send(self, sender: Account, contract: Contract, function: str, *arguments: object) -> Receipt:
        return self._transact(sender, contract.address, calldata(contract.name, function, *arguments))

    def ask(self, contract: Contract, function: str, *arguments: object) -> Any:  # noqa: ANN401 - the ABI decides
        output = self._ask(contract.address, calldata(contract.name, function, *arguments))
        values = decode([_type(row) for row in _entry(contract.name, function)["outputs"]], output)
        return values[0] if len(values) == 1 else values

    def storage(self, contract: Contract, slot: int) -> int:
        return int(self._machine().state.get_storage(contract.address, slot))

    def code(self, contract: Contract) -> bytes:
        return bytes(self._machine().state.get_code(contract.address))

    def _header(self) -> BlockHeaderAPI:
        return self._chain.header.copy(
            block_number=self.block, timestamp=self.time, state_root=self._root, gas_limit=GAS_LIMIT
        )

    def _machine(self) -> VirtualMachineAPI:
        return self._chain.get_vm(self._header())

    def _transact(self, sender: Account, to: bytes, payload: bytes) -> Receipt:
        vm = self._machine()
        unsigned = vm.create_unsigned_transaction(
            nonce=vm.state.get_nonce(sender.address), gas_price=0, gas=GAS_LIMIT, to=to, value=0, data=payload
        )
        receipt, computation = vm.apply_transaction(
            vm.get_header(), unsigned.as_signed_transaction(sender.key, CHAIN_ID)
        )
        if computation.is_error:
            raise _refusal(computation.output)
        vm.state.persist()
        self._root = vm.state.state_root
        events = tuple(_event(log.address, log.topics, log.data) for log in receipt.logs)
        self.events.extend(events)
        made = Receipt(receipt.gas_used, events, computation.msg.storage_address, self.block, self.time)
        self.block, self.time = self.block + 1, self.time + 1
        return made

    def _ask(self, to: bytes, payload: bytes) -> bytes:
        vm = self._machine()
        call = vm.create_unsigned_transaction(nonce=0, gas_price=0, gas=GAS_LIMIT, to=to, value=0, data=payload)
        snapshot = vm.state.snapshot()
        computation = vm.state.costless_execute_transaction(SpoofTransaction(call, from_=NOBODY))
        vm.state.revert(snapshot)
        if computation.is_error:
            raise _refusal(computation.output)
        return bytes(computation.output)


def calldata(name: str, function: str, *arguments: object) -> bytes:
    entry = _entry(name, function)
    return keccak(text=_signature(entry))[:4] + _encode(entry["inputs"], arguments)


def _entry(name: str, function: str) -> dict[str, Any]:
    return next(row for row in load(name).abi if row["type"] == "function" and row["name"] == function)


def _type(row: dict[str, Any]) -> str:
    if not row["type"].startswith("tuple"):
        return str(row["type"])
    fields = ",".join(_type(part) for part in row["components"])
    return f"({fields}){row['type'].removeprefix('tuple')}"


def _signature(entry: dict[str, Any]) -> str:
    return f"{entry['name']}({','.join(_type(row) for row in entry['inputs'])})"


def _encode(inputs: list[dict[str, Any]], arguments: tuple[object, ...]) -> bytes:
    return encode([_type(row) for row in inputs], arguments)


def _event(contract: bytes, topics: tuple[int, ...], data: bytes) -> Event:
    digests = tuple(topic.to_bytes(32, "big") for topic in topics)
    entry = _EVENTS[digests[0]]
    values = decode([_type(row) for row in entry["inputs"]], data)
    names = [row["name"] for row in entry["inputs"]]
    return Event(contract, entry["name"], digests, data, dict(zip(names, values, strict=True)))


def _refusal(output: bytes) -> Reverted:
    entry = _ERRORS.get(output[:4])
    if entry is None:
        return Reverted("Unnamed", (output,))
    return Reverted(entry["name"], decode([_type(row) for row in entry["inputs"]], output[4:]))


_ABI = [row for name in NAMES for row in load(name).abi]
_EVENTS = {keccak(text=_signature(row)): row for row in _ABI if row["type"] == "event"}
_ERRORS = {keccak(text=_signature(row))[:4]: row for row in _ABI if row["type"] == "error"}

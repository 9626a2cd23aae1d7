"""The ledger port: what every chain behind ecert promises (docs/decisions/0004-chain.md).

A driver speaks to one chain on which the four contracts stand. It holds no queue and no key: `ledger.sending`
keeps the queue of signed transactions and sends the *same bytes* until they are final, so a driver may forget
whatever it was sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ecert.runtime.metrics import Registry

__all__ = [
    "Account",
    "Call",
    "ChainIdentity",
    "Event",
    "FinalBlock",
    "HasMetrics",
    "HasValidators",
    "Head",
    "Ledger",
    "Outcome",
    "SignedTransaction",
    "Validator",
]


@dataclass(frozen=True, slots=True)
class ChainIdentity:
    """Which chain this is: its number and the hash of its first block (32 bytes)."""

    chain_id: int
    genesis: bytes


@dataclass(frozen=True, slots=True)
class Account:
    """An account that sends transactions: 20-byte address and 32-byte secp256k1 secret."""

    address: bytes
    secret: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function: `contract` names the artefact, `address` is 20 bytes, `args` are ABI values."""

    contract: str
    address: bytes
    function: str
    args: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """The bytes to send, again and again if need be, and their hash (32 bytes)."""

    raw: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a final transaction. `error` is the contract's own error name where it refused."""

    block: int
    time: int
    index: int
    succeeded: bool
    error: str | None = None
    created: bytes | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The newest final block: number, hash (32 bytes) and Unix seconds."""

    number: int
    hash: bytes
    time: int


@dataclass(frozen=True, slots=True)
class Event:
    """One log of a contract: `topic` and `payload` as emitted, and decoded by the ABI (bytesN as bytes)."""

    address: bytes
    contract: str
    name: str
    args: Mapping[str, object]
    topic: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class FinalBlock:
    """A final block with the logs of the contracts asked for, in order."""

    number: int
    hash: bytes
    parent: bytes
    time: int
    events: tuple[Event, ...]


class Ledger(Protocol):
    """What the house needs of a chain. Any method may raise Unavailable("ledger.unavailable")."""

    def identity(self) -> ChainIdentity:
        """Say which chain this is; never changes."""

    def prepare(self, call: Call, account: Account, *, nonce: int) -> SignedTransaction:
        """Sign a call. The chain is not asked whether it would succeed: it may depend on others still queued.

        The same arguments give the same bytes. Malformed("ledger.call") when they do not fit the artefact.
        """

    def prepare_deployment(
        self, contract: str, args: tuple[object, ...], account: Account, *, nonce: int
    ) -> SignedTransaction:
        """Sign the creation of the contract that the artefact `contract` names."""

    def encode(self, call: Call) -> bytes:
        """ABI-encode a call, as a proposal carries it; no I/O."""

    def submit(self, transaction: SignedTransaction) -> None:
        """Hand the bytes to the chain. The same bytes again are no error, also when they are final already.

        A nonce ahead of the account's waits for those before it. Conflict("ledger.nonce_used") when another
        transaction has the nonce, Malformed("ledger.transaction") when the bytes are none of this chain's.
        """

    def signer_of(self, transaction: SignedTransaction) -> tuple[bytes, int]:
        """Recover who signed a transaction (20 bytes) and with which nonce; no I/O. Malformed("ledger.transaction")."""

    def outcome(self, transaction_hash: bytes) -> Outcome | None:
        """Tell what became of a transaction, once it is final; None until then. Never changes afterwards."""

    def next_nonce(self, address: bytes) -> int:
        """Count the account's final transactions: the nonce that the chain expects next."""

    def head(self) -> Head:
        """Return the newest final block. Never goes back; its time never falls (two may share a second)."""

    def blocks(self, *, first: int, last: int, contracts: Mapping[bytes, str]) -> Iterator[FinalBlock]:
        """Yield final blocks first..last in order, each whole, with the logs of `contracts` (by address).

        NotFound("ledger.no_block") beyond the head. A log that the artefact does not know has an empty name.
        """

    def ask(self, call: Call, *, block: int | None = None) -> tuple[object, ...]:
        """Answer a view from the state after `block` (default: the head).

        NotAllowed("ledger.refused") when it reverts; NotFound("ledger.no_contract" or "ledger.no_block").
        """

    def slot(self, address: bytes, slot: int, *, block: int) -> bytes:
        """Read one 32-byte storage slot after `block` (the running event hash stands in slots 0 and 1)."""

    def close(self) -> None:
        """Give up what is held (locks, threads, connections)."""


@dataclass(frozen=True, slots=True)
class Validator:
    """One validator as a driver last heard of it: whether it answers, and its newest block (None: never heard of)."""

    name: str
    is_up: bool
    block: int | None


@runtime_checkable
class HasValidators(Protocol):
    """What a driver of a network offers beside `Ledger`, for whoever operates: the validators, without asking any."""

    def validators(self) -> tuple[Validator, ...]:
        """Tell what was last heard of each validator that the driver knows; from memory, quick, from any thread."""


@runtime_checkable
class HasMetrics(Protocol):
    """What a driver offers beside `Ledger` where it counts something of its own."""

    def measure(self, registry: Registry) -> None:
        """Put its metrics into a registry, once; their names begin with `ecert_chain_`."""

"""The ledger of the consortium's own network: four validators, asked over JSON-RPC and believed only by proof.

docs/decisions/0014-endpoints.md says what is proven and what is not. Head, blocks, logs, outcomes and slots are proven
from the validators' signatures, so any one endpoint serves; views and nonces are not, so two must answer alike. The
validators' mempool is not durable: the sender's queue hands the same bytes in again, and every four seconds they go to
another validator.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from ecert.domain.errors import Conflict, Malformed, NotAllowed, NotFound
from ledger.drivers import calls, views
from ledger.drivers.evm import parse_transaction
from ledger.drivers.gas import BLOCK_GAS, call_gas, deployment_gas
from ledger.drivers.outcomes import Outcomes
from ledger.drivers.postbox import Postbox
from ledger.drivers.witness import Witness
from ledger.port import Account, Call, ChainIdentity, Event, FinalBlock, Head, Outcome, SignedTransaction, Validator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from eth.abc import SignedTransactionAPI

    from ecert.runtime.metrics import Registry
    from ledger.drivers.proven import Proven
    from ledger.drivers.results import Log
    from ledger.drivers.validators import Validators

__all__ = ["NetworkLedger"]

T = TypeVar("T")
_STRETCH: Final = 100
_NOBODY: Final = bytes(20)


class NetworkLedger:
    """The `Ledger` port over the consortium's validators; any thread may call. Opened by `network.open_network`."""

    def __init__(
        self, identity: ChainIdentity, validators: Validators, proven: Proven, *, on_close: Callable[[], object]
    ) -> None:
        """Take over what `open_network` has opened."""
        self._identity = identity
        self._validators = validators
        self._proven = proven
        self._postbox = Postbox(validators)
        self._outcomes = Outcomes(validators, proven, identity.chain_id, self._postbox.raw_of)
        self._nonces: dict[bytes, tuple[int, int]] = {}
        self._on_close = on_close

    def identity(self) -> ChainIdentity:
        """Say which chain this is: the number for signatures, and the genesis file's SHA-256."""
        return self._identity

    def prepare(self, call: Call, account: Account, *, nonce: int) -> SignedTransaction:
        """Sign a call with a gas limit that its function and arguments alone decide."""
        payload = calls.encode_call(call)
        gas, chain_id = call_gas(call.function, payload), self._identity.chain_id
        return calls.sign(account, chain_id=chain_id, nonce=nonce, gas=gas, to=call.address, payload=payload)

    def prepare_deployment(
        self, contract: str, args: tuple[object, ...], account: Account, *, nonce: int
    ) -> SignedTransaction:
        """Sign the creation of a contract."""
        payload = calls.encode_deployment(contract, args)
        gas, chain_id = deployment_gas(payload), self._identity.chain_id
        return calls.sign(account, chain_id=chain_id, nonce=nonce, gas=gas, to=None, payload=payload)

    def encode(self, call: Call) -> bytes:
        """Encode by the artefact's ABI."""
        return calls.encode_call(call)

    def submit(self, transaction: SignedTransaction) -> None:
        """Hand the bytes to a validator, and after four seconds to the next."""
        if self._postbox.is_fresh(transaction.hash):
            return
        parsed = self._parsed(transaction)
        if parsed.nonce < self.next_nonce(bytes(parsed.sender)):
            if self._outcomes.look_everywhere(transaction.hash) is None:
                raise Conflict("ledger.nonce_used", f"another transaction is final at nonce {parsed.nonce}")
            return
        self._postbox.send(transaction)

    def signer_of(self, transaction: SignedTransaction) -> tuple[bytes, int]:
        """Recover the sender from the signature."""
        parsed = self._parsed(transaction)
        return bytes(parsed.sender), parsed.nonce

    def outcome(self, transaction_hash: bytes) -> Outcome | None:
        """Tell what the proven results of its block say of a transaction."""
        self._proven.refresh()
        return self._outcomes.find(transaction_hash)

    def next_nonce(self, address: bytes) -> int:
        """Count the account's transactions up to the head, as two validators do alike."""
        head = self.head().number
        block, nonce = self._nonces.get(address, (-1, 0))
        if block != head:
            nonce = self._validators.agreed(lambda endpoint: views.next_nonce(endpoint, address, block=head))
            self._nonces[address] = (head, nonce)
        return nonce

    def head(self) -> Head:
        """Return the newest block that is verified and whose state is sealed."""
        self._proven.refresh()
        block = self._proven.head()
        return Head(block.number, block.hash, block.time)

    def blocks(self, *, first: int, last: int, contracts: Mapping[bytes, str]) -> Iterator[FinalBlock]:
        """Read verified headers and proven logs; NotFound("ledger.no_block") beyond the head."""
        if last > self.head().number:
            raise NotFound("ledger.no_block", str(last))
        for begin in range(first, last + 1, _STRETCH):
            end = min(begin + _STRETCH - 1, last)
            found = self._proven.span(begin, min(end + 1, self._proven.newest.height))
            self._proven.bring(range(max(begin, 1), end + 1))
            for block in found[: end - begin + 1]:
                events = tuple(self._events(block.number, contracts))
                yield FinalBlock(block.number, block.hash, block.parent, block.time, events)

    def ask(self, call: Call, *, block: int | None = None) -> tuple[object, ...]:
        """Take what two validators answer alike about the state after one block; nothing proves a view."""
        head = self.head().number
        if block is not None and not 0 <= block <= head:
            raise NotFound("ledger.no_block", str(block))
        return calls.decode_result(call, self._viewed(call, block=head if block is None else block))

    def slot(self, address: bytes, slot: int, *, block: int) -> bytes:
        """Read a slot with its proof."""
        if not 0 <= block <= self.head().number:
            raise NotFound("ledger.no_block", str(block))
        return self._proven.slot(address, slot, block=block)

    def validators(self) -> tuple[Validator, ...]:
        """Tell what was last heard of each validator."""
        return self._validators.seen()

    def witness(self, question: Callable[[Witness], T]) -> T:
        """Put a question to one validator after another until what one answers holds."""
        return self._validators.first(lambda endpoint: question(Witness(endpoint)))

    def measure(self, registry: Registry) -> None:
        """Let an operator watch: requests by result, failovers, who is left out, what was sent and sent again."""
        validators, postbox = self._validators, self._postbox
        registry.keep("ecert_chain_requests_total", "Questions to validators, by result.", validators.requests)
        registry.keep("ecert_chain_failovers_total", "Times that another validator came first.", validators.changes)
        registry.keep("ecert_chain_sent_total", "Transactions sent for the first time.", postbox.sent)
        registry.keep("ecert_chain_sent_again_total", "Transactions sent again, to another validator.", postbox.again)
        left_out = registry.gauge("ecert_chain_left_out", "1 for a validator's endpoint that lied.")
        for each in validators.endpoints:
            left_out.read(partial(_is_among, each.name, validators), validator=each.name)
        head = registry.gauge("ecert_chain_head", "The newest block whose commit is verified.")
        head.read(lambda: float(self._proven.newest.height))

    def close(self) -> None:
        """Keep the trusted block and give the connections up."""
        self._on_close()
        self._validators.close()

    def _parsed(self, transaction: SignedTransaction) -> SignedTransactionAPI:
        parsed = parse_transaction(transaction.raw, chain_id=self._identity.chain_id, gas=BLOCK_GAS)
        if parsed.hash != transaction.hash:
            raise Malformed("ledger.transaction", "the hash is another transaction's")
        return parsed

    def _viewed(self, call: Call, *, block: int) -> bytes:
        payload, to, agreed = calls.encode_call(call), call.address, self._validators.agreed
        found = agreed(lambda endpoint: views.view(endpoint, to, payload, sender=_NOBODY, block=block))
        if found.has_reverted:
            raise NotAllowed("ledger.refused", calls.error_name(found.output))
        if not found.output and not agreed(lambda endpoint: views.has_code(endpoint, to, block=block)):
            raise NotFound("ledger.no_contract", to.hex())
        return found.output

    def _events(self, number: int, contracts: Mapping[bytes, str]) -> Iterator[Event]:
        for log in self._logs(number):
            contract = contracts.get(log.address)
            if contract is not None:
                yield calls.decode_event(contract, log.address, log.topics, log.payload)

    def _logs(self, number: int) -> Iterator[Log]:
        for result in self._proven.results(number) if number else ():
            yield from result.logs


def _is_among(name: str, validators: Validators) -> float:
    return float(name in validators.left_out())

"""The rules of the embedded chain: py-evm with Cancun instructions, no fees, and one maker of blocks.

Fees stay at zero by arithmetic, not by changed rules: EIP-1559 raises the base fee when a block uses more
than half of its limit, and `append` never fills more than that half.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from eth.chains.base import Chain
from eth.constants import CREATE_CONTRACT_ADDRESS, ZERO_ADDRESS
from eth.exceptions import CanonicalHeadNotFound, HeaderNotFound, PyEVMError, Revert
from eth.vm.forks.cancun import CancunVM
from eth_typing import Address, BlockNumber
from eth_utils.exceptions import ValidationError
from rlp.exceptions import RLPException

from ecert.domain.errors import Malformed, NotAllowed, NotFound
from ecert.runtime.logs import log, place_of
from ledger.drivers.calls import error_name
from ledger.port import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eth.abc import BlockHeaderAPI, ComputationAPI, ReceiptAPI, SignedTransactionAPI, VirtualMachineAPI

    from ledger.drivers.blockstore import BlockStore

__all__ = ["CHAIN_ID", "TRANSACTION_GAS", "Evm", "parse_transaction"]

# py-evm raises the limit to 100,000, where the C stack ends first: a stranger's deep JSON would end the process.
# Our contracts call one another three deep, some forty frames.
sys.setrecursionlimit(3_000)

CHAIN_ID = 31_323_334
TRANSACTION_GAS = 100_000_000
_BLOCK_GAS = 2_000_000_000
_FILLED = _BLOCK_GAS // 2 - TRANSACTION_GAS
_VM = CancunVM


class _Chain(Chain):
    chain_id = CHAIN_ID
    vm_configuration: tuple[tuple[BlockNumber, type[VirtualMachineAPI]], ...] = ((BlockNumber(0), _VM),)


def parse_transaction(raw: bytes, *, chain_id: int = CHAIN_ID, gas: int = TRANSACTION_GAS) -> SignedTransactionAPI:
    """Decode a transaction that a chain can run; Malformed("ledger.transaction") for any other bytes.

    It is signed for that chain, costs and moves nothing, has no blobs and keeps within `gas`.
    """
    try:
        transaction = _VM.get_transaction_builder().decode(raw)
        transaction.validate()
        runs = (
            transaction.chain_id == chain_id
            and transaction.type_id != 3  # noqa: PLR2004 - EIP-4844's number for blobs, which cost a fee
            and transaction.value == 0
            and transaction.max_fee_per_gas == 0
            and transaction.gas <= gas
        )
    except (ValidationError, PyEVMError, RLPException, ValueError, TypeError, IndexError) as fault:
        raise Malformed("ledger.transaction", type(fault).__name__) from fault
    if not runs:
        raise Malformed("ledger.transaction", "not a transaction of this chain")
    return transaction


class Evm:
    """The chain in a store: append a block, read any block, ask any state. No lock and no clock here."""

    def __init__(self, store: BlockStore, *, time: int, extra: bytes) -> None:
        """Open the chain; an empty store gets a first block at `time` (seconds) with `extra` (32 bytes)."""
        self._store = store
        self._chain = _open_chain(store, time, extra)
        self.genesis: BlockHeaderAPI = self.header(0)

    def newest(self) -> BlockHeaderAPI:
        """Return the header of the last durable block."""
        return self._chain.chaindb.get_canonical_head()

    def header(self, number: int) -> BlockHeaderAPI:
        """Return a block's header; NotFound("ledger.no_block")."""
        try:
            return self._chain.chaindb.get_canonical_block_header_by_number(BlockNumber(number))
        except (HeaderNotFound, ValidationError):
            raise NotFound("ledger.no_block", str(number)) from None

    def append(
        self, parent: BlockHeaderAPI, transactions: Sequence[SignedTransactionAPI], *, time: int
    ) -> tuple[BlockHeaderAPI, int]:
        """Make the block after `parent` durable; return its header and how many transactions had a turn."""
        with self._store.atomic_batch():
            header = _VM.create_header_from_parent(parent, gas_limit=_BLOCK_GAS, timestamp=time)
            vm = self._chain.get_vm(header)
            included: list[SignedTransactionAPI] = []
            receipts: list[ReceiptAPI] = []
            turns = 0
            for transaction in transactions:
                if header.gas_used > _FILLED:
                    break
                turns += 1
                try:
                    receipt, computation = vm.apply_transaction(header, transaction)
                except ValidationError as fault:  # `parse_transaction` let it through; it may not stop the others
                    log("chain.forgotten", level=logging.ERROR, error=type(fault).__name__, place=place_of(fault))
                    continue
                header = vm.add_receipt_to_header(header, receipt)
                outcome = _outcome(transaction, computation, header, index=len(included))
                self._store.settle(transaction.hash, outcome)
                included.append(transaction)
                receipts.append(receipt)
            filled = vm.set_block_transactions_and_withdrawals(vm.get_block(), header, included, receipts)
            block = vm.mine_block(filled).block
            self._chain.chaindb.persist_block(block)
        return block.header, turns

    def receipts(self, header: BlockHeaderAPI) -> Sequence[ReceiptAPI]:
        """Return the receipts of a block in order."""
        return self._chain.chaindb.get_receipts(header, _VM.get_receipt_builder())

    def nonce(self, header: BlockHeaderAPI, address: bytes) -> int:
        """Count an account's transactions up to a block."""
        return self._chain.get_vm(header).state.get_nonce(Address(address))

    def slot(self, header: BlockHeaderAPI, address: bytes, slot: int) -> int:
        """Read a storage slot after a block."""
        return self._chain.get_vm(header).state.get_storage(Address(address), slot)

    def run(self, header: BlockHeaderAPI, to: bytes, payload: bytes) -> bytes:
        """Run a call on the state after a block, changing nothing; NotAllowed("ledger.refused")."""
        vm = self._chain.get_vm(header)
        code = vm.state.get_code(Address(to))
        if not code:
            raise NotFound("ledger.no_contract", to.hex())
        computation = vm.execute_bytecode(
            origin=ZERO_ADDRESS,
            gas_price=0,
            gas=TRANSACTION_GAS,
            to=Address(to),
            sender=ZERO_ADDRESS,
            value=0,
            data=payload,
            code=code,
        )
        if computation.is_error:
            raise NotAllowed("ledger.refused", _refusal(computation))
        return computation.output


def _open_chain(store: BlockStore, time: int, extra: bytes) -> _Chain:
    try:
        chain = _Chain(store)
        chain.get_canonical_head()
    except CanonicalHeadNotFound:
        with store.atomic_batch():
            _Chain.from_genesis(
                store,
                {
                    "difficulty": 0,
                    "gas_limit": _BLOCK_GAS,
                    "timestamp": time,
                    "extra_data": extra,
                    "base_fee_per_gas": 0,
                },
            )
        chain = _Chain(store)
    return chain


def _outcome(
    transaction: SignedTransactionAPI, computation: ComputationAPI, header: BlockHeaderAPI, *, index: int
) -> Outcome:
    created = None
    if transaction.to == CREATE_CONTRACT_ADDRESS and computation.is_success:
        created = bytes(computation.msg.storage_address)
    error = _refusal(computation) if computation.is_error else None
    return Outcome(header.block_number, header.timestamp, index, computation.is_success, error, created)


def _refusal(computation: ComputationAPI) -> str:
    """Name a contract's own error, or py-evm's word for what else ended the run (OutOfGas and its kind)."""
    fault = computation.error
    return error_name(computation.output) if isinstance(fault, Revert) else type(fault).__name__

"""The network's blocks as its validators signed them: every header here is verified, whoever handed it over.

The newest block is verified by its commit (`ledger.light`), those before it by their hashes. The head is the newest
block after which the state is sealed: the header of the block after it carries that state's hash. A block without
transactions changes no contract, so where the newest block is one, its own header seals it and it is the head at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ecert.domain.errors import NotFound, Unavailable
from ledger import light
from ledger.drivers.results import NO_RESULTS, Result, prove_results
from ledger.drivers.validators import PATIENCE, Behind, Endpoint, Validators
from ledger.drivers.wire import Refusal
from ledger.drivers.witness import Witness, consensus, height_of
from ledger.evidence.checker import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.evidence.checker import Header
    from ledger.light import LightBlock

__all__ = ["Block", "Proven"]

WINDOW: Final = 1000
"""A head this much newer than the one before is taken without the blocks between; they are read when asked for."""
_PAGE: Final = 20
_AT_ONCE: Final = 10
"""Questions in one request: CometBFT's own limit, unless its operator sets another."""
_TOO_MUCH: Final = ("ledger.answer_large", "ledger.answer_slow")
_KEPT: Final = 4096
_CHECKPOINTS: Final = 256
_POLL: Final = 0.2
_TURN: Final = 3.0


@dataclass(frozen=True, slots=True)
class Block:
    """A verified block. `app_hash` and `results_hash` are of what the block *before* it did."""

    number: int
    hash: bytes
    parent: bytes
    time: int
    has_transactions: bool
    app_hash: bytes
    results_hash: bytes


@dataclass(slots=True)
class Proven:
    """The verified chain; `genesis` is block 0, which the genesis file stands for, `now` gives Unix seconds."""

    validators: Validators
    genesis: Block
    newest: LightBlock
    now: Callable[[], float]
    stale: float
    on_advance: Callable[[LightBlock], object]
    _blocks: dict[int, Block] = field(default_factory=dict)
    _results: dict[int, tuple[Result, ...]] = field(default_factory=dict)
    _checkpoints: dict[int, LightBlock] = field(default_factory=dict)
    _polled: float = 0.0
    _turned: float = 0.0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def refresh(self) -> None:
        """Take in what is new; Unavailable where no validator answers and nothing is known yet."""
        with self._lock:
            clock = self.validators.clock()
            if self._polled and clock - self._polled < _POLL:
                return
            before = self.newest
            self._take(self.validators.first(self._newer))
            self._polled = clock
            if self.newest is before and self.now() - before.time > self.stale and clock - self._turned > _TURN:
                self._turned = clock
                self.validators.turn()

    def trust(self, block: LightBlock) -> None:
        """Begin from a block that something else vouches for: the genesis file."""
        self._checkpoints[block.height] = block
        self._checkpoints[self.newest.height] = self.newest

    def head(self) -> Block:
        """Return the newest block whose state is sealed."""
        with self._lock:
            newest = self.block(self.newest.height)
            is_sealed = not newest.has_transactions and newest.number > 1
            return newest if is_sealed or newest.number == 0 else self.block(newest.number - 1)

    def block(self, number: int) -> Block:
        """Return one block; NotFound("ledger.no_block") beyond the newest."""
        return self.span(number, number)[0]

    def span(self, first: int, last: int) -> list[Block]:
        """Return blocks first..last, at most a few hundred."""
        with self._lock:
            if not 0 <= first <= last <= self.newest.height:
                raise NotFound("ledger.no_block", str(last))
            wanted = range(first, last + 1)
            if any(n not in self._blocks for n in wanted if n):
                self._read(max(first, 1), last)
            found = [self._blocks[n] if n else self.genesis for n in wanted]
            self._forget()
            return found

    def results(self, number: int) -> tuple[Result, ...]:
        """Return what the transactions of a block up to the head did, proven and complete."""
        with self._lock:
            self.bring([number])
            return self._results[number] if self.block(number).has_transactions else ()

    def bring(self, numbers: Sequence[int]) -> None:
        """Have the results of several blocks up to the head at hand, asked for several at once."""
        with self._lock:
            wanted = [n for n in numbers if n not in self._results and self.block(n).has_transactions]
            for begin in range(0, len(wanted), _AT_ONCE):
                some = wanted[begin : begin + _AT_ONCE]
                sealed = {n: self.block(n + 1).results_hash for n in some}
                self._results.update(self.validators.first(partial(_proven, sealed=sealed), tries=PATIENCE))
                while len(self._results) > WINDOW:
                    del self._results[next(iter(self._results))]

    def slot(self, address: bytes, slot: int, *, block: int) -> bytes:
        """Read a storage slot after a block up to the head, proven; 32 bytes."""
        if block == 0:
            return bytes(32)
        height, sealed = self._sealed(block)

        def proven(endpoint: Endpoint) -> bytes:
            told = Witness(endpoint).state(contract=address, slot=slot, height=height)
            return light.prove_slot(sealed, told, contract=address, slot=slot)

        return self.validators.first(proven, tries=PATIENCE)

    def _sealed(self, number: int) -> tuple[int, LightBlock]:
        """Return at which height to ask for the state after a block, and the header that seals it."""
        with self._lock:
            last = number == self.newest.height
            sealing = self.block(number if last else number + 1)
            return sealing.number - 1, replace(self.newest, height=sealing.number, app_hash=sealing.app_hash)

    def _newer(self, endpoint: Endpoint) -> tuple[LightBlock, list[tuple[Header, Any]]]:
        """Read an endpoint's newest block and verify it, with the headers from the one known to it."""
        answer = consensus(endpoint, "commit")
        height = height_of(answer)
        endpoint.block = height
        if height < self.newest.height:
            raise Behind
        if height == self.newest.height:
            return self.newest, []
        source = Witness(endpoint, {height: answer})
        newest = light.advance(self.newest, source, height=height, now=self.now())
        first = self.newest.height + 1 if height - self.newest.height <= WINDOW else height
        return newest, self._linked(endpoint, newest, first)

    def _take(self, found: tuple[LightBlock, list[tuple[Header, Any]]]) -> None:
        newest, headers = found
        if newest is self.newest:
            return
        self._keep(headers)
        self._checkpoint(newest)
        self.newest = newest
        self.on_advance(newest)

    def _read(self, first: int, last: int) -> None:
        """Bring headers first..last into memory: by their hashes from a block after them whose commit is verified."""

        def question(endpoint: Endpoint) -> tuple[LightBlock, list[tuple[Header, Any]]]:
            anchor = self.newest
            if last < anchor.height:
                trusted = max((c for c in self._checkpoints.values() if c.height <= last), key=lambda c: c.height)
                anchor = light.advance(trusted, Witness(endpoint), height=last, now=self.now())
            return anchor, self._linked(endpoint, anchor, first)

        anchor, headers = self.validators.first(question, tries=PATIENCE)
        self._keep(headers)
        self._checkpoint(anchor)

    def _linked(self, endpoint: Endpoint, anchor: LightBlock, first: int) -> list[tuple[Header, Any]]:
        """Read headers from `first` to the anchor backwards, several pages at once."""
        found: list[tuple[Header, Any]] = []
        while anchor.height >= first:
            tops = list(range(anchor.height, first - 1, -_PAGE))[:_AT_ONCE]
            pages = [(max(first, top - _PAGE + 1), top) for top in tops]
            asked = [{"minHeight": str(low), "maxHeight": str(top)} for low, top in pages]
            for (low, top), told in zip(pages, _several(endpoint, "blockchain", asked), strict=True):
                page = [meta["header"] for meta in reversed(_metas(told, top - low + 1))]
                headers = light.link(anchor, page)
                found = [*zip(headers, page, strict=True), *found]
                anchor = replace(anchor, height=low - 1, hash=light.parent_of(headers[0]))
        known = self.newest if self.newest.height == first - 1 else self._blocks.get(first - 1)
        if known is not None and anchor.hash != known.hash:
            raise Refused("light.unlinked", f"block {first} does not continue the one known before it")
        return found

    def _keep(self, headers: Sequence[tuple[Header, Any]]) -> None:
        for header, told in headers:
            parent = light.parent_of(header) or self.genesis.hash
            self._blocks[header.height] = Block(
                header.height,
                header.hash,
                parent,
                header.time,
                bytes.fromhex(told["data_hash"]) != NO_RESULTS,
                header.app_hash,
                bytes.fromhex(told["last_results_hash"]),
            )

    def _checkpoint(self, block: LightBlock) -> None:
        self._checkpoints[block.height] = block
        if len(self._checkpoints) > _CHECKPOINTS:
            middle = sorted(self._checkpoints)[1:-1:2]  # the first, which the genesis file told, is never dropped
            for height in middle:
                del self._checkpoints[height]

    def _forget(self) -> None:
        if len(self._blocks) > _KEPT:
            floor = self.newest.height - WINDOW
            for number in [n for n in self._blocks if n < floor][: len(self._blocks) - _KEPT // 2]:
                del self._blocks[number]


def _several(endpoint: Endpoint, method: str, asked: Sequence[dict[str, str]]) -> list[Any]:
    """Ask several things in one request; one by one where the validator takes no more, or is not to be had whole."""
    if len(asked) > 1:
        try:
            return endpoint.tell_each(method, asked)
        except Refusal:
            pass
        except Unavailable as fault:
            if fault.code not in _TOO_MUCH:
                raise
    return [consensus(endpoint, method, **each) for each in asked]


def _proven(endpoint: Endpoint, *, sealed: dict[int, bytes]) -> dict[int, tuple[Result, ...]]:
    """Read the results of blocks against the hashes in the headers after them."""
    told = _several(endpoint, "block_results", [{"height": str(number)} for number in sealed])
    pairs = zip(sealed.items(), told, strict=True)
    return {number: prove_results(each, results_hash=digest) for (number, digest), each in pairs}


def _metas(told: object, count: int) -> list[Any]:
    match told:
        case {"block_metas": list(metas)} if len(metas) == count and all(isinstance(m, dict) for m in metas):
            if all("header" in meta for meta in metas):
                return metas
            raise Unavailable("ledger.answer_form", "blockchain: a block without a header")
        case _:
            raise Behind

"""Each step of following alone, in memory: microseconds of processor time a block, against one bare signature."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from time import thread_time
from typing import Final

from bench.network import state
from bench.network.chain import NUMBER, Chain, grown
from bench.timing import Row, row, scaled
from ecert.domain import ids
from ledger import light
from ledger.drivers import calls, results
from ledger.evidence.checker import Validator
from ledger.light import LightBlock
from ledger.port import ChainIdentity, FinalBlock, Head
from ledger.replica import ReplicaWriter

__all__ = ["measure"]

_BLOCKS: Final = 5_000
_FIRST: Final = 10
_PAGE: Final = 20
_BEGUN: Final = 1_800_000_000
_NOW: Final = 2_000_000_000


def measure(folder: Path) -> list[Row]:
    """Verify commits, link headers, prove results and slots, decode events, write the replica."""
    chain = grown([1] * (_FIRST + scaled(_BLOCKS) // _PAGE * _PAGE + _PAGE), begun=_BEGUN)
    heights = range(_FIRST, len(chain.blocks))
    bare = ("bare Ed25519 verify", _each(_bare(chain, h) for h in heights))
    taken = {
        "a commit of four signatures, verified": _commits(chain, heights),
        "a header, read, hashed and linked": _headers(chain),
        "a block's results, proven": _results(chain, heights),
        "a slot, proven": _slots(chain, heights),
        "an event decoded, and written into the replica": _written(chain, heights, folder),
    }
    return [row(bare[0], bare[1], "µs"), *(row(name, us, "µs", yardstick=bare) for name, us in taken.items())]


def _each(acts: Iterable[Callable[[], object]]) -> float:
    """Give the median microseconds of acts, each once."""
    taken = []
    for act in acts:
        begun = thread_time()
        act()
        taken.append(thread_time() - begun)
    return median(taken) * 1e6


def _bare(chain: Chain, height: int) -> Callable[[], object]:
    message, key = height.to_bytes(100, "big"), chain.keys[0]
    public, signature = key.public_key(), key.sign(message)
    return lambda: public.verify(signature, message)


def _commits(chain: Chain, heights: range) -> float:
    trusted = light.begin(chain.genesis)
    taken = []
    for height in heights:
        answer = chain.commit(height)
        begun = thread_time()
        trusted = light.verify(trusted, answer, now=_NOW)
        taken.append(thread_time() - begun)
    return median(taken) * 1e6


def _headers(chain: Chain) -> float:
    def page(last: int) -> Callable[[], object]:
        answers = [chain.blocks[height - 1].header for height in range(last - _PAGE + 1, last + 1)]
        trusted = light.verify(light.begin(chain.genesis), chain.commit(last), now=_NOW)
        return lambda: light.link(trusted, answers)

    return _each(page(last) for last in range(2 * _PAGE, len(chain.blocks), _PAGE)) / _PAGE


def _results(chain: Chain, heights: range) -> float:
    def proven(height: int) -> Callable[[], object]:
        told, digest = chain.results(height), bytes.fromhex(chain.blocks[height].header["last_results_hash"])
        return lambda: results.prove_results(told, results_hash=digest)

    return _each(map(proven, heights))


def _slots(chain: Chain, heights: range) -> float:
    def proven(height: int) -> Callable[[], object]:
        sealed = _sealed(chain.validators, bytes.fromhex(chain.blocks[height].header["app_hash"]))
        key = b"\x02" + state.CONSORTIUM + bytes(32)
        answer = state.proof(chain.blocks[height].before, key)
        return lambda: light.prove_slot(sealed, answer, contract=state.CONSORTIUM, slot=0)

    return _each(map(proven, heights))


def _sealed(validators: tuple[Validator, ...], app_hash: bytes) -> LightBlock:
    return LightBlock("", 0, 0, 0, b"", b"", app_hash, validators)


def _written(chain: Chain, heights: range, folder: Path) -> float:
    start = Head(_FIRST - 1, bytes(32), 1)
    writer = ReplicaWriter(folder, chain=ChainIdentity(NUMBER, bytes(32)), consortium=bytes(20), genesis=start)

    def written(height: int) -> Callable[[], object]:
        digest = bytes.fromhex(chain.blocks[height].header["last_results_hash"])
        (result,) = results.prove_results(chain.results(height), results_hash=digest)
        (log,) = result.logs

        def write() -> None:
            event = calls.decode_event("CertificateAnchor", log.address, log.topics, log.payload)
            writer.add(FinalBlock(height, ids.random_bytes(32), bytes(32), _BEGUN + height, (event,)))

        return write

    taken = _each(map(written, heights))
    begun = thread_time()
    writer.commit()
    spent = thread_time() - begun
    writer.close()
    return taken + spent * 1e6 / len(heights)

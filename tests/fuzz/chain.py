"""Targets for what strangers tell of the chain: evidence, commits, proofs of slots, results of blocks."""

from __future__ import annotations

import base64
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from contracts import artifacts
from ecert.domain.errors import Unavailable, VerificationFailed
from ecert.domain.merkle import Tree
from ledger import light
from ledger.drivers import calls
from ledger.drivers.results import Result, prove_results, raw_transactions
from ledger.evidence import checker, wire
from ledger.evidence.checker import Refused, bytes_field
from tests.fuzz.trial import listed, parsed, plain
from tests.hostile_endpoint import grant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fuzz.trial import Target

_VECTORS: Final = Path(__file__).parents[1] / "vectors/evidence"
_GENESIS: Final = (_VECTORS / "genesis.json").read_bytes()
_TRUSTED: Final = checker.read_genesis(_GENESIS)
_REPORTS: Final = json.loads((_VECTORS / "cases.json").read_bytes())["reports"]
_RECORDED: Final = json.loads((_VECTORS / "recorded.json").read_bytes())
_COMMITS: Final = {int(key.split()[-1]): told for key, told in _RECORDED.items() if key.startswith("commit ")}
_HASHES: Final = {height: told["signed_header"]["commit"]["block_id"]["hash"] for height, told in _COMMITS.items()}
_BEGUN: Final = light.begin(_GENESIS)
_NOW: Final = 2e9
_CHANGING: Final = 66
"""A recorded block that names another set for the next."""


def bundles(data: bytes) -> None:
    """A bundle that holds shows what one of the recorded ones shows: no more is lost than a vote too many."""
    report = _refused(lambda content: checker.judge(content, _TRUSTED), data)
    assert report is None or report in _REPORTS.values()
    _refused(checker.read_genesis, data)


def commits(data: bytes) -> None:
    """A block that is believed is the recorded one of its height; a stored one comes back as it was written."""
    answer = _told(data)
    for trusted, commit, following in ((_BEGUN, answer, None), (_BEGUN, _COMMITS[_CHANGING], answer)):
        block = parsed(
            lambda told: light.verify(*told[:2], now=_NOW, following=told[2]),
            (trusted, commit, following),
            also=(Unavailable,),
        )
        assert block is None or block.hash.hex().upper() == _HASHES[block.height]
    for read in (wire.read_signed_header, wire.read_header, wire.read_validators):
        _refused(read, answer)
    linked = parsed(partial(light.link, _NEWEST), [answer], also=(Unavailable,))
    assert linked is None or linked[0].hash == _NEWEST.hash
    stored = parsed(light.parse_block, data, also=(Unavailable,))
    assert stored is None or light.format_block(stored) == data


def proofs(data: bytes) -> None:
    """A slot that is proven holds what was recorded; the trees' own bytes are tried in either place."""
    for answer in (_told(data), *_with_operation(base64.b64encode(data).decode())):
        _refused(wire.read_proof, answer)
        value = parsed(partial(light.prove_slot, _SEALED, contract=_CONTRACT, slot=_SLOT), answer, also=(Unavailable,))
        assert value in (None, _VALUE)


def results(data: bytes) -> None:
    """Results are those of the block, or of whatever response validators have signed; each log is an event or none."""
    found = _proven(_told(data), results_hash=_HONEST)
    assert found is None or found == _HONEST_RESULTS
    packed = bytes_field(1, b"/cosmos.evm.vm.v1.MsgEthereumTxResponse") + bytes_field(2, data)
    for content in (data, bytes_field(2, packed)):
        entry = {"code": 0, "data": base64.b64encode(content).decode()}
        found = _proven({"txs_results": [entry]}, results_hash=Tree([bytes_field(2, content)]).root)
        for log in (log for result in found or () for log in result.logs):
            for contract in artifacts.NAMES:
                decode = partial(calls.decode_event, contract, log.address, log.topics)
                parsed(decode, log.payload, also=(Unavailable,))
    for told in (_told(data), {"block": {"data": {"txs": [base64.b64encode(data).decode()]}}}):
        try:
            list(raw_transactions(told))
        except VerificationFailed:
            continue


def _proven(told: object, *, results_hash: bytes) -> tuple[Result, ...] | None:
    try:
        return prove_results(told, results_hash=results_hash)
    except VerificationFailed:
        return None


def _told(data: bytes) -> Any:  # noqa: ANN401 - JSON
    """Read JSON as the wire to a validator does; what is none is the bytes themselves, which no answer is."""
    try:
        return orjson.loads(data)
    except ValueError:
        return data


def _refused(read: Callable[[Any], Any], told: object) -> Any:  # noqa: ANN401 - whatever is read
    """Read; None where it is refused by a listed code."""
    try:
        return read(told)
    except Refused as fault:
        return listed(fault.code)


def _with_operation(content: str) -> Iterator[dict[str, Any]]:
    for place, kind in enumerate(("ics23:iavl", "ics23:simple")):
        told = json.loads(json.dumps(_ANSWER))
        told["response"]["proofOps"]["ops"][place] = {"type": kind, "data": content}
        yield told


def _operations() -> Iterator[bytes]:
    for each in _ANSWER["response"]["proofOps"]["ops"]:
        yield base64.b64decode(each["data"])


_NEWEST: Final = light.verify(_BEGUN, _COMMITS[2], now=_NOW)
_SEALED: Final = light.verify(_BEGUN, _COMMITS[43], now=_NOW)
_QUERY, _ANSWER = next(
    (key, told) for key, told in _RECORDED.items() if key.startswith("abci_query") and key.endswith(" 42")
)
_PLACE: Final = bytes.fromhex(_QUERY.split()[1])
_CONTRACT, _SLOT = _PLACE[1:21], int.from_bytes(_PLACE[21:], "big")
_VALUE: Final = light.prove_slot(_SEALED, _ANSWER, contract=_CONTRACT, slot=_SLOT)

_DONE: Final = [grant(0, b"\x01" * 20), grant(1, None)]
_RESULTS: Final = {"txs_results": [each.result for each in _DONE]}
_LEAVES: Final = [
    bytes_field(2, base64.b64decode(each["data"])) + checker.number_field(6, 7) for each in _RESULTS["txs_results"]
]
_HONEST: Final = Tree(_LEAVES).root
_HONEST_RESULTS: Final = prove_results(_RESULTS, results_hash=_HONEST)

TARGETS: Final[tuple[Target, ...]] = (
    plain(
        "evidence",
        bundles,
        [*((_VECTORS / f"{name}.bundle.json").read_bytes() for name in _REPORTS), _GENESIS],
        longest=32768,
    ),
    plain(
        "commit",
        commits,
        map(
            orjson.dumps,
            (
                _COMMITS[2],
                _COMMITS[2]["signed_header"]["header"],
                _RECORDED["validators  67"],
                json.loads(light.format_block(_NEWEST)),
            ),
        ),
    ),
    plain("proof", proofs, [orjson.dumps(_ANSWER), *_operations()]),
    plain(
        "results",
        results,
        [orjson.dumps(_RESULTS), *(each.response for each in _DONE), *(each.wrapped for each in _DONE)],
    ),
)

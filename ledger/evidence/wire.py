"""Put what a validator's consensus RPC answers into the tight forms that `checker` judges (CometBFT v0.38 RPC, ICS 23).

Nothing here is trusted: what is read wrongly hashes to something that nobody signed. Every answer that is not what the
RPC says raises Refused("evidence.form") and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from ledger.evidence import protobuf
from ledger.evidence.checker import Header, Refused, Validator, bytes_field, number_field

__all__ = ["hold_chain", "hold_names", "read_header", "read_proof", "read_signed_header", "read_validators"]

_P = ParamSpec("_P")
_R = TypeVar("_R")
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z", re.ASCII)
_HASHES = ("last_commit_hash", "data_hash", "validators_hash", "next_validators_hash", "consensus_hash", "app_hash")
_LAST = ("last_results_hash", "evidence_hash", "proposer_address")
_SIGNED = 2  # BlockIDFlagCommit; an absent one and a vote for no block count as nothing
_NO_ANSWER = (LookupError, TypeError, ValueError, AttributeError, OverflowError, StopIteration, RecursionError)
_SIBLING = 32
_ADDRESS = 20


def _strictly(read: Callable[_P, _R]) -> Callable[_P, _R]:
    @wraps(read)
    def reading(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return read(*args, **kwargs)
        except _NO_ANSWER as fault:
            raise Refused("evidence.form", f"not an answer of the consensus RPC: {fault!r:.80}") from fault

    return reading


@_strictly
def read_signed_header(told: Any) -> tuple[dict[str, object], dict[str, object]]:  # noqa: ANN401 - JSON of a stranger
    """Read the result of `/commit`: the header and its commit."""
    signed = told["signed_header"]
    commit = signed["commit"]
    signatures = [_signature(entry) for entry in commit["signatures"]]
    parts = _parts(commit["block_id"]["parts"]).hex()
    return read_header(signed["header"]), {"round": int(commit["round"]), "parts": parts, "signatures": signatures}


@_strictly
def hold_chain(told: Any, chain_id: str) -> None:  # noqa: ANN401 - JSON of a stranger
    """Refuse an answer to `/commit` of another chain by its name; Refused("light.chain")."""
    named = told["signed_header"]["header"]["chain_id"]
    if named != chain_id:
        raise Refused("light.chain", f"{named!r:.60} where {chain_id} is known")


@_strictly
def hold_names(told: Any, header: Header, validators: Sequence[Validator]) -> None:  # noqa: ANN401 - JSON of a stranger
    """Refuse an answer to `/commit` that calls block or signers otherwise; no proof needs these names."""
    commit = told["signed_header"]["commit"]
    addresses = [entry["validator_address"] for entry in commit["signatures"]]
    own = [hashlib.sha256(validator.key).hexdigest()[: 2 * _ADDRESS].upper() for validator in validators]
    named = all(address in ("", mine) for address, mine in zip(addresses, own, strict=True))
    if not named or int(commit["height"]) != header.height or commit["block_id"]["hash"] != header.hash.hex().upper():
        raise Refused("evidence.form", "the commit names another block or other validators")


@_strictly
def read_header(told: Any) -> dict[str, object]:  # noqa: ANN401 - JSON of a stranger
    """Read a header, as `/commit` and `/blockchain` hold it."""
    version = number_field(1, int(told["version"]["block"])) + number_field(2, int(told["version"].get("app", 0)))
    block, parts = told["last_block_id"]["hash"], told["last_block_id"]["parts"]
    last = bytes_field(1, bytes.fromhex(block)) if block else b""
    fields = [
        version,
        last + bytes_field(2, _parts(parts), always=True),
        *(bytes.fromhex(told[name]) for name in (*_HASHES, *_LAST)),
    ]
    return {"height": int(told["height"]), "time": _time(told["time"]), "fields": [each.hex() for each in fields]}


@_strictly
def read_validators(told: Any) -> tuple[Validator, ...]:  # noqa: ANN401 - JSON of a stranger
    """Read the result of `/validators`, all on one page, in its order."""
    listed = told["validators"]
    if int(told["total"]) != len(listed) or any(v["pub_key"]["type"] != "tendermint/PubKeyEd25519" for v in listed):
        raise Refused("evidence.form", "the whole set, with Ed25519 keys, is expected")
    powers = [int(v["voting_power"]) for v in listed]
    keys = [_base64(v["pub_key"]["value"]) for v in listed]
    return tuple(Validator(key, power) for key, power in zip(keys, powers, strict=True))


@_strictly
def read_proof(told: Any) -> tuple[dict[str, object], dict[str, object]]:  # noqa: ANN401 - JSON of a stranger
    """Read the result of `/abci_query` of a key of the evm store, with prove=true: the slot's proof and the stores'."""
    tree, stores = told["response"]["proofOps"]["ops"]
    if (tree["type"], stores["type"]) != ("ics23:iavl", "ics23:simple"):
        raise Refused("evidence.form", "proofs of the two kinds are expected")
    kind, body = _contents(_base64(tree["data"]))[0]
    proven = _existence(_message(_base64(stores["data"]))[1])
    root = {"root": proven["value"].hex(), "path": [step[:1] + step[-2 * _SIBLING :] for step in proven["path"]]}
    if kind == 1:
        found = _existence(body)
        return {"leaf": found["leaf"], "path": found["path"], "value": found["value"].hex()}, root
    absent = _message(body)
    return {"left": _neighbour(absent.get(2)), "right": _neighbour(absent.get(3))}, root


def _signature(told: Any) -> list[object] | None:  # noqa: ANN401 - JSON of a stranger
    if told["block_id_flag"] != _SIGNED:
        return None
    return [_time(told["timestamp"]), _base64(told["signature"]).hex()]


def _base64(told: str) -> bytes:
    content = base64.b64decode(told)
    if base64.b64encode(content).decode() != told:
        raise Refused("evidence.form", "not the one base64 form")
    return content


def _parts(told: Any) -> bytes:  # noqa: ANN401 - JSON of a stranger
    return number_field(1, int(told["total"])) + bytes_field(2, bytes.fromhex(told["hash"]))


def _time(told: str) -> list[int]:
    found = _TIME.fullmatch(told)
    if found is None:
        raise Refused("evidence.form", "a time in UTC is expected")
    seconds = int(datetime.fromisoformat(found[1] + "+00:00").timestamp())
    return [seconds, int((found[2] or "").ljust(9, "0"))]


def _neighbour(body: bytes | None) -> dict[str, object] | None:
    if not body:
        return None
    found = _existence(body)
    digest = hashlib.sha256(found["value"]).hexdigest()
    return {"key": found["key"].hex(), "digest": digest, "leaf": found["leaf"], "path": found["path"]}


def _existence(body: bytes) -> dict[str, Any]:
    """Read an ICS 23 existence proof; a step becomes the sibling's side, the node's prefix and the sibling."""
    found = _contents(body)
    key, value, leaf = (next((content for number, content in found if number == each), b"") for each in (1, 2, 3))
    path = [_step(_message(content)) for number, content in found if number == 4]  # noqa: PLR2004 - the path's field
    return {"key": key, "value": value, "leaf": _message(leaf)[5].hex(), "path": path}


def _step(operation: dict[int, bytes]) -> str:
    prefix, suffix = operation.get(2, b""), operation.get(3, b"")
    if suffix:  # the sibling on the right follows; in the IAVL tree each child's length stands before it
        return "r" + prefix.removesuffix(b"\x20").hex() + suffix[-_SIBLING:].hex()
    inner = prefix[:-1] if len(prefix) > _SIBLING + 1 and prefix[-1:] == b"\x20" else prefix
    meta, sibling = inner[:-_SIBLING], inner[-_SIBLING:]
    return "l" + meta.removesuffix(b"\x20").hex() + sibling.hex()


def _message(body: bytes) -> dict[int, bytes]:
    return dict(_contents(body))


def _contents(body: bytes) -> list[tuple[int, bytes]]:
    return [(number, content) for number, content in protobuf.fields(body) if isinstance(content, bytes)]

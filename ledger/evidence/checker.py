"""Judge an evidence bundle offline, from a certificate down to the validators' signatures (docs/spec/evidence.md).

This one file is handed to strangers: it needs Python 3.11 and `cryptography`, no network and no other file of ecert.

    python checker.py BUNDLE --genesis FILE

ends with 0 where the certificate stands, 1 where the evidence holds and shows that it does not stand, 2 where the
evidence shows nothing, 3 on wrong usage. Every slot that must be proven is derived here from the frozen storage
layouts; a bundle names none. Of certificates' own signatures only ES256 is judged: SM2-SM3 is not. `ledger.light`
follows the chain by these same functions. Sources: CometBFT v0.38 `spec/core/data_structures.md`, ICS 23, Solidity's
storage layout, FIPS 202, RFC 9162 section 2.1.3.2.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

WORD: Final = 32
ZERO: Final = bytes(WORD)
COUNT_SLOT, HEAD_SLOT, DIRECTORY_SLOT = 0, 1, 6  # the first two in every contract, the third in Consortium
AUTHORITIES_SLOT, KEYS_SLOT, GRANTS_SLOT = 2, 3, 4  # in TrustRegistry
BATCHES_SLOT, SIZES_SLOT, WORDS_SLOT = 3, 3, 4  # in CertificateAnchor; the last two in StatusRegistry
LARGEST: Final = 4 << 20
EARLY: Final = 300
"""Seconds by which the chain's clock may be behind the issuer's: nothing is anchored before it was signed."""
_LONGEST, _MOST, _BYTE, _ADDRESS = 128, 1 << 64, 0x80, 20
_STATUSES: Final = ("valid", "revoked", "suspended", "superseded")
_ISSUER, _TYPE = r"urn:cn:uscc:([0-9A-Z]{18})", r"urn:cn:ecert:([0-9A-Z]{21})"
_LIST: Final = r"https?://[^/?#]+/(?:[^/?#]*/)*([1-9][0-9])-(0|[1-9][0-9]{0,9})"


class Refused(Exception):
    """The evidence does not hold: a frozen code and what was seen."""

    def __init__(self, code: str, detail: str) -> None:
        """Keep the code apart from the detail."""
        super().__init__(f"{code}: {detail}")
        self.code, self.detail = code, detail


@dataclass(frozen=True, slots=True)
class Validator:
    """A validator's Ed25519 key (32 bytes) and voting power."""

    key: bytes
    power: int


@dataclass(frozen=True, slots=True)
class Header:
    """What is used of a block's header; `hash` is over all of it, `app_hash` of the state after the block before."""

    height: int
    time: int
    nanos: int
    last_block_id: bytes
    validators_hash: bytes
    next_validators_hash: bytes
    app_hash: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Genesis:
    """What is trusted before anything was seen; `consortium` is 20 bytes, or empty where the file does not name it."""

    chain_id: str
    validators: tuple[Validator, ...]
    first_height: int
    time: int
    consortium: bytes = b""


def judge(content: bytes, genesis: Genesis) -> dict[str, Any]:
    """Judge a bundle by a trusted genesis; Refused("evidence.*") unless every byte of it holds."""
    told = _canonical(content)
    names = ("certificate", "spki", "receipt", "blocks", "stores", "slots")
    version, certificate, spki, receipt, blocks, stores, slots = _members(told, "v", *names)
    if type(version) is not int or version != 1:
        raise Refused("evidence.form", "version 1 is expected")
    if len(genesis.consortium) != _ADDRESS:
        raise Refused("evidence.genesis", "the Consortium's address is not known")
    sealed = follow(blocks, genesis)
    root, proofs = evm_root(stores, sealed.app_hash), list(reversed(_list(slots)))

    def read(contract: bytes, slot: int) -> bytes:
        return slot_value(proofs.pop() if proofs else None, root, contract=contract, slot=slot)

    report = examine(certificate, _hex(spki), receipt, State(genesis.consortium, read))
    if proofs:
        raise Refused("evidence.form", "a slot is proven that nobody asked for")
    faults = [*report["faults"]]
    faults += ["validity.not_yet"] if sealed.time < report["nbf"] else []
    faults += ["validity.expired"] if report["exp"] is not None and report["exp"] <= sealed.time else []
    known = {"chain_id": genesis.chain_id, "height": sealed.height - 1, "sealed": sealed.time}
    return {**known, **report, "faults": faults, "stands": not faults}


def follow(blocks: object, genesis: Genesis) -> Header:
    """Verify [{"header", "commit", "next"}, ...], each but the last naming the next set; return the last header."""
    known, last = genesis.validators, Header(genesis.first_height - 1, genesis.time, 0, b"", b"", b"", b"", b"")
    listed = _list(blocks) or [None]
    for place, block in enumerate(listed, 1):
        told, commit, following = _members(block, "header", "commit", "next")
        header = read_header(told, genesis.chain_id)
        verify_commit(header, commit, validators=known, chain_id=genesis.chain_id)
        if header.height <= last.height or (following is None) != (place == len(listed)):
            raise Refused("evidence.order", f"at block {header.height}")
        if following is not None:
            pairs = [_list(pair, 2) for pair in _list(following)]
            known, before = tuple(Validator(_hex(key, WORD), _whole(power)) for key, power in pairs), known
            if known == before or validators_hash(known) != header.next_validators_hash:
                raise Refused("evidence.validators", f"not the set that block {header.height} names")
        last = header
    return last


class State:
    """The contracts' proven state after one block; `read` gives the 32 bytes of a contract's slot."""

    def __init__(self, consortium: bytes, read: Callable[[bytes, int], bytes]) -> None:
        """Begin at the Consortium, whose directory names every other contract."""
        self._consortium, self._read = consortium, lru_cache(maxsize=None)(read)  # each slot is asked for once

    def number(self, contract: bytes, slot: int) -> int:
        """Read a slot as a whole number."""
        return int.from_bytes(self._read(contract, slot), "big")

    def offices(self, role: bytes) -> list[tuple[bytes, int, int]]:
        """List who held a role, oldest first: address, first block, last block (0: still)."""
        entries = mapping_slot(DIRECTORY_SLOT, keccak256(role))
        cells = [array_slot(entries) + 2 * at for at in range(self.number(self._consortium, entries))]
        told = [_unpack(self.number(self._consortium, cell), 20, 8) for cell in cells]
        lasts = [self.number(self._consortium, cell + 1) for cell in cells]
        return [(address.to_bytes(20, "big"), first, last) for (address, first), last in zip(told, lasts, strict=True)]

    def newest(self, role: bytes, slot: int) -> tuple[bytes, int]:
        """Find the newest contract of a role in which a slot is not zero: what was succeeded stays true."""
        found = ((contract, self.number(contract, slot)) for contract, *_ in reversed(self.offices(role)))
        return next((each for each in found if each[1]), (b"", 0))


def examine(certificate: object, spki: bytes, receipt: object, state: State) -> dict[str, Any]:
    """Ask the state for all that a certificate's standing hangs on; every slot follows from the certificate."""
    texts = _match(certificate, r"([\w-]+)\.([\w-]+)\.([\w-]+)")
    head, claims = (_object(_b64url(text)) for text in texts[:2])
    _, suite, kid = _members(head, "typ", "alg", "kid")
    (alg,) = _match(suite, r"([A-Za-z0-9-]{1,20})")
    if kid != base64.urlsafe_b64encode(_sha(spki)).rstrip(b"=").decode():
        raise Refused("evidence.certificate", "another key is said to have signed")
    (issuer,), (kind,) = _match(claims.get("iss"), _ISSUER), _match(claims.get("vct"), _TYPE)
    (licence_id,) = _match(
        claims.get("licence_id"), rf"(1\.2\.156\.3005\.2\.{kind}\.{issuer}(?:\.[0-9A-Z]{{1,60}}){{3}})"
    )
    (division,) = _match(claims.get("division"), r"((?:[1-9][0-9])(?:[0-9]{2}){0,2})")
    place = _dict(_dict(claims.get("status")).get("status_list"))
    region, numbered = (int(part) for part in _match(place.get("uri"), _LIST))
    fingerprint = _sha(".".join(texts).encode())
    anchor = _anchor(state, receipt, region=region, fingerprint=fingerprint)
    status = _status(state, region, numbered, _whole(place.get("idx")))
    signature = _signature(alg, spki, texts)
    names = (issuer.encode(), kind.encode(), _sha(spki))
    faults = _faults(state, names, (region, division), suite=alg, then=anchor["time"])
    faults += ["anchor.time"] if anchor["time"] < _whole(claims.get("iat")) - EARLY else []
    faults += ["signature.wrong"] if signature == "wrong" else []
    faults += [f"status.{status}"] if status != "valid" else []
    named = {"licence_id": licence_id, "issuer": issuer, "type": kind}
    dates = {"nbf": _whole(claims.get("nbf")), "exp": _whole(claims["exp"]) if "exp" in claims else None}
    told = {"anchor": anchor, "status": status, "signature": signature, "faults": faults}
    return {"fingerprint": fingerprint.hex(), **named, **dates, **told}


def _anchor(state: State, receipt: object, *, region: int, fingerprint: bytes) -> dict[str, Any]:
    contract, batch, index, size, path = _members(receipt, "contract", "batch", "index", "size", "path")
    address, slot = _hex(contract, 20), mapping_slot(BATCHES_SLOT, region, 1, _whole(batch))
    root, cell, when = (state.number(address, slot + at) for at in (0, 1, 3))
    block, time = _unpack(when, 8, 8)
    terms = [(first, last or block) for holder, first, last in state.offices(b"anchor") if holder == address]
    if not any(first <= block <= last for first, last in terms) or _unpack(cell, 1, 8) != [1, _whole(size)]:
        raise Refused("evidence.certificate", "no such batch, of SHA-256, in an anchoring contract")
    found = _root(fingerprint, _whole(index), size, [_hex(node, WORD) for node in _list(path)])
    if found != root.to_bytes(WORD, "big"):
        raise Refused("evidence.certificate", "the fingerprint does not lead to the batch's root")
    return {"contract": contract, "region": region, "batch": batch, "block": block, "time": time}


def _faults(
    state: State, names: tuple[bytes, bytes, bytes], place: tuple[int, str], *, suite: str, then: int
) -> list[str]:
    """Tell by frozen codes what kept authority and key from issuing this type `then`, as far as the state remembers."""
    (uscc, kind, key), (region, within) = names, place
    division, since, end = _unpack(state.newest(b"trust", mapping_slot(AUTHORITIES_SLOT, uscc))[1], 4, 8, 8)
    grant = state.newest(b"trust", mapping_slot(GRANTS_SLOT, uscc, kind))[1]
    slot = mapping_slot(KEYS_SLOT, region, uscc, key)
    contract, named = state.newest(b"trust", slot + 2)
    times, purpose = (state.number(contract, slot), state.number(contract, slot + 3)) if contract else (0, 0)
    ends = dict(zip(("key.expired", "key.revoked", "key.compromised"), _unpack(times >> 64, 8, 8, 8), strict=True))
    ends |= {"authority.dissolved": end, "authority.not_granted": _unpack(grant >> 64, 8)[0]}
    starts = {"key.not_yet": times % _MOST, "authority.not_yet": since, "authority.not_granted": grant % _MOST}
    wrong = {
        "authority.unknown": not division,
        "authority.not_granted": not grant,
        "status.region": division and str(division)[:2] != str(region),
        "authority.division": division and not within.startswith(str(division)),
        "key.unknown": not contract,
        "key.purpose": contract and (named, purpose) != (_short(suite), _short("certificate")),
    }
    told = [code for code, is_wrong in wrong.items() if is_wrong] + [c for c, at in starts.items() if at > then]
    return sorted({*told, *(code for code, at in ends.items() if at and at <= then)})


def _status(state: State, region: int, numbered: int, index: int) -> str:
    """Read two bits: final ones of any registry stay, else the newest with the list tells, unless an older doubts."""
    newest, size = state.newest(b"status", mapping_slot(SIZES_SLOT, region, numbered))
    if index >= size:
        raise Refused("evidence.certificate", "no such place in a status list")
    slot = mapping_slot(WORDS_SLOT, region, numbered, index >> 7)
    told = {of: state.number(of, slot) >> 2 * (index & 127) & 3 for of, *_ in state.offices(b"status")}
    bits = next((each for each in told.values() if each & 1), told[newest])
    if not bits and any(told.values()):
        raise Refused("evidence.undecided", "suspended in a registry that was succeeded: restored, or not carried over")
    return _STATUSES[bits]


def _signature(alg: str, spki: bytes, texts: Sequence[str]) -> str:
    if alg != "ES256":
        return f"not judged: {alg}"
    try:
        key, raw = load_der_public_key(spki), _b64url(texts[2])
        if not isinstance(key, EllipticCurvePublicKey) or key.curve.name != "secp256r1" or len(raw) != 2 * WORD:
            return "wrong"
        signature = encode_dss_signature(int.from_bytes(raw[:WORD], "big"), int.from_bytes(raw[WORD:], "big"))
        key.verify(signature, ".".join(texts[:2]).encode(), ECDSA(SHA256()))
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return "wrong"
    return "good"


def _root(fingerprint: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Climb to the root of a tree of `size` leaves (RFC 9162 section 2.1.3.2); nothing where the path is no path."""
    node, last, within = _sha(b"\0" + fingerprint), size - 1, index < size
    for sister in path:
        if index % 2 or index == last:
            node = _sha(b"\1" + sister + node)
            while index and not index % 2:
                index, last = index >> 1, last >> 1
        else:
            node = _sha(b"\1" + node + sister)
        if last <= 0:
            return b""
        index, last = index >> 1, last >> 1
    return node if last == 0 and within else b""


def _unpack(cell: int, *sizes: int) -> list[int]:
    """Take a packed struct's members of so many bytes from a slot, the first from its low end."""
    return [cell >> 8 * sum(sizes[:at]) & (1 << 8 * size) - 1 for at, size in enumerate(sizes)]


def _short(text: str) -> int:
    """Give the slot of a string of under 32 bytes."""
    return int.from_bytes(text.encode().ljust(WORD - 1, b"\0") + bytes([2 * len(text)]), "big")


@lru_cache(maxsize=4096)
def keccak256(message: bytes) -> bytes:
    """Keccak-256 with the padding that Ethereum uses: FIPS 202 with 0x01 in place of SHA-3's 0x06."""
    rate = 136
    padded = bytearray(message + b"\x01" + bytes(-(len(message) + 1) % rate))
    padded[-1] |= 0x80
    lanes = [0] * 25
    for start in range(0, len(padded), rate):
        for lane in range(rate // 8):
            lanes[lane] ^= int.from_bytes(padded[start + 8 * lane : start + 8 * lane + 8], "little")
        _permute(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def _permute(a: list[int]) -> None:
    """Keccak-f[1600] in place, lane (x, y) at x + 5y: theta, rho with pi, chi, iota (FIPS 202 section 3.2)."""
    register = 1
    for _ in range(24):
        c = [a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20] for x in range(5)]
        a[:] = [lane ^ c[(at + 4) % 5] ^ _turn(c[(at + 1) % 5], 1) for at, lane in enumerate(a)]
        x, y, lane = 1, 0, a[1]
        for t in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            lane, a[x + 5 * y] = a[x + 5 * y], _turn(lane, (t + 1) * (t + 2) // 2 % 64)
        a[:] = [v ^ (~a[(i + 1) % 5 + i // 5 * 5] & a[(i + 2) % 5 + i // 5 * 5]) for i, v in enumerate(a)]
        for j in range(7):  # the round constant's bits come from the shift register of section 3.2.5
            a[0] ^= (register & 1) << ((1 << j) - 1)
            register = (register << 1) ^ (register >> 7) * 0x171


def _turn(lane: int, by: int) -> int:
    return (lane << by | lane >> (64 - by)) & 0xFFFFFFFFFFFFFFFF


def mapping_slot(slot: int, *keys: int | bytes) -> int:
    """Slot of `mapping[key][key]...`: whole numbers are padded on the left, fixed bytes on the right."""
    for key in keys:
        padded = key.to_bytes(WORD, "big") if isinstance(key, int) else key.ljust(WORD, b"\0")
        slot = int.from_bytes(keccak256(padded + slot.to_bytes(WORD, "big")), "big")
    return slot


def array_slot(slot: int) -> int:
    """Slot of a dynamic array's first entry; its length stands at `slot`."""
    return int.from_bytes(keccak256(slot.to_bytes(WORD, "big")), "big")


def read_genesis(content: bytes) -> Genesis:
    """Read the chain's genesis file, which the reader trusts; Refused("evidence.genesis")."""
    try:
        told = json.loads(content)
        listed = (told.get("consensus") or told)["validators"]
        found = [Validator(base64.b64decode(v["pub_key"]["value"]), int(v["power"])) for v in listed]
        begun = int(datetime.fromisoformat(told["genesis_time"][:19] + "+00:00").timestamp())
        house = _dict(_dict(told.get("app_state")).get("consortium")).get("consortium", "0x")
        height, address = int(told.get("initial_height") or 1), bytes.fromhex(house[2:])
        genesis = Genesis(str(told["chain_id"]), ordered(found), height, begun, address)
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError) as fault:
        raise Refused("evidence.genesis", "not a genesis file with validators") from fault
    if not found or len({v.key for v in found}) < len(found) or any(len(v.key) != WORD or v.power <= 0 for v in found):
        raise Refused("evidence.genesis", "each validator has an own Ed25519 key and a power above 0")
    return genesis


def ordered(validators: Sequence[Validator]) -> tuple[Validator, ...]:
    """Order a set as its hash wants it: by falling power, then by rising address."""
    return tuple(sorted(validators, key=lambda v: (-v.power, _sha(v.key)[:20])))


def validators_hash(validators: Sequence[Validator]) -> bytes:
    """Hash a set in its order (an RFC 6962 tree of SimpleValidator messages)."""
    return _tree([bytes_field(1, bytes_field(1, v.key)) + number_field(2, v.power) for v in validators])


def read_header(told: object, chain_id: str) -> Header:
    """Read and hash {"height", "time": [seconds, nanos], "fields": [11 hex texts]}; Refused("evidence.form").

    The fields are the header's other messages and byte strings in its order, without the chain's name.
    """
    height, time, fields = _members(told, "height", "time", "fields")
    version, last, *hashes = [_hex(each) for each in _list(fields, 11)]
    seconds, nanos = stamp = [_whole(part) for part in _list(time, 2)]
    head = [version, bytes_field(1, chain_id.encode()), number_field(1, _whole(height)), _stamp(stamp), last]
    digest = _tree(head + [bytes_field(1, each) for each in hashes])
    return Header(_whole(height), seconds, nanos, last, hashes[2], hashes[3], hashes[5], digest)


def verify_commit(header: Header, commit: object, *, validators: Sequence[Validator], chain_id: str) -> None:
    """Refuse unless more than two thirds of exactly these validators signed this header, each signature good.

    {"round", "parts": hex, "signatures": [null or [[seconds, nanos], hex], ...]}, one for each in the set's order.
    """
    if validators_hash(validators) != header.validators_hash:
        raise Refused("evidence.validators", f"block {header.height} has another set than the one known")
    turn, parts, signatures = _members(commit, "round", "parts", "signatures")
    block = bytes_field(1, header.hash) + bytes_field(2, _hex(parts), always=True)
    head = number_field(1, 2) + _fixed(2, header.height) + _fixed(3, _whole(turn)) + bytes_field(4, block)
    signed = 0
    for validator, entry in zip(validators, _list(signatures, len(validators)), strict=True):
        if entry is None:
            continue
        time, signature = _list(entry, 2)
        stamp = bytes_field(5, _stamp([_whole(part) for part in _list(time, 2)]), always=True)
        vote = head + stamp + bytes_field(6, chain_id.encode())
        try:
            _ed25519(validator.key).verify(_hex(signature, 64), _varint(len(vote)) + vote)
        except (InvalidSignature, ValueError) as fault:
            raise Refused("evidence.signature", f"of {validator.key.hex()} on block {header.height}") from fault
        signed += validator.power
    if 3 * signed <= 2 * sum(v.power for v in validators):
        raise Refused("evidence.power", f"{signed} have signed block {header.height}")


_ed25519 = lru_cache(maxsize=256)(Ed25519PublicKey.from_public_bytes)


def evm_root(stores: object, app_hash: bytes) -> bytes:
    """Return the root of the EVM's store, {"root", "path"}, once it leads to the application hash."""
    root, path = _members(stores, "root", "path")
    node = _sha(b"\0\x03evm\x20" + _sha(_hex(root, WORD)))
    for side, sibling in (_match(step, r"([lr])([0-9a-f]{64})") for step in _list(path)):
        pair = (bytes.fromhex(sibling), node)
        node = _sha(b"\1" + b"".join(pair if side == "l" else pair[::-1]))
    if node != app_hash:
        raise Refused("evidence.proof", "the stores' path does not lead to the application hash")
    return _hex(root, WORD)


def slot_value(proof: object, root: bytes, *, contract: bytes, slot: int) -> bytes:
    """Return a slot's proven 32 bytes, zero where its absence is proven (ICS 23 over IAVL); Refused("evidence.proof").

    Present: {"leaf", "path", "value"}. Absent: {"left", "right"}, two neighbours {"key", "digest", "leaf", "path"} with
    nothing between them, one of them null at the tree's edge.
    """
    key = b"\x02" + contract + slot.to_bytes(WORD, "big")
    if isinstance(proof, dict) and "value" in proof:
        value, leaf, path = _members(proof, "value", "leaf", "path")
        content = _hex(value, WORD)
        if content == ZERO or _climb(key, _sha(content), leaf, path) != root:
            raise Refused("evidence.proof", f"slot {slot:#x} does not hold this value")
        return content
    left, right = _members(proof, "left", "right")
    (low, lefts), (high, rights) = _neighbour(left, root), _neighbour(right, root)
    if not (low < key and (right is None or key < high)) or not _adjoin(lefts, rights):
        raise Refused("evidence.proof", f"slot {slot:#x} may stand elsewhere")
    return ZERO


def _neighbour(told: object, root: bytes) -> tuple[bytes, list[str] | None]:
    if told is None:
        return b"", None
    key, digest, leaf, path = _members(told, "key", "digest", "leaf", "path")
    if _climb(_hex(key), _hex(digest, WORD), leaf, path) != root:
        raise Refused("evidence.proof", "a neighbour stands elsewhere")
    return _hex(key), path


def _climb(key: bytes, digest: bytes, leaf: object, path: object) -> bytes:
    """Hash from a leaf to the root; a step is the sibling's side, the node's height, size and version, the sibling."""
    prefix = bytes.fromhex(_match(leaf, r"(0002(?:[0-9a-f]{2}){1,10})")[0])
    node = _sha(_varints(prefix) + _varint(len(key)) + key + b"\x20" + digest)
    for side, meta, sibling in (_match(s, r"([lr])((?!00)(?:[0-9a-f]{2}){3,22})([0-9a-f]{64})") for s in _list(path)):
        pair = (bytes.fromhex(sibling), node)
        children = b"\x20".join(pair if side == "l" else pair[::-1])
        node = _sha(_varints(bytes.fromhex(meta)) + b"\x20" + children)
    return node


def _varints(prefix: bytes) -> bytes:
    """Let pass exactly three: what follows a node's prefix then stands where it is said to stand."""
    if sum(byte < _BYTE for byte in prefix) != 3 or prefix[-1] >= _BYTE:  # noqa: PLR2004 - height, size, version
        raise Refused("evidence.proof", "a node's prefix is none")
    return prefix


def _adjoin(left: list[str] | None, right: list[str] | None) -> bool:
    """Tell whether two leaves of one tree stand side by side, or (one None) one at its edge: sides alone decide."""
    lefts, rights = list(left or ()), list(right or ())
    while left and right and lefts and rights and lefts[-1] == rights[-1]:
        lefts.pop(), rights.pop()
    if left is not None and right is not None:
        parting = (lefts.pop()[0], rights.pop()[0]) if lefts and rights else None
        if parting != ("r", "l"):
            return False
    is_some = left is not None or right is not None
    return is_some and {step[0] for step in lefts} <= {"l"} and {step[0] for step in rights} <= {"r"}


def _sha(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _tree(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) <= 1:
        return _sha(b"\0" + leaves[0]) if leaves else _sha(b"")
    middle = 1 << (len(leaves) - 1).bit_length() - 1
    return _sha(b"\1" + _tree(leaves[:middle]) + _tree(leaves[middle:]))


def _varint(number: int) -> bytes:
    out = b""
    while number >= _BYTE:
        out, number = out + bytes([number % _BYTE | _BYTE]), number // _BYTE
    return out + bytes([number])


def number_field(field: int, value: int) -> bytes:
    """Encode a protobuf whole number; 0 is left out."""
    return _varint(field << 3) + _varint(value) if value else b""


def _fixed(field: int, value: int) -> bytes:
    return _varint(field << 3 | 1) + value.to_bytes(8, "little") if value else b""


def bytes_field(field: int, content: bytes, *, always: bool = False) -> bytes:
    """Encode a protobuf byte string or message; an empty one is left out."""
    return _varint(field << 3 | 2) + _varint(len(content)) + content if content or always else b""


def _stamp(time: Sequence[int]) -> bytes:
    return number_field(1, time[0]) + number_field(2, time[1])


def _members(told: object, *names: str) -> list[Any]:
    if not isinstance(told, dict) or told.keys() != set(names):
        raise Refused("evidence.form", f"exactly {', '.join(names)} expected")
    return [told[name] for name in names]


def _list(told: object, size: int | None = None) -> list[Any]:
    if not isinstance(told, list) or len(told) > _LONGEST or size not in (None, len(told)):
        raise Refused("evidence.form", f"a list of {size or 'few'} is expected")
    return told


def _match(told: object, pattern: str) -> tuple[str, ...]:
    found = re.fullmatch(pattern, told, re.ASCII) if isinstance(told, str) else None
    if found is None:
        raise Refused("evidence.form", f"{pattern} is expected")
    return found.groups()


def _hex(told: object, size: int | None = None) -> bytes:
    content = bytes.fromhex(_match(told, r"((?:[0-9a-f]{2}){0,1024})")[0])
    if size not in (None, len(content)):
        raise Refused("evidence.form", f"{size} bytes are expected")
    return content


def _whole(told: object) -> int:
    if type(told) is not int or not 0 <= told < _MOST:
        raise Refused("evidence.form", "a whole number is expected")
    return told


def _dict(told: object) -> dict[str, Any]:
    return told if isinstance(told, dict) else {}


def _b64url(text: str) -> bytes:
    content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) if len(text) % 4 != 1 else b""
    if base64.urlsafe_b64encode(content).rstrip(b"=").decode() != text:
        raise Refused("evidence.form", "not the one base64url form")
    return content


def _object(content: bytes) -> dict[str, Any]:
    """Read JSON in which no name stands twice."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a name stands twice")
        return dict(pairs)

    try:
        return _dict(json.loads(content, object_pairs_hook=once))
    except (ValueError, RecursionError) as fault:
        raise Refused("evidence.form", "not JSON") from fault


def _canonical(content: bytes) -> dict[str, Any]:
    told = _object(content) if len(content) <= LARGEST else {}
    try:
        own = canonical(told)
    except RecursionError:
        own = b""
    if own != content:
        raise Refused("evidence.form", "not the one form of a bundle")
    return told


def canonical(bundle: object) -> bytes:
    """Write a bundle in its one form: JSON with sorted names, ASCII, no white space, a line's end."""
    return json.dumps(bundle, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge one bundle and print what it shows."""
    parser = argparse.ArgumentParser(description="Judge an evidence bundle offline.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--genesis", type=Path, required=True, help="the chain's genesis file, from whom you trust")
    parser.add_argument("--consortium", help="the Consortium's address, where the genesis file does not name it")
    options = parser.parse_args(arguments)
    try:
        genesis = read_genesis(options.genesis.read_bytes())
        if options.consortium:
            genesis = replace(genesis, consortium=_hex(options.consortium.lower().removeprefix("0x"), _ADDRESS))
        report = judge(options.bundle.read_bytes(), genesis)
    except (Refused, OSError) as fault:
        sys.stderr.write(f"证据不成立 / the evidence shows nothing: {fault}\n")
        return 2
    sys.stdout.write(json.dumps(report, ensure_ascii=False, indent=1) + "\n")
    return 0 if report["stands"] else 1


if __name__ == "__main__":
    sys.exit(main())

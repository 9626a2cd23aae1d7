"""The fixed shapes of every benchmark: a certificate of 12 elements, 4 of them disclosed, under a path of 20.

The replica is a real file with one authority, one key, one status list and one batch of a million, so a verdict here
looks up what a verdict in service looks up.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from ecert.domain import certificate, ids, suites
from ecert.domain.catalogue import by_no
from ecert.domain.certificate import Face
from ecert.domain.holders import Holder
from ecert.domain.ids import licence_id, uscc_check
from ecert.domain.receipt import AnchorReceipt, Container
from ecert.domain.signer import LocalSigner
from ecert.domain.status import StatusRef
from ledger.directory import CONTRACTS
from ledger.port import ChainIdentity, Event, FinalBlock, Head
from ledger.replica import Replica, ReplicaWriter
from verifier import Asking

__all__ = ["ASKING", "ELEMENTS", "KIND", "NOW", "PATH", "Shapes", "face", "shapes", "signer"]

NOW: Final = 1_790_000_100
PATH: Final = 20
BATCH: Final = 1 << PATH
KIND: Final = by_no(14)
"""医师执业证书, the practising licence of a doctor: exactly 12 elements."""

ELEMENTS: Final = {
    "ZSBM": "110990000000001",
    "XM": "李示例",
    "XB": "1",
    "CSRQ": "1988-03-07",
    "SFZJH": "320599198803070011",
    "ZGZSBM": "202099110320599198803070011",
    "ZYLB": "01",
    "ZYFW": "内科专业",
    "ZYDD": "江苏省示例市示例区",
    "ZYJG": "示例市第一示例医院",
    "FZJG": "示例市卫生健康委员会",
    "FZRQ": "2024-01-15",
}
DISCLOSED: Final = ("XM", "ZYLB", "ZYFW", "FZRQ")
HOLDER: Final = Holder("person", "001", "320599198803070011", "李示例")
ISSUER: Final = (body := "113299000000000010"[:17]) + uscc_check(body)
ASKING: Final = Asking("310118", holder=HOLDER.ref)
_CHAIN: Final = 310_000
_CONTRACT: Final = b"\xa1" * 20
_BEGUN: Final = NOW - 100_000


@dataclass(frozen=True, slots=True)
class Shapes:
    """One anchored certificate, its presentation, and the replica that knows it; `spki` is the issuer's key."""

    whole: str
    presentation: Container
    spki: bytes
    replica: Replica


@cache
def signer(suite: str = "ES256") -> LocalSigner:
    """Make one key a suite and run."""
    return suites.load_signer(suite, suites.generate(suite))


def face(index: int = 7) -> Face:
    """Give a face that nobody else has; its status stands at `index` of list 32-1."""
    return Face(
        licence=licence_id(type_code=KIND.code, issuer=ISSUER, serial=ids.new_serial()),
        division="320509",
        iat=NOW - 50_000,
        nbf=NOW - 60_000,
        exp=NOW + 10_000_000,
        status=StatusRef("https://example.test/status-lists/32-1", index),
        elements=ELEMENTS,
        holders=(HOLDER,),
    )


def shapes(folder: Path, suite: str = "ES256") -> Shapes:
    """Issue, anchor and present; the sister hashes are random, which no verifier can see."""
    whole = str(certificate.sign(face(), signer(suite)))
    path = tuple(ids.random_bytes(32) for _ in range(PATH))
    index = ids.random_below(BATCH)
    root = _root(certificate.parse(whole).fingerprint, index, path)
    receipt = AnchorReceipt(_CHAIN, "0x" + _CONTRACT.hex(), 1, index, BATCH, path)
    shown = certificate.select(whole, elements=DISCLOSED)
    spki = signer(suite).spki
    return Shapes(whole, Container(shown, receipt), spki, _replica(folder, suite, root))


def _root(fingerprint: bytes, index: int, path: tuple[bytes, ...]) -> bytes:
    node = hashlib.sha256(b"\0" + fingerprint).digest()
    for sister in path:
        pair = sister + node if index & 1 else node + sister
        node, index = hashlib.sha256(b"\1" + pair).digest(), index >> 1
    return node


def _replica(folder: Path, suite: str, root: bytes) -> Replica:
    start = Head(0, bytes(32), _BEGUN - 1)
    writer = ReplicaWriter(folder, chain=ChainIdentity(_CHAIN, bytes(32)), consortium=b"\xc0" * 20, genesis=start)
    for number, (name, args) in enumerate(_events(suite, root), 1):
        event = Event(_CONTRACT, "", name, args, b"", b"")
        time = _BEGUN + 10 * number if name != "BatchAnchored" else NOW - 10
        writer.add(FinalBlock(number, number.to_bytes(32), bytes(32), time, (event,)))
        writer.commit()
    return writer.reader


def _events(suite: str, root: bytes) -> tuple[tuple[str, dict[str, object]], ...]:
    roles = {name: role for role, name in CONTRACTS.items()}
    issuer, kind, spki = ISSUER.encode(), KIND.code.encode(), signer(suite).spki
    return (
        ("ContractAppointed", {"role": roles["CertificateAnchor"], "contractAddress": _CONTRACT, "fromBlock": 1}),
        ("AuthorityRegistered", {"uscc": issuer, "division": 32, "name": "示例市卫生健康委员会", "notBefore": _BEGUN}),
        (
            "KeyAdded",
            {
                "region": 32,
                "authority": issuer,
                "keyId": suites.key_id(spki),
                "suite": suite,
                "purpose": "certificate",
                "spki": spki,
                "notBefore": _BEGUN,
                "notAfter": 0,
                "x509Hash": bytes(32),
            },
        ),
        ("TypesGranted", {"uscc": issuer, "types": [kind], "from": _BEGUN}),
        ("StatusListCreated", {"region": 32, "list": 1, "size": 1 << 17}),
        *_recognitions(),
        (
            "BatchAnchored",
            {
                "region": 32,
                "kind": 1,
                "number": 1,
                "root": root,
                "hashAlg": suites.SHA256,
                "size": BATCH,
                "previous": bytes(32),
            },
        ),
    )


def _recognitions() -> tuple[tuple[str, dict[str, object]], ...]:
    """Four provinces take the type from all four, as the seeded matrix says."""
    regions = (31, 32, 33, 34)
    kinds = [KIND.code.encode()] * len(regions)
    told = {"types": kinds, "issuing": list(regions), "accepted": [True] * len(regions), "from": _BEGUN}
    return tuple(("RecognitionSet", {"accepting": region, **told}) for region in regions)

"""A small world for the verifier: real keys, real certificates and a real replica file, without a chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from ecert.domain import certificate, suites
from ecert.domain.catalogue import CertificateType, by_no
from ecert.domain.certificate import Face
from ecert.domain.holders import Holder, HolderRef
from ecert.domain.ids import licence_id, uscc_check
from ecert.domain.merkle import Tree
from ecert.domain.receipt import AnchorReceipt
from ecert.domain.sd_jwt import SdJwt
from ecert.domain.signer import LocalSigner
from ecert.domain.status import StatusRef
from ledger.directory import CONTRACTS
from ledger.port import ChainIdentity, Event, FinalBlock, Head
from ledger.replica import Replica, ReplicaWriter
from verifier.evidence import Evidence, Presented, Question
from verifier.findings import Finding, Group
from verifier.verify import Judged, verify

T0 = 1_790_000_000
CHAIN = 310_000
ANCHOR, TRUST, STATUS = (bytes([n]) * 20 for n in (0xA1, 0xA2, 0xA3))
ROLES = {name: role for role, name in CONTRACTS.items()}
CARD, VEHICLE, ESTATE = by_no(1), by_no(3), by_no(24)
LI = Holder("person", "001", "320599198803070011", "李示例")
WANG = HolderRef("001", "310199198803070026")


def uscc(region: int, number: int = 1) -> str:
    body = f"11{region}9900MB{number:07d}"
    return body + uscc_check(body)


@cache
def signer(_name: str) -> LocalSigner:
    return suites.load_signer("ES256", suites.generate("ES256"))


ISSUER = uscc(32)
ISSUER_KEY = "issuer"
QUESTION = Question("310118", holder=LI.ref)


@dataclass(frozen=True, slots=True)
class Issued:
    """A signed certificate and, once its batch is final, its receipt."""

    sd_jwt: SdJwt
    receipt: AnchorReceipt | None = None

    @property
    def presented(self) -> Presented:
        return Presented(str(self.sd_jwt), self.receipt)

    @property
    def fingerprint(self) -> bytes:
        return certificate.fingerprint(self.sd_jwt.jwt)

    @property
    def sm3_fingerprint(self) -> bytes:
        return suites.digest(suites.SM3, self.sd_jwt.jwt.encode())


class World:
    """Writes blocks into a replica and issues certificates of Jiangsu (32); 310118 accepts them."""

    def __init__(
        self, folder: Path, *, without: tuple[str, ...] = (), instead: Mapping[str, object] | None = None
    ) -> None:
        self.writer = ReplicaWriter(
            folder,
            chain=ChainIdentity(CHAIN, bytes(32)),
            consortium=b"\xc0" * 20,
            genesis=Head(0, bytes(32), T0 - 1),
        )
        self.time = T0
        self.batches = 0
        changed = instead or {}
        for role, address in (("CertificateAnchor", ANCHOR), ("TrustRegistry", TRUST), ("StatusRegistry", STATUS)):
            self.block("ContractAppointed", role=ROLES[role], contractAddress=address, fromBlock=1)
        if "authority" not in without:
            self.authority(**changed)
        if "key" not in without:
            self.key(ISSUER_KEY, **changed)
        self.key("code", authority="", purpose="code")
        if "grant" not in without:
            self.block("TypesGranted", uscc=_b(ISSUER), types=_types(), **{"from": T0 - 1000})
        self.block("StatusListCreated", region=32, list=1, size=1024)
        if "recognition" not in without:
            self.recognise(accepted=True)

    @property
    def replica(self) -> Replica:
        return self.writer.reader

    @property
    def now(self) -> int:
        return self.time + 30

    def block(self, event: str = "", /, *, time: int | None = None, address: bytes = ANCHOR, **args: object) -> int:
        self.time = self.time + 10 if time is None else time
        number = self.writer.header.head.number + 1
        events = (Event(address, "", event, args, b"", b""),) if event else ()
        self.writer.add(FinalBlock(number, number.to_bytes(32, "big"), bytes(32), self.time, events))
        self.writer.commit()
        return self.time

    def authority(self, **changed: object) -> None:
        args = {"uscc": _b(ISSUER), "division": 32, "name": "江苏示例局", "notBefore": T0 - 1000}
        self.block("AuthorityRegistered", **{name: changed.get(name, value) for name, value in args.items()})

    def key(self, name: str, *, authority: str = ISSUER, purpose: str = "certificate", **changed: object) -> None:
        spki = signer(name).spki
        args = {
            "region": 32,
            "authority": _b(authority),
            "keyId": suites.key_id(spki),
            "suite": "ES256",
            "purpose": purpose,
            "spki": spki,
            "notBefore": T0 - 1000,
            "notAfter": 0,
            "x509Hash": bytes(32),
        }
        self.block("KeyAdded", **{each: changed.get(f"key_{each}", value) for each, value in args.items()})

    def recognise(self, *, accepted: bool, accepting: int = 31, issuing: int = 32, since: int = T0 - 1000) -> None:
        types = _types()
        self.block(
            "RecognitionSet",
            accepting=accepting,
            types=types,
            issuing=[issuing] * len(types),
            accepted=[accepted] * len(types),
            **{"from": since},
        )

    def status(self, index: int, status: int, *, effective: int | None = None) -> None:
        at = self.time if effective is None else effective
        self.block("StatusChanged", region=32, list=1, indices=[index], status=status, effectiveAt=at)

    def issue(
        self, *, kind: CertificateType = CARD, key: str = ISSUER_KEY, index: int = 7, **changed: object
    ) -> Issued:
        face = Face(
            licence=licence_id(type_code=changed.pop("type_code", kind.code), issuer=ISSUER, serial="00000000DEADBEEF"),
            division="320509",
            iat=self.time,
            nbf=T0 - 500,
            exp=T0 + 10_000_000,
            status=StatusRef("https://example.test/status-lists/32-1", index),
            elements={"XM": "李示例", "QFJG": "示例公安局"} if kind is CARD else {},
            holders=(LI,),
        )
        return Issued(certificate.sign(replace(face, **changed), signer(key)))

    def anchor(self, *issued: Issued, region: int = 32, hash_alg: int = 1, time: int | None = None) -> list[Issued]:
        in_sm3 = hash_alg == suites.SM3
        leaves = [each.sm3_fingerprint if in_sm3 else each.fingerprint for each in issued]
        tree = Tree(leaves, suites.SM3 if in_sm3 else suites.SHA256)
        self.batches += 1
        self.block(
            "BatchAnchored",
            time=time,
            region=region,
            kind=1,
            number=self.batches,
            root=tree.root,
            hashAlg=hash_alg,
            size=len(leaves),
            previous=bytes(32),
        )
        return [replace(each, receipt=self.receipt(tree, n)) for n, each in enumerate(issued)]

    def receipt(self, tree: Tree, index: int) -> AnchorReceipt:
        return AnchorReceipt(CHAIN, "0x" + ANCHOR.hex(), self.batches, index, tree.size, tuple(tree.path(index)))

    def anchored(self, **changed: object) -> Issued:
        (issued,) = self.anchor(self.issue(**changed))
        return issued

    def anchored_at(self) -> int:
        """Anchor one and tell its batch's time, which is the same in every world that took the same steps."""
        self.anchored()
        return self.time

    def judge(self, shown: Issued | Evidence, *, question: Question = QUESTION, now: int | None = None) -> Judged:
        evidence = shown.presented if isinstance(shown, Issued) else shown
        return verify(evidence, question=question, replica=self.replica, now=self.now if now is None else now)


def found(judged: Judged, group: Group) -> Finding:
    (finding,) = (each for each in judged.findings if each.check is group)
    return finding


def told(judged: Judged, group: Group) -> str:
    finding = found(judged, group)
    return f"{finding.outcome.value} {finding.code}"


def _b(text: str) -> bytes:
    return text.encode() if text else bytes(18)


def _types() -> list[bytes]:
    return [kind.code.encode() for kind in (CARD, VEHICLE, ESTATE)]

"""A home region in miniature: reads every text as its own code and answers as it is told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import sha256

from ecert.domain import jws, offline
from ecert.domain.errors import EcertError, Malformed
from ecert.domain.holders import HolderRef
from ecert.domain.offline import OfflineCertificate, OfflineClaims, StatusPlace
from ecert.domain.redeem import TYP, Mutable, RedeemClaims, Shown, response_claims
from ecert.domain.signer import key_id
from ecert.domain.use import Use, use_hash
from tests.unit.verifier.build import CARD, ISSUER_KEY, LI, T0, Issued, World, signer
from verifier.redemptions import Reading, Redemption, redeem
from verifier.report import Report

ITEM = "EC-0001"
USE = Use(
    organisation="青浦区行政服务中心",
    operator="窗口01",
    item_name="不动产登记档案查询",
    item_code=ITEM,
    case_number="QP-1",
    purpose="办理",
    device="desk-1",
    division="310118",
    legal_basis="duty",
)
CODE = "https://s.sh.gov.cn/example"
NONCE = bytes(range(8))


@dataclass
class HomeRegion:
    """Answers with `shown`; `changed` alters the claims, `failure` is raised instead, `text` is sent instead."""

    world: World
    shown: tuple[Shown, ...] = ()
    key: str = "code"
    changed: dict[str, object] = field(default_factory=dict)
    failure: EcertError | None = None
    text: str | None = None
    kind: str = "online"
    asked: list[str] = field(default_factory=list)

    def read(self, text: str) -> Reading:
        if text == "none":
            raise Malformed("code.unrecognised")
        kind = "offline" if text.startswith(offline.PREFIX) else self.kind
        return Reading(kind, 32, text.strip())

    def redeem(
        self,
        *,
        text: str,
        use: Use,
        holder: HolderRef | None,
        requester: str,
        asker: str,
        idempotency_key: str,
        now: int,
    ) -> str:
        self.asked.append(f"{asker} {idempotency_key}")
        if self.failure:
            raise self.failure
        claims = RedeemClaims(
            region=32,
            iat=now,
            jti="j",
            code=sha256(text.encode()).digest(),
            kind="online",
            audience=requester,
            use=use_hash(use),
            item=use.item_code,
            holder_match=None if holder is None else holder == LI.ref,
            certificates=self.shown,
            missing=(),
        )
        signed = jws.sign(signer(self.key), typ=TYP, claims=response_claims(replace(claims, **self.changed)))
        return signed if self.text is None else self.text


def shown(issued: Issued, **mutable: Mutable) -> Shown:
    return Shown(str(issued.sd_jwt), issued.receipt, mutable, None)


def ask(home: HomeRegion, *, code: str = CODE, holder: HolderRef | None = None, later: int = 0, **use: str) -> Report:
    redemption = Redemption(code, replace(USE, **use), holder, "key:1", "key-1")
    return redeem(redemption, codes=home, replica=home.world.replica, now=home.world.now + later)


def entry(issued: Issued, *, type_no: int = CARD.no, **changed: object) -> OfflineCertificate:
    assert issued.receipt is not None
    certificate = OfflineCertificate(
        type_no=type_no,
        status=StatusPlace(32, 1, 7),
        division="320509",
        authority_key=key_id(signer(ISSUER_KEY).spki),
        nbf=T0 - 500,
        exp=T0 + 10_000_000,
        batch=issued.receipt.batch,
        fingerprint=issued.fingerprint,
        elements={"XM": "李示例"},
    )
    return replace(certificate, **changed)


def offline_code(world: World, *certificates: OfflineCertificate, key: str = "code", **changed: object) -> str:
    claims = OfflineClaims(
        region=32,
        iat=world.now - 10,
        exp=world.now + 3600,
        nonce=NONCE,
        item=ITEM,
        holder=offline.commitment(LI.ref, nonce=NONCE),
        agent=None,
        certificates=certificates,
    )
    return offline.encode(replace(claims, **changed), signer(key))

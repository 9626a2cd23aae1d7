"""A small world for the codes: four issuing registers that hold real certificates, and a home for all four regions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from ecert.domain import certificate, suites
from ecert.domain.catalogue import by_no
from ecert.domain.certificate import Face
from ecert.domain.errors import Unavailable
from ecert.domain.holders import Holder, HolderRef
from ecert.domain.ids import licence_id, new_serial, uscc_check
from ecert.domain.receipt import AnchorReceipt
from ecert.domain.signer import LocalSigner
from ecert.domain.status import StatusRef
from ecert.domain.use import Use
from wallet_codes.holdings import Held, HoldingsRequest
from wallet_codes.home import Home
from wallet_codes.redeem import RedeemRequest

NOW = 1_790_000_000
CARD, DRIVING, BIRTH, ESTATE, LICENCE = (by_no(no).code for no in (1, 2, 10, 24, 26))
LI = HolderRef("001", "320599198803070011")
WANG = HolderRef("001", "310199198803070026")
FIRM = HolderRef("USCC", "91350100M000100Y43")
RECEIPT = AnchorReceipt(310_000, "0x" + "a1" * 20, 7, 0, 1, ())
SECRETS = ("320599198803070011", "310199198803070026", "91350100M000100Y43", "李示例", "示例路88号", "2026-0001")
FACES: Mapping[str, Mapping[str, object]] = {
    CARD: {"XM": "李示例", "GMSFHM": LI.id, "ZZ": "示例路88号", "YXQJZRQ": "2036-05-01"},
    DRIVING: {"ZH": LI.id, "XM": "李示例", "ZJCX": "C1", "DABH": "320500000001"},
    ESTATE: {
        "BDCQZH": "苏(2026)苏州市吴江区不动产权第0000001号",
        "QLR": [{"XM": "李示例"}],
        "ZL": "示例路88号",
        "BDCDYH": "320509001001GB00001F00010001",
    },
    LICENCE: {"TYSHXYDM": FIRM.id, "MC": "示例有限公司", "FDDBR": "李示例", "ZS": "示例路1号"},
    BIRTH: {"XSEXM": "李小例", "CSSJ": "2018-05-01T08:00:00+08:00"},
}
USE = Use(
    organisation="青浦区示例政务服务中心",
    operator="示例窗口人员",
    item_name="不动产登记档案查询（图纸）",
    item_code="EC-0001",
    case_number="2026-0001",
    purpose="查询本人不动产登记档案",
    device="win-07",
    division="310118",
    legal_basis="duty",
)


@cache
def code_signer(region: int) -> LocalSigner:
    del region  # `cache` makes one key for each
    return suites.load_signer("ES256", suites.generate("ES256"))


def held(
    type_code: str,
    *,
    owner: HolderRef = LI,
    region: int = 32,
    elements: Mapping[str, object] | None = None,
    **changed: object,
) -> Held:
    issuer = f"11{region}9900MB0000001"
    issuer += uscc_check(issuer)
    kind = "organisation" if owner.id_type == "USCC" else "person"
    face = Face(
        licence=licence_id(type_code=type_code, issuer=issuer, serial=new_serial()),
        division=f"{region}0509" if region == 32 else f"{region}",
        iat=NOW - 1000,
        nbf=NOW - 10_000,
        exp=NOW + 10_000_000,
        status=StatusRef(f"https://example.test/status-lists/{region}-1", 70_001),
        elements=FACES[type_code] if elements is None else elements,
        holders=(Holder(kind, owner.id_type, owner.id, "李示例"),),
    )
    signer = suites.load_signer("ES256", suites.generate("ES256"))
    whole = Held(type_code, str(certificate.sign(face, signer)), RECEIPT, {}, None)
    return replace(whole, **changed)


@dataclass
class Register:
    """An issuing region that keeps its promise: what the holder has, newest first; Unavailable when stopped."""

    kept: dict[HolderRef, list[Held]] = field(default_factory=dict)
    asked: list[HoldingsRequest] = field(default_factory=list)
    is_stopped: bool = False

    def held(self, request: HoldingsRequest) -> tuple[Held, ...]:
        if self.is_stopped:
            raise Unavailable("issuer.unreachable")
        self.asked.append(request)
        return tuple(each for each in self.kept.get(request.holder, []) if each.type_code in request.types)

    def give(self, *certificates: Held, owner: HolderRef = LI) -> None:
        self.kept.setdefault(owner, []).extend(certificates)


@dataclass
class Town:
    """The home, its registers, and the audit records in the order in which they were committed."""

    home: Home
    registers: dict[int, Register]
    audited: list[dict[str, Any]]


def asking(text: str, **changed: object) -> RedeemRequest:
    request = RedeemRequest(text, USE, LI, USE.organisation, "key:1", "attempt-1")
    return replace(request, **changed)

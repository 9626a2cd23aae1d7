"""A window of the accepting region: a code is minted, drawn, read from the picture, redeemed and judged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from ecert.app.delta import Delta
from ecert.app.demo.cases import Case, item_for
from ecert.app.demo.places import place_of
from ecert.app.wiring import House
from ecert.domain import ids
from ecert.domain.errors import Malformed
from ecert.domain.holders import HolderRef
from ecert.domain.items import Item
from ecert.domain.receipt import Container, format_container
from ecert.domain.use import LegalBasis, Use
from verifier.presentations import Asking, verify_file
from verifier.redemptions import Redemption, redeem
from verifier.report import Report
from wallet_codes.mint import MintedCode, MintRequest, mint
from wallet_codes.pictures import read_picture
from wallet_codes.qr import draw_png

__all__ = ["Window", "mint_for", "scanned"]

_SLOW: Final = "gateway.slow"
_BASES: Final[dict[str, LegalBasis]] = {"statutory_duty": "duty", "consent": "consent"}


@dataclass(frozen=True, slots=True)
class Window:
    """One window; what it does happens at `now`, which a case may move ahead."""

    delta: Delta
    region: int

    @property
    def house(self) -> House:
        """The deployment that the window belongs to."""
        return self.delta.of(self.region)

    def present(self, minted: MintedCode, *, item: Item, holder: HolderRef | None, typed: bool = False) -> Report:
        """Take the code from its picture, or its digits, and answer for it."""
        text = (minted.typed or "") if typed else scanned(minted)
        now = self.house.floor.now()
        redemption = Redemption(text, self.use(item), holder, f"demo:{self.region}", ids.new_token(64))
        report = redeem(redemption, codes=self.house.codes, replica=self.house.replica, now=now)
        if any(finding.evidence.get("cause") == _SLOW for finding in report.findings):
            # What a clerk does on a busy day: the same request again, by its key, is no second use of the code.
            report = redeem(redemption, codes=self.house.codes, replica=self.house.replica, now=self.house.floor.now())
        return report

    def check(self, container: Container, *, holder: HolderRef, later: int = 0) -> Report:
        """Judge the certificate itself, for the holder whom the clerk has identified."""
        asking = Asking(ids.parse_division(place_of(self.region).division), holder)
        now = self.house.floor.now() + later
        return verify_file(format_container(container), asking=asking, replica=self.house.replica, now=now)

    def use(self, item: Item) -> Use:
        """Say what the certificates are looked at for."""
        place = place_of(self.region)
        return Use(
            organisation=f"示例{place.name}政务服务中心",
            operator="示例窗口人员",
            item_name=item.zh,
            item_code=item.code,
            case_number=f"DEMO-{self.region}",
            purpose="演示办理",
            device=f"demo-window-{self.region}",
            division=ids.parse_division(place.division),
            legal_basis=_BASES[item.basis],
        )


def mint_for(delta: Delta, case: Case, *, ago: int = 0) -> MintedCode:
    """Let the holder, or the organisation's agent, ask their home region for a code, perhaps seconds `ago`."""
    kind: Literal["online", "offline"] = "offline" if case.way == "offline" else "online"
    want = case.want
    request = MintRequest(
        region=want.home,
        holder=want.person,
        kind=kind,
        item=item_for(want.type_no).code,
        types=(want.kind.code,),
        agent_for=want.agent_for,
        typed=case.way == "typed",
    )
    if case.twist == "unknown_item":
        request = replace(request, item=None, types=())
    house = delta.of(want.home)
    return mint(house.home, request, now=house.floor.now() - ago)


def scanned(minted: MintedCode) -> str:
    """Draw a code as its app would show it, and read the picture as a camera would."""
    picture = draw_png(minted.text, region=minted.region, caption=minted.region.caption_zh)
    found = read_picture(picture)
    if len(found) != 1:
        raise Malformed("qr.picture", f"{len(found)} codes were read where one was drawn")
    return found[0]

"""What is done to a row's certificate or code before it is judged; each twist is a few lines and gives a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from ecert.app.delta import Delta
from ecert.app.demo.cases import Case, item_for
from ecert.app.demo.forging import FORGED, Forger
from ecert.app.demo.stock import Stock
from ecert.app.demo.windows import Window, mint_for, scanned
from ecert.domain.errors import NotAllowed
from ecert.domain.receipt import Container
from ecert.domain.sd_jwt import SdJwt, hide_member, split
from ecert.domain.strict import b64url_decode, b64url_encode, loads
from verifier.evidence import Question
from verifier.report import Report, refused
from verifier.subject import Situation

__all__ = ["CHANGED", "TWISTS", "Stage", "show"]

CHANGED: Final = frozenset({"revoked", "suspended", "superseded"})
"""Twists that change a certificate's status between the two halves of the run."""

_TOLD_LATE: Final = 60
"""Seconds by which a time limit is overrun."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What a twist may use."""

    delta: Delta
    stock: Stock
    forger: Forger

    def container(self, case: Case) -> Container:
        """Give the row's certificate, real or forged."""
        return self.forger.container(case) if case.twist in FORGED else self.stock.container(case)

    def window(self, case: Case) -> Window:
        """Open a window in the row's accepting region."""
        return Window(self.delta, case.accept)


def show(stage: Stage, case: Case) -> Report:
    """Show the row's certificate in the row's way, after its twist."""
    return TWISTS.get(case.twist, _as_it_is)(stage, case)


def _as_it_is(stage: Stage, case: Case) -> Report:
    window = stage.window(case)
    if case.way == "file":
        return window.check(stage.container(case), holder=case.want.holder)
    minted = mint_for(stage.delta, case)
    return window.present(minted, item=item_for(case.want.type_no), holder=case.want.person, typed=case.way == "typed")


def _altered_element(stage: Stage, case: Case) -> Report:
    return _checked(stage, case, _with_another_element)


def _altered_signature(stage: Stage, case: Case) -> Report:
    return _checked(stage, case, _with_another_signature)


def _checked(stage: Stage, case: Case, alter: Callable[[SdJwt], SdJwt]) -> Report:
    whole = stage.container(case)
    altered = replace(whole, sd_jwt=str(alter(split(whole.sd_jwt))))
    return stage.window(case).check(altered, holder=case.want.holder)


def _with_another_element(whole: SdJwt) -> SdJwt:
    """Put another address in the place of the one that was signed, under a salt of the forger's own."""
    disclosure, _ = hide_member("ZL", "示例路2号")
    return replace(whole, disclosures=tuple(disclosure if _names(old, "ZL") else old for old in whole.disclosures))


def _names(disclosure: str, element: str) -> bool:
    parts = loads(b64url_decode(disclosure), limit=len(disclosure))
    return isinstance(parts, list) and parts[1] == element


def _with_another_signature(whole: SdJwt) -> SdJwt:
    signed, _, signature = whole.jwt.rpartition(".")
    first, *rest = b64url_decode(signature)
    return replace(whole, jwt=f"{signed}.{b64url_encode(bytes([first ^ 1, *rest]))}")


def _wrong_path(stage: Stage, case: Case) -> Report:
    whole = stage.container(case)
    if whole.receipt is not None:
        head, *rest = whole.receipt.path or (bytes(32),)
        turned = bytes([head[0] ^ 1, *head[1:]])
        whole = replace(whole, receipt=replace(whole.receipt, path=(turned, *rest)))
    return stage.window(case).check(whole, holder=case.want.holder)


def _used_code(stage: Stage, case: Case) -> Report:
    # The same code again is another request of the same window: its idempotency key is new.
    minted, item = mint_for(stage.delta, case), item_for(case.want.type_no)
    stage.window(case).present(minted, item=item, holder=case.want.person)
    return stage.window(case).present(minted, item=item, holder=case.want.person)


def _expired_code(stage: Stage, case: Case) -> Report:
    ago = stage.delta.of(case.want.home).home.code_seconds + 1
    minted = mint_for(stage.delta, case, ago=ago)
    return stage.window(case).present(minted, item=item_for(case.want.type_no), holder=case.want.person)


def _other_holder(stage: Stage, case: Case) -> Report:
    other = case.want.family.people["wife"].ref
    return stage.window(case).present(mint_for(stage.delta, case), item=item_for(case.want.type_no), holder=other)


def _unknown_item(stage: Stage, case: Case) -> Report:
    # The desk's own list would refuse it first; what counts here is the home region's word.
    minted, window = mint_for(stage.delta, case), stage.window(case)
    item = replace(item_for(case.want.type_no), code="EC-9999", zh="未发布的事项")
    use, now = window.use(item), window.house.floor.now()
    try:
        window.house.codes.redeem(
            text=scanned(minted),
            use=use,
            holder=case.want.person,
            requester=use.organisation,
            asker=f"demo:{window.region}",
            idempotency_key="unknown-item",
            now=now,
        )
    except NotAllowed as fault:
        situation = Situation(window.house.replica, Question(case.division, item=item.code), now)
        return refused(fault.code, situation=situation, assurance="online")
    return window.present(minted, item=item, holder=case.want.person)


def _old_replica(stage: Stage, case: Case) -> Report:
    later = case.want.kind.freshness + _TOLD_LATE
    return stage.window(case).check(stage.container(case), holder=case.want.holder, later=later)


def _unreachable(stage: Stage, case: Case) -> Report:
    minted, window = mint_for(stage.delta, case), stage.window(case)
    with stage.delta.without(case.want.home):
        return window.present(minted, item=item_for(case.want.type_no), holder=case.want.person)


TWISTS: Final[Mapping[str, Callable[[Stage, Case], Report]]] = MappingProxyType(
    {
        "altered_element": _altered_element,
        "altered_signature": _altered_signature,
        "wrong_path": _wrong_path,
        "used_code": _used_code,
        "expired_code": _expired_code,
        "other_holder": _other_holder,
        "unknown_item": _unknown_item,
        "old_replica": _old_replica,
        "unreachable": _unreachable,
    }
)
"""Those that act while it is shown; the others acted before."""

"""The two stories, told in Chinese with English beneath, and played with the real rooms (stories.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from ecert.app.delta import Delta
from ecert.app.demo.expectations import Expectation
from ecert.app.demo.people import Household, household
from ecert.app.demo.wants import Want
from ecert.app.demo.windows import Window
from ecert.app.region_keys import region_signer
from ecert.domain.items import Item, by_item_code
from verifier.findings import Verdict
from verifier.receipts import issue_receipt
from verifier.report import CertificateReport, Report
from wallet_codes.mint import MintRequest, mint
from wallet_codes.regions import by_number

__all__ = ["STORIES", "Story"]

_SUITE: Final = "ES256"
_SHOWN: Final = 40


@dataclass(frozen=True, slots=True)
class Story:
    """Who shows what where, and the sentences that tell it."""

    name: str
    region: int
    accept: int
    number: int
    item: Item
    types: tuple[int, ...]
    zh: tuple[str, ...]
    en: tuple[str, ...]

    @property
    def wants(self) -> tuple[Want, ...]:
        """The certificates that are needed."""
        return tuple(Want(no, _SUITE, self.region, self.region, self.number) for no in self.types)

    @property
    def family(self) -> Household:
        """The household that it is about."""
        return household(self.region, self.number)

    def lines(self) -> Iterator[str]:
        """Tell it, each sentence in Chinese and then in English."""
        person = self.family.people["husband"].name
        words = {"person": person, "org": self.family.organisations["enterprise"].name, "item": self.item.zh}
        for zh, en in zip(self.zh, self.en, strict=True):
            yield zh.format_map(words)
            yield f"  {en.format_map(words)}"

    def play(self, delta: Delta) -> tuple[Expectation, list[str]]:
        """Play it; return how it ended, and what the window sees."""
        home, window = delta.of(self.region), Window(delta, self.accept)
        house = window.house
        now = house.floor.now()
        organisation = next((want.agent_for for want in self.wants if want.agent_for), None)
        person = self.family.people["husband"].ref
        request = MintRequest(region=self.region, holder=person, item=self.item.code, agent_for=organisation)
        report = window.present(mint(home.home, request, now=now), item=self.item, holder=person)
        receipt = issue_receipt(
            report,
            use=window.use(self.item),
            region=self.accept,
            signer=region_signer(house.floor.keys, self.accept, "receipt"),
            database=house.floor.database,
            audit=house.audit.record,
            now=now,
        )
        return self._expectation(report), [*_seen(report), f"回执 receipt  {receipt[:_SHOWN]}…"]

    def _expectation(self, report: Report) -> Expectation:
        return Expectation(
            name=self.name,
            type=None,
            region=str(self.region),
            suite=_SUITE,
            code=by_number(self.region).code,
            expected=Verdict.ACCEPT.value,
            got=report.verdict.value,
            held=report.verdict is Verdict.ACCEPT and len(report.certificates) == len(self.types),
        )


def _seen(report: Report) -> Iterator[str]:
    for each in report.certificates:
        yield from _certificate(each)
    for reason in report.reasons:
        if report.verdict is not Verdict.ACCEPT:
            yield f"{reason.zh} {reason.en} ({reason.code})"
    yield f"结论 verdict  {report.verdict.value}"


def _certificate(each: CertificateReport) -> Iterator[str]:
    if each.subject is None:
        return
    kind = each.subject.kind
    yield f"{kind.zh} {kind.en}: {each.authority[1] if each.authority else '-'}"
    for element in kind.elements:
        if element.key in each.subject.elements:
            yield f"  {element.zh} {element.en}: {_value(each.subject.elements[element.key])}"


def _value(value: object) -> str:
    match value:
        case list():
            return "；".join(_value(entry) for entry in value)
        case dict():
            return "，".join(str(part) for part in value.values())
        case _:
            return str(value)


def _story(row: dict[str, Any]) -> Story:
    return Story(
        name=row["name"],
        region=row["region"],
        accept=row["accept"],
        number=row["household"],
        item=by_item_code(row["item"]),
        types=tuple(row["types"]),
        zh=tuple(row["zh"]),
        en=tuple(row["en"]),
    )


STORIES: Final = tuple(
    _story(row) for row in tomllib.loads((files(__package__) / "stories.toml").read_text("utf-8"))["stories"]
)
"""In the order in which they are told."""

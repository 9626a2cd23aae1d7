"""Do the certificates suffice for the item; what is missing is named with its alternatives, all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ecert.domain.items import Item, Requirement, elements_for
from verifier.evidence import Redeemed
from verifier.findings import Verdict
from verifier.verify import Judged

__all__ = ["Need", "State", "Sufficiency", "assess", "overall"]


class State(StrEnum):
    """How one of an item's requirements stands; only FOLLOWS (容缺) and MET let the case go on."""

    MET = "met"
    FOLLOWS = "follows"
    UNDECIDED = "undecided"
    REFUSED = "refused"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Need:
    """One requirement: the types of which any one will do, and what of the item's elements was not shown of it."""

    any_of: tuple[str, ...]
    state: State
    not_shown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sufficiency:
    """Over one item: `verdict` accepts only if it is complete; `is_too_low` where the item wants more assurance."""

    item: Item
    needs: tuple[Need, ...]
    is_too_low: bool
    verdict: Verdict

    @property
    def is_complete(self) -> bool:
        """Whether the case can be opened."""
        return not self.is_too_low and all(need.state in {State.MET, State.FOLLOWS} for need in self.needs)


def assess(item: Item, judged: Sequence[Judged]) -> Sufficiency:
    """Hold the certificates against the item's requirements; one certificate may meet several."""
    needs = tuple(_need(item, requirement, judged) for requirement in item.required)
    is_too_low = any(not item.takes(each.profile.assurance) for each in judged)
    return Sufficiency(item, needs, is_too_low, _verdict(needs, is_too_low=is_too_low))


def overall(judged: Sequence[Judged]) -> Verdict:
    """Give the verdict over certificates that no item asked for: as good as the worst of them."""
    verdicts = {each.verdict for each in judged}
    if Verdict.REFUSE in verdicts:
        return Verdict.REFUSE
    return Verdict.ACCEPT if verdicts == {Verdict.ACCEPT} else Verdict.CANNOT_DECIDE


def _need(item: Item, requirement: Requirement, judged: Sequence[Judged]) -> Need:
    shown = [each for each in judged if each.subject and each.subject.kind.code in requirement.any_of]
    for verdict, state in _STATES:
        for each in shown:
            if each.verdict is verdict:
                return Need(requirement.any_of, state, _not_shown(item, each))
    # What could not be read at all may have been any of them.
    unread = {each.verdict for each in judged if each.subject is None}
    if unread:
        return Need(requirement.any_of, State.REFUSED if Verdict.REFUSE in unread else State.UNDECIDED)
    follows = set(requirement.any_of) <= set(item.follow_up)
    return Need(requirement.any_of, State.FOLLOWS if follows else State.MISSING)


_STATES = (
    (Verdict.ACCEPT, State.MET),
    (Verdict.CANNOT_DECIDE, State.UNDECIDED),
    (Verdict.REFUSE, State.REFUSED),
)


def _not_shown(item: Item, judged: Judged) -> tuple[str, ...]:
    if judged.subject is None:
        return ()
    mutable = judged.evidence.shown.mutable if isinstance(judged.evidence, Redeemed) else {}
    needed = elements_for(item, judged.subject.kind.code)
    return tuple(key for key in needed if key not in judged.subject.elements and key not in mutable)


def _verdict(needs: Sequence[Need], *, is_too_low: bool) -> Verdict:
    states = {need.state for need in needs}
    if State.REFUSED in states:
        return Verdict.REFUSE
    if is_too_low or not states <= {State.MET, State.FOLLOWS}:
        return Verdict.CANNOT_DECIDE
    return Verdict.ACCEPT

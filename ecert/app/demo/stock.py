"""The certificates that the table shows: issued in one batch, or those of an earlier run that still stand.

Real use cases of the issuer room alone; what is forged stands in forging.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from ecert.app.delta import Delta
from ecert.app.demo.cases import Case
from ecert.app.demo.wants import Want
from ecert.domain import certificate
from ecert.domain.catalogue import by_code, lapsed_elements
from ecert.domain.dates import civil_day
from ecert.domain.receipt import Container
from ecert.domain.status import Status
from issuer.changes import Change, change_many
from issuer.grounds import Action
from issuer.held import HeldCertificate, held
from issuer.issue import issue_many
from issuer.kept import read
from issuer.renew import renew

__all__ = ["Stock"]

_BEGUN: Final = timedelta(days=30)
_LAPSED: Final = timedelta(days=6 * 366)
_MOST_KEPT: Final = 20
"""A region answers with at most 64 certificates: what every run revokes anew is not heaped up without end."""

_MARGIN: Final = 86_400


@dataclass(slots=True)
class Stock:
    """Licence identifiers by what they were wanted for."""

    delta: Delta
    certificates: dict[tuple[Want, str], str] = field(default_factory=dict)

    def fill(self, cases: Iterable[Case], others: Iterable[Want] = ()) -> None:
        """Issue what does not stand yet, in one transaction a deployment; anchored after the next settle."""
        wanted = {(want, ""): _ordinary(self.delta) for want in others}
        wanted |= {(case.want, _share(case.twist)): _first_day(self.delta, case.twist) for case in cases}
        for key in wanted:
            standing = self._standing(*key)
            if standing is not None:
                self.certificates[key] = standing
        missing = [key for key in wanted if key not in self.certificates]
        if missing:
            self._issue({key: wanted[key] for key in missing})

    def container(self, case: Case) -> Container:
        """Give the certificate as its authority hands it out, with its receipt once it is anchored."""
        licence = self.certificates[case.want, _share(case.twist)]
        return read(self.delta.of(case.want.region).issuer, licence, authority=case.want.seat.uscc).container

    def change(self, case: Case) -> None:
        """Do to the certificate what its case is about: revoke, suspend or supersede it."""
        key = case.want, _share(case.twist)
        uscc, house = case.want.seat.uscc, self.delta.of(case.want.region)
        if read(house.issuer, self.certificates[key], authority=uscc).status is not Status.VALID:
            return
        now = house.floor.now()
        if case.twist == "superseded":
            request = case.want.request(_ordinary(self.delta))
            renew(house.issuer, self.certificates[key], request, now=now)
            return
        action, ground = _CHANGES[case.twist]
        change_many(house.issuer, [Change(self.certificates[key], action, ground)], authority=uscc, now=now)

    def _issue(self, wanted: Mapping[tuple[Want, str], date]) -> None:
        for house in self.delta.each:
            own = {key: first for key, first in wanted.items() if key[0].region in house.floor.regions}
            requests = [want.request(first) for (want, _), first in own.items()]
            issued = issue_many(house.issuer, requests, now=house.floor.now()) if requests else []
            self.certificates |= {key: one.licence_id for key, one in zip(own, issued, strict=True)}

    def _standing(self, want: Want, share: str) -> str | None:
        if share in _ANEW:
            return None
        house = self.delta.of(want.region)
        found = held(house.issuer, region=want.region, holder=want.holder, types=(want.kind.code,))
        good = [one for one in found if one.status is Status.VALID and (share == "expired" or self._is_current(one))]
        if not good and len(found) < _MOST_KEPT:
            return None
        return (good or found)[0].licence_id

    def _is_current(self, one: HeldCertificate) -> bool:
        now, face = _now(self.delta), certificate.parse(one.sd_jwt)
        later = now + _MARGIN
        lapsed = lapsed_elements(by_code(face.type_code), face.elements, on=civil_day(later))
        return face.nbf <= now and (face.exp is None or later < face.exp) and not lapsed


_CHANGES: Final[Mapping[str, tuple[Action, str]]] = {
    "revoked": ("revoke", "lost"),
    "suspended": ("suspend", "holder_request"),
}
_ANEW: Final = frozenset({"not_yet", "not_anchored"})
_OWN: Final = frozenset({"expired", *_ANEW})


def _share(twist: str) -> str:
    """Tell for which twists a certificate of its own is issued; all others share the one that stands."""
    return twist if twist in _OWN else ""


def _ordinary(delta: Delta) -> date:
    return civil_day(_now(delta)) - _BEGUN


def _first_day(delta: Delta, twist: str) -> date:
    today = civil_day(_now(delta))
    return {"expired": today - _LAPSED, "not_yet": today + _BEGUN}.get(twist, _ordinary(delta))


def _now(delta: Delta) -> int:
    return delta.each[0].floor.now()

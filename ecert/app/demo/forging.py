"""What no use case would issue, signed here with demonstration keys and anchored like everything else.

Four authorities go wrong: one that nobody registered, one that was not granted the type, one that has ended, one whose
key was stolen. Keys and certificates are made anew on each run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from ecert.app.delta import Delta
from ecert.app.demo.acts import Act, queue
from ecert.app.demo.authorities import SPECIAL, Seat
from ecert.app.demo.cases import Case
from ecert.app.demo.faces import fill
from ecert.app.demo.founding import SINCE
from ecert.domain import certificate
from ecert.domain.dates import civil_day, validity
from ecert.domain.ids import licence_id, new_serial
from ecert.domain.receipt import Container
from ecert.domain.signer import Signer, key_id
from ecert.domain.status import StatusRef
from ecert.domain.suites import generate, load_signer
from issuer.places import draw_places
from ledger import acts

__all__ = ["FORGED", "Forger"]

FORGED: Final = {
    "stranger": "stranger",
    "overreaching": "overreaching",
    "dissolved": "dissolved",
    "robbed_before": "robbed",
    "robbed_after": "robbed",
}
"""Twist to the authority of authorities.toml that signs it."""


@dataclass(slots=True)
class Forger:
    """This run's keys, by authority, and what they signed, by the case's name."""

    delta: Delta
    keys: dict[str, Signer] = field(default_factory=dict)
    signed: dict[str, tuple[int, str]] = field(default_factory=dict)

    def appoint(self) -> None:
        """Register all but the stranger with this run's keys, and end the one that is to be dissolved."""
        self.keys = {name: load_signer("ES256", generate("ES256")) for name in SPECIAL}
        queue(self.delta, [act for name, seat in SPECIAL.items() for act in self._acts(name, seat)])

    def forge(self, case: Case) -> None:
        """Sign a certificate and put its fingerprint into the region's outbox."""
        name = FORGED[case.twist]
        seat = SPECIAL[name]
        house = self.delta.of(seat.region)
        now = house.floor.now()
        made = str(certificate.sign(self._face(case, seat, now), self.keys[name]))
        fingerprint = certificate.parse(made).fingerprint
        with house.floor.database.transaction() as connection:
            house.anchoring.enqueue(connection, region=seat.region, fingerprints=[fingerprint], now=now)
        self.signed[case.name] = seat.region, made

    def rob(self) -> None:
        """Declare the robbed authority's key compromised from after the newest block on."""
        seat = SPECIAL["robbed"]
        house = self.delta.of(seat.region)
        since = house.replica.head.time + 1
        stolen = key_id(self.keys["robbed"].spki)
        call = acts.declare_compromised(
            house.directory, region=seat.region, owner=seat.uscc, key_id=stolen, since=since
        )
        queue(self.delta, [(seat.region, call)])

    def container(self, case: Case) -> Container:
        """Give the forged certificate with its receipt."""
        region, made = self.signed[case.name]
        fingerprint = certificate.parse(made).fingerprint
        house = self.delta.of(region)
        with house.floor.database.reading() as connection:
            receipt = house.anchoring.receipt(connection, region=region, fingerprint=fingerprint)
        return Container(made, receipt)

    def _acts(self, name: str, seat: Seat) -> Iterator[Act]:
        if name == "stranger":
            return
        house = self.delta.of(seat.region)
        directory, known = house.directory, house.replica.trust.authorities.get(seat.uscc)
        if known is None:
            names = {"uscc": seat.uscc, "division": seat.division, "name": seat.name}
            yield seat.region, acts.register_authority(directory, **names, not_before=SINCE)
            yield seat.region, acts.grant(directory, uscc=seat.uscc, types=seat.types, since=SINCE)
        yield (
            seat.region,
            acts.add_key(
                directory,
                region=seat.region,
                owner=seat.uscc,
                suite="ES256",
                purpose="certificate",
                spki=self.keys[name].spki,
                not_before=SINCE,
                not_after=None,
            ),
        )
        if name == "dissolved" and (known is None or known.dissolved is None):
            now = house.floor.now()
            yield seat.region, acts.dissolve_authority(directory, uscc=seat.uscc, at=now, successor=None)

    def _face(self, case: Case, seat: Seat, now: int) -> certificate.Face:
        filled = fill(case.want.type_no, home=case.want.family, seat=seat, first=civil_day(now) - timedelta(days=30))
        span = validity(filled.first, filled.last)
        issuer = self.delta.of(seat.region).issuer
        (place,) = draw_places(issuer, region=seat.region, count=1, now=now)
        return certificate.Face(
            licence=licence_id(type_code=filled.kind.code, issuer=seat.uscc, serial=new_serial()),
            division=case.want.division,
            iat=now,
            nbf=span.nbf,
            exp=span.exp,
            status=StatusRef(issuer.list_uri(region=place.region, number=place.number), place.index),
            elements=filled.elements,
            holders=filled.holders,
        )

"""One certificate that the demonstration needs: of which type, from whom, for whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ecert.app.demo.authorities import Seat, seat_for
from ecert.app.demo.faces import fill, showing
from ecert.app.demo.people import Household, household
from ecert.app.demo.places import place_of
from ecert.domain.catalogue import CATALOGUE, CertificateType
from ecert.domain.holders import HolderRef
from issuer.face import IssueRequest

__all__ = ["Want"]


@dataclass(frozen=True, slots=True)
class Want:
    """A type by its number, issued in `region` to a household whose home, and whose code, is `home`."""

    type_no: int
    suite: str
    region: int
    home: int
    number: int

    @property
    def kind(self) -> CertificateType:
        """The type."""
        return CATALOGUE.by_no(self.type_no)

    @property
    def seat(self) -> Seat:
        """The authority that issues it."""
        return seat_for(self.region, self.type_no)

    @property
    def family(self) -> Household:
        """The household that it is for."""
        return household(self.home, self.number)

    @property
    def person(self) -> HolderRef:
        """The person who shows it at a window."""
        return showing(self.type_no, self.family).person

    @property
    def agent_for(self) -> HolderRef | None:
        """The organisation for which the person shows it."""
        return showing(self.type_no, self.family).organisation

    @property
    def holder(self) -> HolderRef:
        """Whom it is issued to: the organisation, or the person."""
        return self.agent_for or self.person

    @property
    def division(self) -> str:
        """The county that it is issued in, six digits."""
        return place_of(self.region).division

    def request(self, first: date) -> IssueRequest:
        """Ask the authority for it, valid from `first`."""
        face = fill(self.type_no, home=self.family, seat=self.seat, first=first)
        return IssueRequest(
            authority=self.seat.uscc,
            type_code=face.kind.code,
            division=self.division,
            holders=face.holders,
            elements=face.elements,
            first_day=first,
            last_day=face.last,
            mutable=face.mutable,
            suite=self.suite,
        )

"""What a consortium needs before the first certificate: keys, authorities, recognitions and released lists.

Everything is judged by what was followed from the chain, so doing it again asks for what is missing only, and an
interrupted beginning goes on where it was. `ecert serve` does the same on an empty home.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from hashlib import sha256
from importlib.resources import files
from typing import Final

from ecert.app.demo.authorities import SEATS, Seat
from ecert.app.wiring import REGION_SUITE, House, region_signer
from ecert.domain.catalogue import CATALOGUE
from ecert.domain.dates import start_of_day
from ecert.domain.errors import Unavailable
from ecert.domain.items import ITEMS
from ecert.domain.signer import key_id
from ecert.domain.suites import SUITES
from issuer.authorities import Authority, establish
from ledger import acts
from ledger.port import Call
from verifier.recognition import cells

__all__ = ["SINCE", "bootstrap", "issuing_suites", "queue"]

SINCE: Final = start_of_day(date(2024, 1, 1))
"""From when everything here counts, in legal time."""

_PURPOSES: Final = ("code", "gateway", "receipt", "status")
_VOTING_SECONDS: Final = 86_400

Act = tuple[int, Call]
"""A call and the region whose admin sends it."""


def bootstrap(house: House) -> None:
    """Bring the chain to where authorities can issue and every region's codes can be judged."""
    house.settle()
    queue(house, [*_region_keys(house), *_authorities(house), *_recognitions(house)])
    house.settle()
    _release(house, {"catalogue": CATALOGUE.sha256, "items": ITEMS.sha256, "recognition": _recognition_sha256()})


def queue(house: House, wanted: Iterable[Act]) -> None:
    """Queue acts, each signed by its own region's admin, in one transaction."""
    acts_wanted = list(wanted)
    with house.floor.database.transaction() as connection:
        for region, call in acts_wanted:
            house.floor.sending.queue(connection, call, account=f"{region}-admin", now=house.floor.now())


def issuing_suites() -> tuple[str, ...]:
    """Name the suites that this process can issue with; SM2-SM3 only where Python's libcrypto has it."""
    return tuple(name for name in ("ES256", "SM2-SM3") if SUITES[name].available)


def _region_keys(house: House) -> Iterator[Act]:
    for region in house.floor.regions:
        for purpose in _PURPOSES:
            spki = region_signer(house.floor.keys, region, purpose).spki
            if house.replica.trust.key(region=region, owner=None, key_id=key_id(spki)) is None:
                yield (
                    region,
                    acts.add_key(
                        house.directory,
                        region=region,
                        owner=None,
                        suite=REGION_SUITE,
                        purpose=purpose,
                        spki=spki,
                        not_before=SINCE,
                        not_after=None,
                    ),
                )


def _authorities(house: House) -> Iterator[Act]:
    for seat in SEATS:
        if seat.region in house.floor.regions:
            for call in establish(house.issuer, _authority(seat), now=house.floor.now()):
                yield seat.region, call


def _authority(seat: Seat) -> Authority:
    return Authority(
        uscc=seat.uscc,
        region=seat.region,
        division=seat.division,
        name=seat.name,
        suites=issuing_suites(),
        types=seat.types,
        not_before=SINCE,
    )


def _recognitions(house: House) -> Iterator[Act]:
    now, trust = house.floor.now(), house.replica.trust
    for region in house.floor.regions:
        missing = [
            (cell.type_code, cell.issuing, cell.accepted)
            for cell in cells()
            if cell.accepting == str(region)
            and cell.accepted
            != trust.recognises(
                accepting=cell.accepting, type_code=cell.type_code, issuing=cell.issuing, at=now, known_at=now
            )
        ]
        if missing:
            yield region, acts.recognise(house.directory, accepting=str(region), cells=missing, since=SINCE)


def _release(house: House, lists: dict[str, bytes]) -> None:
    """Release the shared lists by vote: the first region proposes, all vote, the first executes."""
    released = {(release.name, release.sha256) for release in house.replica.trust.releases}
    missing = {name: digest for name, digest in lists.items() if (name, digest) not in released}
    if not missing:
        return
    first, directory, now = min(house.floor.regions), house.directory, house.floor.now()
    (count,) = house.floor.ledger.ask(directory.call("Consortium", "proposalCount"))
    if not isinstance(count, int):
        raise Unavailable("ledger.unfounded", "the Consortium does not count its proposals")
    numbers = range(count + 1, count + 1 + len(missing))
    publish = [
        house.floor.ledger.encode(
            directory.call("Consortium", "publishRelease", name, digest.hex()[:12], digest, now)
        )
        for name, digest in missing.items()
    ]
    queue(house, [(first, directory.call("Consortium", "propose", it, now + _VOTING_SECONDS)) for it in publish])
    house.settle()
    votes = [(region, directory.call("Consortium", "vote", n)) for region in house.floor.regions for n in numbers]
    queue(house, votes)
    house.settle()
    queue(house, [(first, directory.call("Consortium", "execute", number)) for number in numbers])
    house.settle()


def _recognition_sha256() -> bytes:
    return sha256((files("verifier") / "recognition.toml").read_bytes()).digest()

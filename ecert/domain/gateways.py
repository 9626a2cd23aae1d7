"""Who speaks: the gateway key that signed a request, looked up in what the chain says of regions and partners.

A region's key must have the purpose `gateway` and be in force now; a partner's stands in its sponsorship, which must
be in force too. Nothing else is asked for: no shared secret and no account (docs/spec/gateway.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeAlias

from ecert.domain.errors import Malformed, NotAllowed
from ecert.domain.signer import key_id
from ecert.domain.strict import b64url_decode
from ecert.domain.suites import SUITES, check_key
from ecert.domain.trust import FOREVER, KeyRecord, Partner, TrustState

__all__ = ["Gateway", "PartnerGateway", "RegionGateway", "find_gateway", "suite_of"]

PURPOSE = "gateway"
_KEY_ID = 32


@dataclass(frozen=True, slots=True)
class RegionGateway:
    """A member region's own gateway, with the suite and key (SPKI DER) that it signs with."""

    region: int
    suite: str
    spki: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PartnerGateway:
    """A sponsored partner: `region` is its sponsor, `items` the service items that it may use."""

    region: int
    suite: str
    spki: bytes = field(repr=False)
    uscc: str
    name: str
    items: tuple[str, ...]

    def hold_item(self, code: str | None) -> None:
        """Raise NotAllowed("partner.item") unless the sponsorship names the item."""
        if code not in self.items:
            raise NotAllowed("partner.item", code or "")


Gateway: TypeAlias = RegionGateway | PartnerGateway


def find_gateway(trust: TrustState, kid: str, *, now: int) -> Gateway:
    """Find who signs with a key.

    NotAllowed `gateway.key_unknown`, `gateway.key_period`, `gateway.key_revoked`, `gateway.key_compromised`,
    `gateway.region_left`, `partner.ended`; Malformed `base64.*`.
    """
    name = b64url_decode(kid)
    if len(name) != _KEY_ID:
        raise NotAllowed("gateway.key_unknown")
    for record in trust.keys_of(name):
        if record.owner is None and record.purpose == PURPOSE:
            _hold_key(record, now)
            _hold_member(trust, record.region)
            return RegionGateway(record.region, record.suite, record.spki)
    return _partner(trust, name, now)


def suite_of(spki: bytes) -> str:
    """Tell the suite of a public key by its form; Malformed("suite.key")."""
    for name in SUITES:
        with suppress(Malformed):
            check_key(name, spki)
            return name
    raise Malformed("suite.key", "a key of no suite")


def _hold_key(record: KeyRecord, now: int) -> None:
    if not record.in_period(now):
        raise NotAllowed("gateway.key_period")
    if record.is_revoked(at=now, known_at=FOREVER):
        raise NotAllowed("gateway.key_revoked")
    if record.is_compromised(at=now, known_at=FOREVER):
        raise NotAllowed("gateway.key_compromised")


def _hold_member(trust: TrustState, region: int) -> None:
    member = trust.members.get(region)
    if member is None or member.removed is not None:
        raise NotAllowed("gateway.region_left", str(region))


def _partner(trust: TrustState, name: bytes, now: int) -> PartnerGateway:
    """Find a partner; one whom several regions sponsor with one key speaks for the first sponsorship in force."""
    known = sorted(_sponsored(trust, name), key=lambda partner: partner.region)
    if not known:
        raise NotAllowed("gateway.key_unknown")
    for partner in known:
        if partner.in_force(now):
            _hold_member(trust, partner.region)
            key = partner.gateway_key
            return PartnerGateway(partner.region, suite_of(key), key, partner.uscc, partner.name, partner.items)
    raise NotAllowed("partner.ended", known[0].uscc)


def _sponsored(trust: TrustState, name: bytes) -> Iterator[Partner]:
    return (partner for partner in list(trust.partners.values()) if key_id(partner.gateway_key) == name)

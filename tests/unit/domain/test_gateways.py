from __future__ import annotations

from typing import Any

import pytest

from ecert.domain.errors import EcertError, Malformed, NotAllowed
from ecert.domain.gateways import PartnerGateway, RegionGateway, find_gateway, suite_of
from ecert.domain.signer import key_id, kid
from ecert.domain.suites import generate, load_signer
from ecert.domain.trust import TrustState

NOW = 500
SIGNER = load_signer("ES256", generate("ES256"))
USCC = b"91350100M000100Y43"
ADDED: dict[str, Any] = {
    "region": 32,
    "authority": bytes(18),
    "keyId": key_id(SIGNER.spki),
    "suite": "ES256",
    "purpose": "gateway",
    "spki": SIGNER.spki,
    "notBefore": 100,
    "notAfter": 900,
    "x509Hash": bytes(32),
}
NAMED = {"region": 32, "authority": bytes(18), "keyId": key_id(SIGNER.spki)}
SPONSORED: dict[str, Any] = {
    "region": 31,
    "uscc": USCC,
    "name": "示例",
    "gatewayKey": SIGNER.spki,
    "items": ["EC-0001"],
    "until": 800,
}


def told(*events: tuple[str, dict[str, Any]]) -> TrustState:
    state = TrustState()
    for region in (31, 32, 33):
        state.apply("MemberAdmitted", {"region": region, "name": "", "admin": bytes(20)}, time=1, block=1)
    for block, (name, args) in enumerate(events, 2):
        state.apply(name, args, time=10 * block, block=block)
    return state


def test_a_regions_gateway_is_found_by_its_keys_name() -> None:
    assert find_gateway(told(("KeyAdded", ADDED)), SIGNER.kid, now=NOW) == RegionGateway(32, "ES256", SIGNER.spki)


def test_a_partner_speaks_by_its_sponsorship() -> None:
    found = find_gateway(told(("PartnerSponsored", SPONSORED)), SIGNER.kid, now=NOW)

    assert found == PartnerGateway(31, "ES256", SIGNER.spki, USCC.decode(), "示例", ("EC-0001",))
    with pytest.raises(NotAllowed, match=r"partner\.item"):
        found.hold_item("EC-0002")
    with pytest.raises(NotAllowed, match=r"partner\.item"):
        found.hold_item(None)


def test_of_two_sponsorships_one_in_force_is_enough() -> None:
    state = told(
        ("PartnerSponsored", SPONSORED),
        ("PartnerSponsored", SPONSORED | {"region": 33}),
        ("PartnerEnded", {"region": 31, "uscc": USCC}),
    )

    assert find_gateway(state, SIGNER.kid, now=NOW).region == 33


@pytest.mark.parametrize(
    ("events", "now", "code"),
    [
        ([], NOW, "gateway.key_unknown"),
        ([("KeyAdded", ADDED)], 99, "gateway.key_period"),
        ([("KeyAdded", ADDED)], 900, "gateway.key_period"),
        ([("KeyAdded", ADDED | {"purpose": "code"})], NOW, "gateway.key_unknown"),
        ([("KeyAdded", ADDED | {"authority": USCC})], NOW, "gateway.key_unknown"),
        ([("KeyAdded", ADDED), ("KeyRevoked", NAMED | {"revokedAt": 400})], NOW, "gateway.key_revoked"),
        ([("KeyAdded", ADDED), ("KeyCompromised", NAMED | {"since": 400})], NOW, "gateway.key_compromised"),
        ([("KeyAdded", ADDED), ("MemberRemoved", {"region": 32})], NOW, "gateway.region_left"),
        ([("PartnerSponsored", SPONSORED)], 800, "partner.ended"),
        ([("PartnerSponsored", SPONSORED), ("PartnerEnded", {"region": 31, "uscc": USCC})], NOW, "partner.ended"),
        ([("PartnerSponsored", SPONSORED), ("MemberRemoved", {"region": 31})], NOW, "gateway.region_left"),
    ],
)
def test_who_may_not_speak_is_named(events: list[tuple[str, dict[str, Any]]], now: int, code: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        find_gateway(told(*events), SIGNER.kid, now=now)

    assert refused.value.code == code


@pytest.mark.parametrize("name", ["", "AAAA", "not base64!", "A" * 44, kid(b"another")])
def test_any_other_name_is_nobodys(name: str) -> None:
    with pytest.raises(EcertError):
        find_gateway(told(("KeyAdded", ADDED)), name, now=NOW)


def test_a_key_of_no_suite_is_malformed() -> None:
    assert suite_of(SIGNER.spki) == "ES256"
    with pytest.raises(Malformed, match=r"suite\.key"):
        suite_of(b"no key")

"""Who may speak for a region or a partner, and the code of each reason why not."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

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
        state.apply(name, args, time=1_800_000_000 + block, block=block)
    return state


def test_a_regions_gateway_is_found_by_its_keys_name() -> None:
    assert find_gateway(told(("KeyAdded", ADDED)), SIGNER.kid, now=NOW) == RegionGateway(32, "ES256", SIGNER.spki)


def test_a_partner_speaks_by_its_sponsorship() -> None:
    found = find_gateway(told(("PartnerSponsored", SPONSORED)), SIGNER.kid, now=NOW)

    assert found == PartnerGateway(31, "ES256", SIGNER.spki, USCC.decode(), "示例", ("EC-0001",))
    assert isinstance(found, PartnerGateway)
    found.hold_item("EC-0001")
    for code in ("EC-0002", "", None):
        with pytest.raises(NotAllowed) as refused:
            found.hold_item(code)
        assert refused.value.code == "partner.item"


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
        ([("KeyAdded", ADDED), ("KeyRevoked", NAMED | {"revokedAt": NOW})], NOW, "gateway.key_revoked"),
        ([("KeyAdded", ADDED), ("KeyCompromised", NAMED | {"since": NOW})], NOW, "gateway.key_compromised"),
        ([("KeyAdded", ADDED | {"region": 35})], NOW, "gateway.region_left"),
        ([("PartnerSponsored", SPONSORED | {"region": 35})], NOW, "gateway.region_left"),
        ([("PartnerSponsored", SPONSORED)], 800, "partner.ended"),
        ([("PartnerSponsored", SPONSORED), ("PartnerEnded", {"region": 31, "uscc": USCC})], NOW, "partner.ended"),
        ([("PartnerSponsored", SPONSORED), ("MemberRemoved", {"region": 31})], NOW, "gateway.region_left"),
    ],
)
def test_who_may_not_speak_is_named(events: list[tuple[str, dict[str, Any]]], now: int, code: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        find_gateway(told(*events), SIGNER.kid, now=now)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "gateway.key_unknown"),
        ("AAAA", "gateway.key_unknown"),
        ("A" * 44, "gateway.key_unknown"),
        (kid(b"another"), "gateway.key_unknown"),
        ("not base64!", "base64.canonical"),
    ],
)
def test_any_other_name_is_nobodys(name: str, code: str) -> None:
    with pytest.raises(EcertError) as refused:
        find_gateway(told(("KeyAdded", ADDED)), name, now=NOW)

    assert refused.value.code == code


def test_of_two_sponsorships_in_force_the_first_region_s_is_taken() -> None:
    state = told(("PartnerSponsored", SPONSORED | {"region": 33}), ("PartnerSponsored", SPONSORED))

    assert find_gateway(state, SIGNER.kid, now=NOW).region == 31


def test_another_partner_s_key_is_passed_over() -> None:
    other = SPONSORED | {"uscc": b"91350100M000100Y44", "gatewayKey": load_signer("ES256", generate("ES256")).spki}
    found = find_gateway(told(("PartnerSponsored", other), ("PartnerSponsored", SPONSORED)), SIGNER.kid, now=NOW)

    assert isinstance(found, PartnerGateway)
    assert found.uscc == USCC.decode()


@pytest.mark.parametrize(
    ("name", "args"), [("KeyRevoked", {"revokedAt": NOW + 1}), ("KeyCompromised", {"since": NOW + 1})]
)
def test_what_ends_a_key_later_does_not_end_it_now(name: str, args: dict[str, int]) -> None:
    state = told(("KeyAdded", ADDED), (name, NAMED | args))

    assert find_gateway(state, SIGNER.kid, now=NOW).region == 32
    with pytest.raises(NotAllowed):
        find_gateway(state, SIGNER.kid, now=NOW + 1)


def test_a_gateway_s_key_is_not_printed() -> None:
    for events in (("KeyAdded", ADDED), ("PartnerSponsored", SPONSORED)):
        assert "spki" not in repr(find_gateway(told(events), SIGNER.kid, now=NOW))


def der(key: ed25519.Ed25519PrivateKey | mldsa.MLDSA65PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    ("suite", "spki"),
    [
        ("ES256", SIGNER.spki),
        ("SM2-SM3", load_signer("SM2-SM3", generate("SM2-SM3")).spki),
        ("EdDSA", der(ed25519.Ed25519PrivateKey.generate())),
        ("ML-DSA-65", der(mldsa.MLDSA65PrivateKey.generate())),
    ],
)
def test_a_key_tells_its_suite(suite: str, spki: bytes) -> None:
    assert suite_of(spki) == suite


def test_a_key_of_no_suite_is_malformed() -> None:
    with pytest.raises(Malformed) as refused:
        suite_of(b"no key")
    assert refused.value.code == "suite.key"

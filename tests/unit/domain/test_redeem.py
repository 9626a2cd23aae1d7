"""The redeem response says what it says in one form only."""

from __future__ import annotations

from typing import Any

import pytest

from ecert.domain import jws
from ecert.domain.errors import Malformed, VerificationFailed
from ecert.domain.receipt import AnchorReceipt
from ecert.domain.redeem import (
    LIMIT,
    MOST_CERTIFICATES,
    TYP,
    Mutable,
    RedeemClaims,
    Shown,
    parse_response,
    response_claims,
)
from ecert.domain.suites import generate, load_signer

SIGNER = load_signer("ES256", generate("ES256"))
RECEIPT = AnchorReceipt(20250101, "0x" + "ab" * 20, 7, 1, 2, (bytes(32),))
CLAIMS = RedeemClaims(
    region=32,
    iat=1_760_000_000,
    jti="one",
    code=bytes(range(32)),
    kind="online",
    audience="示例政务服务中心",
    use=bytes(reversed(range(32))),
    item="EC-0001",
    holder_match=True,
    certificates=(
        Shown("eyJ.eyJ.c2ln~", RECEIPT, {"LJJF": Mutable(3, 1_759_000_000)}, None),
        Shown("eyJ.eyJ.c2ln~", None, {}, "holder.request"),
    ),
    missing=("11100000MB03271699001",),
)
WIRE = response_claims(CLAIMS)


def signed(**changes: object) -> str:
    return jws.sign(SIGNER, typ=TYP, claims={**WIRE, **changes})


def changed(**changes: object) -> dict[str, object]:
    certificates: Any = WIRE["certificates"]
    return {"certificates": [{**certificates[0], **changes}]}


def test_a_response_comes_back_and_its_signature_holds() -> None:
    response = parse_response(signed())
    assert response.claims == CLAIMS
    jws.verify(response.token, suite_name="ES256", spki=SIGNER.spki)


def test_another_regions_key_does_not_verify_it() -> None:
    stranger = load_signer("ES256", generate("ES256"))
    with pytest.raises(VerificationFailed):
        jws.verify(parse_response(signed()).token, suite_name="ES256", spki=stranger.spki)


@pytest.mark.parametrize("match", [True, False, None])
def test_holder_match_is_true_false_or_unasked(match: object) -> None:
    assert parse_response(signed(holder_match=match)).claims.holder_match is match


@pytest.mark.parametrize(
    "changes",
    [
        {"holder_match": 1},
        {"holder_match": "true"},
        {"kind": "offline"},
        {"iat": -1},
        {"iat": True},
        {"iat": "now"},
        {"code": "AQI"},
        {"use": 7},
        {"aud": ""},
        {"aud": "a\nb"},
        {"item": None},
        {"jti": "x" * 201},
        {"certificates": {}},
        {"certificates": [None]},
        {"certificates": [{}] * 38},
        {"missing": "11100000MB03271699001"},
        {"more": 1},
        changed(sd_jwt=7),
        changed(mutable=[]),
        changed(mutable={"LJJF": 3}),
        changed(mutable={"LJJF": {"value": 3, "at": "now"}}),
        changed(status_reason=""),
    ],
    ids=str,
)
def test_another_form_is_malformed(changes: dict[str, object]) -> None:
    with pytest.raises(Malformed, match=r"^redeem\.form\b"):
        parse_response(signed(**changes))


@pytest.mark.parametrize(
    "issuer", [None, 32, "32", "urn:cn:ecert:region:", "urn:cn:ecert:region:3２", "urn:cn:ecert:region:032"]
)
def test_the_issuer_is_a_region(issuer: object) -> None:
    with pytest.raises(Malformed, match=r"^redeem\.issuer\b"):
        parse_response(signed(iss=issuer))


def test_parts_keep_their_own_codes() -> None:
    with pytest.raises(Malformed, match=r"^receipt\.form\b"):
        parse_response(signed(**changed(receipt={})))
    with pytest.raises(Malformed, match=r"^type_code\.form\b"):
        parse_response(signed(missing=["1"]))
    with pytest.raises(Malformed, match=r"base64\."):
        parse_response(signed(code="*"))


def test_a_certificate_is_no_response() -> None:
    with pytest.raises(Malformed, match=r"^jws\.header\b"):
        parse_response(jws.sign(SIGNER, typ="dc+sd-jwt", claims=WIRE))


def test_no_number_shows_in_a_repr() -> None:
    assert "eyJ" not in repr(CLAIMS)


def test_the_names_on_the_wire() -> None:
    assert {
        "iss": "urn:cn:ecert:region:32",
        "iat": 1_760_000_000,
        "jti": "one",
        "code": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        "kind": "online",
        "aud": "示例政务服务中心",
        "use": "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA",
        "item": "EC-0001",
        "holder_match": True,
        "certificates": [
            {
                "sd_jwt": "eyJ.eyJ.c2ln~",
                "receipt": RECEIPT.claims(),
                "mutable": {"LJJF": {"value": 3, "at": 1_759_000_000}},
                "status_reason": None,
            },
            {"sd_jwt": "eyJ.eyJ.c2ln~", "receipt": None, "mutable": {}, "status_reason": "holder.request"},
        ],
        "missing": ["11100000MB03271699001"],
    } == WIRE
    assert (TYP, LIMIT, MOST_CERTIFICATES) == ("ecert-redeem+jwt", 524_288, 64)


@pytest.mark.parametrize("name", sorted(WIRE))
def test_no_name_may_be_missing(name: str) -> None:
    with pytest.raises(Malformed, match=r"^redeem\.form\b"):
        parse_response(jws.sign(SIGNER, typ=TYP, claims={key: WIRE[key] for key in WIRE if key != name}))


@pytest.mark.parametrize("name", ["sd_jwt", "receipt", "mutable", "status_reason"])
def test_a_certificate_s_names_are_all_there(name: str) -> None:
    (certificate,) = changed()["certificates"]  # type: ignore[misc]  # the one certificate
    with pytest.raises(Malformed, match=r"^redeem\.form\b"):
        parse_response(signed(certificates=[{key: certificate[key] for key in certificate if key != name}]))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ({"iat": 0}, {"iat": -1}),
        ({"iat": 2**40 - 1}, {"iat": 2**40}),
        ({"jti": "x"}, {"jti": ""}),
        ({"jti": "x" * 200}, {"jti": "x" * 201}),
        ({"kind": "typed"}, {"kind": "Typed"}),
        ({"certificates": []}, {"certificates": None}),
        (changed(mutable={"X": {"value": None, "at": 2**40 - 1}}), changed(mutable={"X": {"value": 1, "at": 2**40}})),
        (changed(status_reason="x"), changed(status_reason=1)),
        ({"missing": WIRE["missing"] * 64}, {"missing": WIRE["missing"] * 65}),  # type: ignore[operator]  # a list
        ({"code": "A" * 43}, {"code": "A" * 42}),
        ({"use": "A" * 43}, {"use": "A" * 44}),
    ],
    ids=lambda each: str(each)[:40],
)
def test_each_bound(right: dict[str, object], wrong: dict[str, object]) -> None:
    (name,) = right
    assert response_claims(parse_response(signed(**right)).claims)[name] == right[name]
    with pytest.raises(Malformed, match=r"^redeem\.form\b"):
        parse_response(signed(**wrong))


@pytest.mark.parametrize("region", ["10", "99"])
def test_a_region_has_two_digits(region: str) -> None:
    assert parse_response(signed(iss=f"urn:cn:ecert:region:{region}")).claims.region == int(region)
    for wrong in ("0" + region[1], region + "0", region[0]):
        with pytest.raises(Malformed, match=r"^redeem\.issuer\b"):
            parse_response(signed(iss=f"urn:cn:ecert:region:{wrong}"))
    with pytest.raises(Malformed, match=r"^redeem\.issuer\b"):
        parse_response(signed(iss="urn-cn:ecert:region:32"))


def test_a_response_has_at_most_half_a_mebibyte() -> None:
    many = [{"sd_jwt": "x" * 20_000, "receipt": None, "mutable": {}, "status_reason": None}]
    assert len(parse_response(signed(certificates=many * 19)).claims.certificates) == 19
    with pytest.raises(Malformed, match=r"^jws\.size\b"):
        parse_response(signed(certificates=many * 20))


def test_a_response_is_written_as_it_stands_on_the_wire() -> None:
    assert response_claims(CLAIMS) == WIRE


def test_no_element_s_value_shows_in_a_repr() -> None:
    assert repr(Mutable("扣12分", 7)) == "Mutable(at=7)"

"""An offline code: small, signed, and with exactly one text."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import base45
import cbor2
import pytest

from ecert.domain import cose, offline
from ecert.domain.errors import Malformed, NotAllowed, VerificationFailed
from ecert.domain.holders import HolderRef
from ecert.domain.offline_claims import to_wire
from ecert.domain.suites import generate, load_signer

VECTOR = json.loads((Path(__file__).parents[2] / "vectors" / "codes.json").read_text("utf-8"))["offline"]
SIGNER = load_signer("ES256", generate("ES256"))
NONCE = bytes.fromhex(VECTOR["nonce"])
HOLDER = HolderRef("001", "320599198803070011")
AGENT = HolderRef("001", "310199198803070026")
CERTIFICATE = offline.OfflineCertificate(
    type_no=1,
    status=offline.StatusPlace(region=32, number=0, index=131_071),
    division="320509",
    authority_key=bytes(range(32)),
    nbf=1_600_000_000,
    exp=1_900_000_000,
    batch=70_000,
    fingerprint=bytes(range(32, 64)),
    elements={"XM": "李示例", "YXQX": {"from": "2020-01-01", "to": "长期"}},
)
CLAIMS = offline.OfflineClaims(
    region=32,
    iat=1_760_000_000,
    exp=1_760_000_600,
    nonce=NONCE,
    item="EC-0002",
    holder=bytes.fromhex(VECTOR["commitment"]),
    agent=None,
    certificates=(CERTIFICATE,),
)


def text_of(payload: object, *, protected: object = None, unprotected: object = None) -> str:
    header = {1: -7, 4: bytes(32)} if protected is None else protected
    written = cbor2.dumps(header, canonical=True), cbor2.dumps(payload, canonical=True)
    parts = [written[0], unprotected or {}, written[1], bytes(64)]
    return offline.PREFIX + base45.b45encode(cbor2.dumps(cbor2.CBORTag(18, parts))).decode()


def changed(**changes: object) -> str:
    wire: Any = to_wire(replace(CLAIMS, certificates=(replace(CERTIFICATE, elements={}),)))
    numbers = {int(name[1:]): value for name, value in changes.items()}
    if any(number >= 100 for number in numbers):
        wire[8] = [{**wire[8][0], **{number - 100: value for number, value in numbers.items()}}]
        return text_of(wire)
    return text_of({**wire, **numbers})


@pytest.mark.parametrize("suite", ["ES256", "SM2-SM3"])
def test_a_code_comes_back_and_its_signature_holds(suite: str) -> None:
    signer = load_signer(suite, generate(suite))
    code = offline.parse(offline.encode(CLAIMS, signer))
    assert code.claims == CLAIMS
    cose.verify(code.message, suite_name=suite, spki=signer.spki)


def test_the_published_example_holds() -> None:
    code = offline.parse(VECTOR["text"])
    assert (code.claims.region, code.claims.nonce, code.claims.holder) == (32, NONCE, CLAIMS.holder)
    cose.verify(code.message, suite_name="ES256", spki=bytes.fromhex(VECTOR["spki"]))


def test_another_key_or_suite_does_not_verify_it() -> None:
    message = offline.parse(offline.encode(CLAIMS, SIGNER)).message
    with pytest.raises(VerificationFailed):
        cose.verify(message, suite_name="ES256", spki=load_signer("ES256", generate("ES256")).spki)
    with pytest.raises(VerificationFailed):
        cose.verify(message, suite_name="SM2-SM3", spki=SIGNER.spki)


def test_absent_parts_come_back_absent() -> None:
    plain = replace(CLAIMS, certificates=(replace(CERTIFICATE, exp=None, hash_alg=2, elements={}),))
    assert offline.parse(offline.encode(plain, SIGNER)).claims == plain


def test_the_holder_and_the_agent_match_and_nobody_else() -> None:
    organisation = HolderRef("USCC", "91350100M000100Y43")
    shown = replace(
        CLAIMS,
        holder=offline.commitment(organisation, nonce=NONCE),
        agent=offline.commitment(AGENT, nonce=NONCE),
    )
    assert offline.is_holder(shown, organisation)
    assert offline.is_holder(shown, AGENT)
    assert not offline.is_holder(shown, HOLDER)
    assert offline.is_holder(CLAIMS, HOLDER)
    assert not offline.is_holder(CLAIMS, AGENT)


def test_a_commitment_holds_under_its_own_nonce_only() -> None:
    assert offline.commitment(HOLDER, nonce=NONCE).hex() == VECTOR["commitment"]
    assert offline.commitment(HOLDER, nonce=bytes(8)).hex() != VECTOR["commitment"]


def test_what_does_not_fit_is_refused_with_its_size() -> None:
    large = replace(CERTIFICATE, elements={"ZL": "示例路" * 40})
    with pytest.raises(NotAllowed, match=r"offline\.too_large: [0-9]+ bytes, at most 350"):
        offline.encode(replace(CLAIMS, certificates=(large,)), SIGNER)


@pytest.mark.parametrize(
    "text",
    [
        changed(_1=100),
        changed(_1="32"),
        changed(_3=1_760_000_000),
        changed(_4=bytes(7)),
        changed(_5=""),
        changed(_5="x" * 41),
        changed(_6=bytes(15)),
        changed(_7=b""),
        changed(_8=[]),
        changed(_8={}),
        changed(_9=1),
        changed(_101=-1),
        changed(_102=[32, 0]),
        changed(_102=[32, 0, -1]),
        changed(_104=bytes(31)),
        changed(_106=2**40),
        changed(_109=1),
        changed(_110=["XM"]),
        changed(_110={1: "x"}),
        text_of([]),
    ],
)
def test_other_claims_are_malformed(text: str) -> None:
    with pytest.raises(Malformed, match=r"^offline\.claims\b"):
        offline.parse(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (changed(_103=1), "division.form"),
        (changed(_110={"X": 1.5}), "cbor.type"),
        (changed(_110={"X": cbor2.CBORTag(35, "a")}), "cbor.type"),
        (changed(_110={"X": None}), "cbor.type"),
        (text_of({}, protected={1: -7}), "cose.header"),
        (text_of({}, protected={1: -7, 4: bytes(32), 5: 1}), "cose.header"),
        (text_of({}, protected={1: "ES256", 4: bytes(32)}), "cose.alg"),
        (text_of({}, protected={1: -7, 4: bytes(8)}), "cose.kid"),
        (text_of({}, unprotected={1: 1}), "cose.header"),
        (
            offline.PREFIX + base45.b45encode(cbor2.dumps(cbor2.CBORTag(17, [b"", {}, b"", b""]))).decode(),
            "cose.form",
        ),
        (
            offline.PREFIX + base45.b45encode(cbor2.dumps(cbor2.CBORTag(18, [b"", {}, b""]))).decode(),
            "cose.form",
        ),
        (offline.PREFIX + base45.b45encode(bytes.fromhex("d2980440a04040")).decode(), "cbor.canonical"),
        ("ecert1:00", "offline.form"),
        (None, "offline.form"),
    ],
)
def test_another_form_is_malformed(text: object, code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        offline.parse(text)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    "data",
    [
        bytes.fromhex("1801"),  # 1 in two bytes
        bytes.fromhex("a202010100"),  # keys out of order
        bytes.fromhex("a201000100"),  # a key twice
        bytes.fromhex("9f01ff"),  # an array without its length
        bytes.fromhex("c24101"),  # 1 as a bignum
        bytes.fromhex("0100"),  # something behind the value
    ],
    ids=bytes.hex,
)
def test_cbor_has_one_encoding(data: bytes) -> None:
    with pytest.raises(Malformed, match=r"cbor\."):
        cose.loads(data, limit=100)


def test_a_code_may_fill_its_350_bytes_and_no_more() -> None:
    def filled(by: int) -> offline.OfflineClaims:
        return replace(CLAIMS, certificates=(replace(CERTIFICATE, elements={"ZL": "x" * by}),))

    empty = len(cose.sign(SIGNER, cose.dumps(to_wire(filled(30))))) - 30
    text = offline.encode(filled(350 - empty), SIGNER)
    assert len(text) == len("ECERT1:") + 525
    assert offline.parse(text).claims == filled(350 - empty)
    with pytest.raises(NotAllowed, match=r"^offline\.too_large: 351 bytes"):
        offline.encode(filled(351 - empty), SIGNER)


@pytest.mark.parametrize("text", ["0", "0000", "ZZZ", ":::"])
def test_what_is_no_base45_has_its_code(text: str) -> None:
    with pytest.raises(Malformed) as refusal:
        offline.parse(offline.PREFIX + text)
    assert refusal.value.code == "offline.base45"


def test_a_longer_text_is_not_even_decoded() -> None:
    with pytest.raises(Malformed) as refusal:
        offline.parse(offline.PREFIX + base45.b45encode(bytes(351)).decode())
    assert refusal.value.code == "offline.form"

"""A foreign issuer's SD-JWT of our profile is parsed and judged as ours is: accepted when right, refused when wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ecert.domain import certificate
from ecert.domain.certificate import fingerprint
from ecert.domain.sd_jwt import hide_member, split
from ecert.domain.strict import b64url_decode, b64url_encode
from tests.interop.foreign import JAVASCRIPT, OPENVC, REFERENCE, SD_JWT_PEERS, ask
from tests.interop.parties import FACE, Key, anchored, hidden, new_key, trusting, visible
from tests.unit.verifier.build import QUESTION, T0, WANG, Issued, told
from verifier.findings import Group, Verdict

pytestmark = pytest.mark.interop

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ISSUERS = [
    *((peer, "ES256") for peer in SD_JWT_PEERS),
    *((peer, "EdDSA") for peer in SD_JWT_PEERS),
    (OPENVC, "ML-DSA-65"),
]


def issued_by(peer: str, key: Key, **changes: object) -> str:
    text: str = ask(peer, "issue", visible=visible(**changes), hidden=hidden(), key=key.private_pem, header=key.header)
    return text


@pytest.mark.parametrize(("peer", "suite"), ISSUERS)
def test_a_foreign_certificate_of_our_profile_is_accepted(peer: str, suite: str, tmp_path: Path) -> None:
    key = new_key(suite)
    text = issued_by(peer, key)
    parsed = certificate.parse(text)
    world = trusting(tmp_path, suite=suite, spki=key.spki)

    assert (parsed.elements, parsed.holders, parsed.file) == (FACE.elements, FACE.holders, FACE.file)
    assert world.judge(anchored(world, text)).verdict is Verdict.ACCEPT


@pytest.mark.parametrize(("peer", "suite"), ISSUERS)
def test_one_flipped_bit_of_its_signature_is_refused(peer: str, suite: str, tmp_path: Path) -> None:
    key = new_key(suite)
    jwt, tilde, disclosures = issued_by(peer, key).partition("~")
    body, _, signature = jwt.rpartition(".")
    raw = bytearray(b64url_decode(signature))
    raw[-1] ^= 1
    world = trusting(tmp_path, suite=suite, spki=key.spki)
    # Anchored as it is: the signature alone must tell.
    judged = world.judge(anchored(world, f"{body}.{b64url_encode(bytes(raw))}{tilde}{disclosures}"))

    assert judged.verdict is Verdict.REFUSE
    assert told(judged, Group.SIGNATURE) == "INVALID signature.wrong"


@pytest.mark.parametrize("peer", SD_JWT_PEERS)
def test_a_foreign_key_that_nobody_registered_is_refused(peer: str, tmp_path: Path) -> None:
    world = trusting(tmp_path, suite="ES256", spki=new_key().spki)
    judged = world.judge(anchored(world, issued_by(peer, new_key())))

    assert judged.verdict is Verdict.REFUSE
    assert told(judged, Group.SIGNATURE) == "INVALID key.unknown"


@pytest.mark.parametrize("peer", SD_JWT_PEERS)
def test_the_trusted_record_gives_the_suite_and_not_the_message(peer: str, tmp_path: Path) -> None:
    key = new_key("EdDSA")
    claiming = ask(peer, "issue", visible=visible(), hidden=hidden(), key=key.private_pem, header=key.header)
    world = trusting(tmp_path, suite="ES256", spki=key.spki)
    judged = world.judge(anchored(world, claiming))

    assert judged.verdict is Verdict.REFUSE
    assert told(judged, Group.SIGNATURE) == "INVALID signature.wrong"


@pytest.mark.parametrize("peer", SD_JWT_PEERS)
def test_a_foreign_disclosure_that_was_exchanged_is_refused(peer: str, tmp_path: Path) -> None:
    key = new_key()
    sd_jwt = split(issued_by(peer, key))
    forged, _ = hide_member("ZL", "青浦区示例路9号")
    world = trusting(tmp_path, suite="ES256", spki=key.spki)
    (right,) = world.anchor(Issued(sd_jwt))
    judged = world.judge(replace(right, sd_jwt=replace(sd_jwt, disclosures=(*sd_jwt.disclosures, forged))))

    assert judged.verdict is Verdict.REFUSE
    assert told(judged, Group.FORM) == "INVALID sd_jwt.stray"


def test_another_person_than_its_holder_is_refused(tmp_path: Path) -> None:
    key = new_key()
    world = trusting(tmp_path, suite="ES256", spki=key.spki)
    issued = anchored(world, issued_by(REFERENCE, key))
    judged = world.judge(issued, question=replace(QUESTION, holder=WANG))

    assert judged.verdict is Verdict.REFUSE
    assert told(judged, Group.HOLDER) == "INVALID holder.mismatch"


def test_without_a_receipt_nothing_is_decided(tmp_path: Path) -> None:
    key = new_key()
    world = trusting(tmp_path, suite="ES256", spki=key.spki)
    judged = world.judge(Issued(split(issued_by(JAVASCRIPT, key, iat=T0))))

    assert judged.verdict is Verdict.CANNOT_DECIDE
    assert told(judged, Group.ANCHOR) == "ERROR anchor.pending"


def test_an_expired_foreign_certificate_is_refused(tmp_path: Path) -> None:
    key = new_key()
    world = trusting(tmp_path, suite="ES256", spki=key.spki)
    judged = world.judge(anchored(world, issued_by(OPENVC, key, exp=T0)))

    assert judged.verdict is Verdict.REFUSE
    assert told(judged, Group.VALIDITY) == "INVALID validity.expired"


def test_decoy_digests_are_passed_over(tmp_path: Path) -> None:
    key = new_key()
    text = ask(
        REFERENCE,
        "issue",
        visible=visible(),
        hidden=hidden(),
        key=key.private_pem,
        header=key.header,
        decoys=True,
    )
    world = trusting(tmp_path, suite="ES256", spki=key.spki)

    assert len(certificate.parse(text).token.claims["elements"]["_sd"]) > len(FACE.elements)
    assert world.judge(anchored(world, text)).verdict is Verdict.ACCEPT


def test_the_mirrored_signature_holds_and_yet_no_second_certificate_arises(tmp_path: Path) -> None:
    key = new_key()
    right = split(issued_by(JAVASCRIPT, key))
    body, _, signature = right.jwt.rpartition(".")
    raw = b64url_decode(signature)
    mirrored = raw[:32] + (P256_ORDER - int.from_bytes(raw[32:])).to_bytes(32)
    second = replace(right, jwt=f"{body}.{b64url_encode(mirrored)}")
    world = trusting(tmp_path, suite="ES256", spki=key.spki)
    (issued,) = world.anchor(Issued(right))
    judged = world.judge(replace(issued, sd_jwt=second))

    assert fingerprint(second.jwt) != fingerprint(right.jwt)
    assert told(judged, Group.SIGNATURE) == "VALID signature.right"
    assert told(judged, Group.ANCHOR) == "INVALID anchor.path"
    assert judged.verdict is Verdict.REFUSE

from __future__ import annotations

import pytest

from ecert.domain import jws
from ecert.domain.errors import Malformed, NotAllowed, VerificationFailed
from ecert.domain.strict import b64url_encode
from tests.unit.domain.issued import raw_token, signer

CLAIMS = {"a": 1, "文": "字"}


@pytest.mark.parametrize("suite", ["ES256", "SM2-SM3"])
def test_what_was_signed_is_read_and_verified(suite: str) -> None:
    key = signer(suite)
    token = jws.parse(jws.sign(key, typ="t+jwt", claims=CLAIMS), typ="t+jwt", limit=1000)

    assert (token.claims, token.alg, token.kid) == (CLAIMS, suite, key.kid)
    jws.verify(token, suite_name=suite, spki=key.spki)


def test_another_key_does_not_verify() -> None:
    token = jws.parse(jws.sign(signer(), typ="t", claims=CLAIMS), typ="t", limit=1000)
    other = signer("SM2-SM3")

    with pytest.raises(VerificationFailed):
        jws.verify(token, suite_name="SM2-SM3", spki=other.spki)
    with pytest.raises(NotAllowed, match=r"^suite\.unknown\b"):
        jws.verify(token, suite_name="HS256", spki=signer().spki)


def test_the_messages_alg_is_held_to_the_trusted_keys_suite() -> None:
    key = signer()
    text = raw_token({"typ": "t", "alg": "SM2-SM3", "kid": key.kid}, CLAIMS)
    with pytest.raises(VerificationFailed, match="alg"):
        jws.verify(jws.parse(text, typ="t", limit=1000), suite_name="ES256", spki=key.spki)


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "t", "alg": "none", "kid": "k"},
        {"typ": "t", "alg": "nOnE", "kid": "k"},
        {"typ": "u", "alg": "ES256", "kid": "k"},
        {"typ": "t", "alg": "ES256"},
        {"typ": "t", "alg": "ES256", "kid": "k", "crit": ["exp"]},
        {"typ": "t", "alg": "ES256", "kid": "k", "jwk": {}},
        {"typ": "t", "alg": ["ES256"], "kid": "k"},
        {"typ": "t", "alg": "ES256", "kid": 7},
        ["typ", "alg", "kid"],
    ],
)
def test_a_header_other_than_typ_alg_and_kid_is_refused(header: object) -> None:
    with pytest.raises(Malformed, match=r"^jws\.header\b"):
        jws.parse(raw_token(header, CLAIMS), typ="t", limit=1000)


def test_a_header_that_names_one_member_twice_is_refused() -> None:
    header = b64url_encode(b'{"typ":"t","alg":"none","alg":"ES256","kid":"k"}')
    with pytest.raises(Malformed, match=r"^json\.duplicate_key\b"):
        jws.parse(f"{header}.e30.AA", typ="t", limit=1000)


@pytest.mark.parametrize("payload", [[], "x", 7, None])
def test_a_payload_that_is_no_object_is_refused(payload: object) -> None:
    with pytest.raises(Malformed, match=r"^jws\.claims\b"):
        jws.parse(raw_token({"typ": "t", "alg": "ES256", "kid": "k"}, payload), typ="t", limit=1000)


@pytest.mark.parametrize("text", [None, b"a.b.c", 7, "", "a.b", "a.b.c.d", "a" * 1001, "e30.e30.é", "\ud800.e30.AA"])
def test_what_is_no_token_is_malformed(text: object) -> None:
    with pytest.raises(Malformed):
        jws.parse(text, typ="t", limit=1000)  # type: ignore[arg-type] # what a caller must not hand in

from __future__ import annotations

import pytest

from ecert.domain import jws
from ecert.domain.errors import Malformed, NotAllowed, VerificationFailed
from ecert.domain.strict import b64url_decode, b64url_encode
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


def test_a_token_is_its_three_parts() -> None:
    text = raw_token({"typ": "t", "alg": "ES256", "kid": "k"}, CLAIMS)
    token = jws.parse(text, typ="t", limit=len(text))
    assert token.signing_input == text.rpartition(".")[0].encode()
    assert len(token.signature) == 64
    with pytest.raises(Malformed, match=r"^jws\.size\b"):
        jws.parse(text, typ="t", limit=len(text) - 1)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "jws.size"),
        (b"a.b.c", "jws.size"),
        ("a.b", "jws.form"),
        ("a.b.c.d", "jws.form"),
        ("", "jws.form"),
        ("e30.e30.AA", "jws.header"),
        ("é.e30.AA", "base64.canonical"),
    ],
)
def test_each_fault_has_its_code(text: object, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        jws.parse(text, typ="t", limit=1000)  # type: ignore[arg-type]  # a wrong type is the test
    assert refused.value.code == code


def test_a_header_has_at_most_512_bytes() -> None:
    frame = len(b'{"typ":"t","alg":"ES256","kid":""}')
    for size, is_right in ((512, True), (513, False)):
        text = raw_token({"typ": "t", "alg": "ES256", "kid": "k" * (size - frame)}, CLAIMS)
        if is_right:
            assert jws.parse(text, typ="t", limit=2000).kid == "k" * (size - frame)
        else:
            with pytest.raises(Malformed, match=r"^json\.size\b"):
                jws.parse(text, typ="t", limit=2000)


def test_what_is_signed_is_written_in_the_order_given() -> None:
    head, payload, _ = jws.sign(signer(), typ="t", claims={"b": 1, "a": "文"}).split(".")
    assert b64url_decode(head).decode() == f'{{"typ":"t","alg":"ES256","kid":"{signer().kid}"}}'
    assert b64url_decode(payload).decode() == '{"b":1,"a":"文"}'

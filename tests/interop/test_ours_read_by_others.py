"""What the house signs in ES256 is a standard SD-JWT: three foreign implementations read it, and refuse it altered."""

from __future__ import annotations

import pytest

from ecert.domain import certificate
from ecert.domain.sd_jwt import hide_member
from ecert.domain.strict import b64url_decode, b64url_encode
from tests.interop.foreign import JAVASCRIPT, OPENVC, REFERENCE, SD_JWT_PEERS, RefusedError, ask
from tests.interop.parties import IAT, Key, disclosed, new_key, ours

pytestmark = pytest.mark.interop

KEY = new_key()


def claims_read_by(peer: str, text: str, key: Key = KEY) -> dict[str, object]:
    times = {"now": IAT + 1} if peer.endswith(".mjs") else {}
    claims: dict[str, object] = ask(peer, "verify", text=text, key=key.public_pem, **times)
    return {name: value for name, value in claims.items() if name != "_sd_alg"}


@pytest.mark.parametrize("peer", SD_JWT_PEERS)
def test_a_certificate_is_read_whole(peer: str) -> None:
    assert claims_read_by(peer, ours(KEY)) == disclosed()


@pytest.mark.parametrize("peer", SD_JWT_PEERS)
def test_a_presentation_shows_what_was_selected_and_no_more(peer: str) -> None:
    shown = certificate.select(ours(KEY), elements={"ZL", "QLR"}, holders=set())
    claims = claims_read_by(peer, shown)

    everything = disclosed()
    assert claims["elements"] == {name: everything["elements"][name] for name in ("ZL", "QLR")}
    assert claims["holders"] == []
    assert "file" not in claims


@pytest.mark.parametrize("peer", SD_JWT_PEERS)
def test_another_key_s_certificate_is_refused(peer: str) -> None:
    with pytest.raises(RefusedError):
        claims_read_by(peer, ours(KEY), new_key())


@pytest.mark.parametrize("peer", SD_JWT_PEERS)
def test_one_digit_altered_in_what_was_signed_is_refused(peer: str) -> None:
    header, payload, rest = ours(KEY).split(".", 2)
    altered = b64url_decode(payload).replace(b'"320509"', b'"320508"')
    with pytest.raises(RefusedError):
        claims_read_by(peer, f"{header}.{b64url_encode(altered)}.{rest}")


@pytest.mark.parametrize("peer", SD_JWT_PEERS)
def test_one_flipped_bit_of_the_signature_is_refused(peer: str) -> None:
    jwt, tilde, disclosures = ours(KEY).partition("~")
    body, _, signature = jwt.rpartition(".")
    raw = bytearray(b64url_decode(signature))
    raw[-1] ^= 1
    with pytest.raises(RefusedError):
        claims_read_by(peer, f"{body}.{b64url_encode(bytes(raw))}{tilde}{disclosures}")


# RFC 9901 section 7.1 has a verifier refuse both; what a reader of ours may meet elsewhere is kept here as it is.
@pytest.mark.parametrize("peer", [REFERENCE, OPENVC])
def test_a_disclosure_twice_is_refused(peer: str) -> None:
    text = ours(KEY)
    with pytest.raises(RefusedError):
        claims_read_by(peer, text + text.split("~")[1] + "~")


def test_a_disclosure_that_was_not_signed_is_refused() -> None:
    forged, _ = hide_member("ZL", "青浦区示例路9号")
    with pytest.raises(RefusedError):
        claims_read_by(OPENVC, ours(KEY) + forged + "~")


@pytest.mark.parametrize("peer", [REFERENCE, JAVASCRIPT])
def test_readers_that_take_a_disclosure_that_was_not_signed_read_nothing_of_it(peer: str) -> None:
    forged, _ = hide_member("ZL", "青浦区示例路9号")
    assert claims_read_by(peer, ours(KEY) + forged + "~") == disclosed()

"""What the house signs in ES256 is a standard SD-JWT: three foreign implementations read it, and refuse it altered."""

from __future__ import annotations

import pytest

from ecert.domain import certificate
from ecert.domain.sd_jwt import hide_member
from ecert.domain.strict import b64url_decode, b64url_encode
from tests.interop.foreign import OPENVC, REFERENCE, SD_JWT_PEERS, RefusedError, ask
from tests.interop.parties import IAT, Key, disclosed, new_key, ours

pytestmark = pytest.mark.interop

KEY = new_key()


def claims_read_by(peer: str, text: str, key: Key = KEY) -> dict[str, object]:
    times = {"now": IAT + 1} if peer.endswith(".mjs") else {}
    claims: dict[str, object] = ask(peer, "verify", text=text, key=key.public_pem, **times)
    return {name: value for name, value in claims.items() if name != "_sd_alg"}


def flipped(text: str) -> str:
    """Change one bit of a base64url text's content."""
    raw = bytearray(b64url_decode(text))
    raw[len(raw) // 2] ^= 1
    return b64url_encode(bytes(raw))


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
@pytest.mark.parametrize("part", [1, 2], ids=["payload", "signature"])
def test_one_flipped_bit_of_what_was_signed_is_refused(peer: str, part: int) -> None:
    jwt, tilde, rest = ours(KEY).partition("~")
    parts = jwt.split(".")
    parts[part] = flipped(parts[part])
    # Half of the payload's flips break its JSON: in the middle stands a digest, whose base64url may change its letter.
    with pytest.raises(RefusedError):
        claims_read_by(peer, ".".join(parts) + tilde + rest)


@pytest.mark.parametrize("peer", [REFERENCE, OPENVC])
def test_a_disclosure_twice_is_refused_or_shows_nothing_twice(peer: str) -> None:
    text = ours(KEY)
    twice = text + text.split("~")[1] + "~"
    if peer == OPENVC:
        with pytest.raises(RefusedError):
            claims_read_by(peer, twice)
    else:
        assert claims_read_by(peer, twice) == disclosed()


@pytest.mark.parametrize("peer", SD_JWT_PEERS)
def test_a_disclosure_that_was_not_signed_changes_nothing_that_is_read(peer: str) -> None:
    forged, _ = hide_member("ZL", "青浦区示例路9号")
    try:
        claims = claims_read_by(peer, ours(KEY) + forged + "~")
    except RefusedError:
        return
    assert claims == disclosed()

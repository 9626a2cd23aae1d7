"""Status list tokens pass both ways (draft-ietf-oauth-status-list-21): others read ours, we read theirs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecert.domain import jws, status
from ecert.domain.errors import Malformed, VerificationFailed
from ecert.domain.status import Status, StatusRef
from ecert.domain.strict import b64url_encode
from tests.interop.foreign import JAVASCRIPT, OPENVC, RefusedError, ask
from tests.interop.parties import IAT, Key, new_key

pytestmark = pytest.mark.interop

KEY = new_key()
URI = "https://32.example/status-lists/32-1"
STATUSES = {0: Status.INVALID, 1: Status.SUSPENDED, 2: Status.SUPERSEDED, 3: Status.VALID, 131_071: Status.INVALID}
DRAFT = json.loads((Path(__file__).parents[1] / "vectors" / "status_list.json").read_text("utf-8"))


def bitmap() -> bytes:
    packed = bytearray(2**17 // 4)
    for index, value in STATUSES.items():
        status.put(packed, index, value)
    return bytes(packed)


def our_token(**changes: object) -> str:
    claims = status.status_list_claims(uri=URI, bitmap=bitmap(), iat=IAT, exp=IAT + 3600, ttl=60)
    return jws.sign(KEY.signer, typ=status.TYP, claims=claims | changes)


def openvc_reads(token: str, index: int, *, uri: str = URI, now: int = IAT + 60, key: Key = KEY) -> int:
    reference = StatusRef(uri, index).claim()
    value: int = ask(OPENVC, "read_status", token=token, key=key.public_pem, reference=reference, uri=uri, now=now)
    return value


def their_token(**times: int) -> str:
    token: str = ask(
        OPENVC,
        "write_status",
        bitmap=bitmap().hex(),
        uri=URI,
        times=times,
        key=KEY.private_pem,
        kid=KEY.header["kid"],
    )
    return token


@pytest.mark.parametrize(("index", "value"), STATUSES.items())
def test_others_read_each_status_of_our_token(index: int, value: Status) -> None:
    token = our_token()

    assert openvc_reads(token, index) == value
    assert ask(JAVASCRIPT, "read_status", token=token, index=index) == value


def test_others_refuse_our_token_when_it_is_old_another_s_or_altered() -> None:
    token = our_token()
    with pytest.raises(RefusedError, match="StatusListError"):
        openvc_reads(token, 0, now=IAT + 3700)
    with pytest.raises(RefusedError, match="StatusListError"):
        openvc_reads(token, 0, uri="https://32.example/status-lists/32-2")
    with pytest.raises(RefusedError):
        openvc_reads(token, 0, key=new_key())
    with pytest.raises(RefusedError):
        openvc_reads(token, 2**17)
    with pytest.raises(RefusedError, match="Error"):
        ask(JAVASCRIPT, "read_status", token=token, index=2**17)
    header, _, signature = token.split(".")
    cleared = status.status_list_claims(uri=URI, bitmap=bytes(2**15), iat=IAT, exp=IAT + 3600, ttl=60)
    with pytest.raises(RefusedError):
        openvc_reads(f"{header}.{b64url_encode(json.dumps(cleared).encode())}.{signature}", 0)


def test_we_read_their_token_bit_for_bit() -> None:
    token = jws.parse(their_token(issued_at=IAT, expires=IAT + 3600, ttl=60), typ=status.TYP, limit=100_000)
    jws.verify(token, suite_name="ES256", spki=KEY.spki)
    parsed = status.parse_status_list_claims(token.claims)

    assert parsed == status.StatusList(URI, bitmap(), IAT, IAT + 3600, 60)
    with pytest.raises(VerificationFailed):
        jws.verify(token, suite_name="ES256", spki=new_key().spki)


def test_their_token_without_an_end_is_malformed_here() -> None:
    token = jws.parse(their_token(issued_at=IAT), typ=status.TYP, limit=100_000)
    with pytest.raises(Malformed, match=r"status\.claims"):
        status.parse_status_list_claims(token.claims)


def test_we_read_the_list_that_the_javascript_implementation_packs() -> None:
    statuses = [0, 1, 2, 3] * 64
    lst = ask(JAVASCRIPT, "write_list", statuses=statuses)
    packed = status.decompress(lst)

    assert [status.get(packed, index) for index in range(256)] == statuses
    with pytest.raises(Malformed, match=r"status\.lst"):
        status.decompress(lst[:-8])


@pytest.mark.parametrize("peer", [OPENVC, JAVASCRIPT])
@pytest.mark.parametrize("example", DRAFT["short"], ids=["one bit", "two bits"])
def test_others_read_the_draft_s_examples_as_our_vectors_say(peer: str, example: dict[str, object]) -> None:
    statuses = example["statuses"]
    assert isinstance(statuses, list)
    request = {"lst": example["lst"], "bits": example["bits"], "count": len(statuses)}

    assert ask(peer, "read_list", **request) == statuses

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecert.domain.errors import EcertError, NotAllowed
from ecert.domain.gateways import Gateway, RegionGateway
from ecert.domain.suites import generate, load_signer
from ecert.runtime.signed.messages import (
    SKEW,
    Message,
    authority_of,
    sign_answer,
    sign_request,
    verify_answer,
    verify_request,
)

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = 1_750_000_000
HOST = "qingpu.example:8031"
URL = f"http://{HOST}/api/v1/gateway/31/holdings?first=1"
BODY = b'{"a":1}'
SIGNER = load_signer("ES256", generate("ES256"))
OTHER = load_signer("ES256", generate("ES256"))
ONCE = {"idempotency-key": "k1"}


def find_key(kid: str) -> Gateway:
    if kid != SIGNER.kid:
        raise NotAllowed("gateway.key_unknown")
    return RegionGateway(32, "ES256", SIGNER.spki)


def signed(*, signer: object = SIGNER, body: bytes = BODY, headers: dict[str, str] | None = None) -> Message:
    message = Message("POST", URL, dict(headers or {}))
    return Message("POST", URL, sign_request(signer, message, body=body, now=NOW))


def check(message: Message, *, body: bytes = BODY, now: int = NOW, host: str = HOST) -> object:
    return verify_request(message, body=body, find_key=find_key, authority=host, now=now)


@pytest.mark.parametrize("body", [b"", BODY, bytes(100_000)])
@pytest.mark.parametrize("headers", [{}, ONCE])
def test_what_is_signed_verifies(body: bytes, headers: dict[str, str]) -> None:
    shown = check(signed(body=body, headers=headers), body=body)

    assert (shown.gateway.region, shown.kid, shown.created) == (32, SIGNER.kid, NOW)


def test_two_requests_have_two_nonces() -> None:
    assert check(signed()).nonce != check(signed()).nonce


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda m: replace(m, method="GET"), "gateway.signature"),
        (lambda m: replace(m, url=URL.replace("first=1", "first=2")), "gateway.signature"),
        (lambda m: replace(m, url=URL.replace("/31/", "/33/")), "gateway.signature"),
        (lambda m: replace(m, url=URL.replace("8031", "8032")), "gateway.signature"),
        (lambda m: replace(m, headers=m.headers | ONCE), "gateway.signature"),
        (lambda m: without(m, "signature"), "gateway.unsigned"),
        (lambda m: without(m, "signature-input"), "gateway.unsigned"),
        (lambda m: without(m, "content-digest"), "gateway.unsigned"),
        (lambda m: having(m, "signature-input", "x" * 3000), "gateway.form"),
        (lambda m: having(m, "signature", "ecert=:AAAA:"), "gateway.signature"),
        (lambda m: having(m, "signature", "nonsense("), "gateway.signature"),
        (lambda m: edited(m, 'tag="ecert-request"', 'tag="ecert-answer"'), "gateway.signature"),
        (lambda m: edited(m, "created=", "expires=1;created="), "gateway.signature"),
        (lambda m: edited(m, "created=1750000000;", ""), "gateway.form"),
        (lambda m: edited(m, "created=1750000000", 'created="1750000000"'), "gateway.signature"),
        (lambda m: edited(m, ' "content-digest"', ""), "gateway.signature"),
        (lambda m: edited(m, SIGNER.kid, OTHER.kid), "gateway.key_unknown"),
        (lambda m: edited(m, "tag=", 'alg="ecdsa-p256-sha256";tag='), "gateway.signature"),
    ],
)
def test_whatever_is_changed_is_refused_by_name(change: Callable[[Message], Message], code: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        check(change(signed()))

    assert refused.value.code == code


def test_an_idempotency_key_cannot_be_taken_off() -> None:
    with pytest.raises(NotAllowed, match=r"gateway\.signature"):
        check(without(signed(headers=ONCE), "idempotency-key"))


def test_another_body_is_refused() -> None:
    with pytest.raises(NotAllowed, match=r"gateway\.digest"):
        check(signed(), body=BODY + b" ")


@pytest.mark.parametrize("off", [-600, -SKEW - 1, SKEW + 1, 600])
def test_a_clock_that_is_off_is_refused(off: int) -> None:
    with pytest.raises(NotAllowed, match=r"gateway\.clock"):
        check(signed(), now=NOW + off)


@pytest.mark.parametrize("off", [-SKEW, SKEW])
def test_a_clock_that_is_a_little_off_is_not(off: int) -> None:
    assert check(signed(), now=NOW + off)


def test_a_request_for_another_host_is_refused() -> None:
    with pytest.raises(NotAllowed, match=r"gateway\.other_host"):
        check(signed(), host="wujiang.example")


@pytest.mark.parametrize("port", ["99999", "65536", "9" * 30])
def test_a_port_that_is_none_is_another_host(port: str) -> None:
    url = URL.replace("8031", port)
    message = Message("POST", url, sign_request(SIGNER, Message("POST", url, {}), body=BODY, now=NOW))
    with pytest.raises(NotAllowed, match=r"gateway\.other_host"):
        check(message)


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(NotAllowed, match=r"gateway\.key_unknown"):
        check(signed(signer=OTHER))


@given(st.sampled_from(["signature", "signature-input", "content-digest"]), st.text(max_size=200))
def test_any_field_at_all_is_refused_by_name_or_is_the_right_one(name: str, text: str) -> None:
    message = signed()
    if text == message.headers[name]:
        return
    with pytest.raises(EcertError):
        check(having(message, name, text))


def answered(request: Message, *, signer: object = SIGNER, status: int = 200) -> dict[str, str]:
    return sign_answer(signer, request, status=status, headers={}, body=BODY, now=NOW)


def test_an_answer_holds_for_its_request_alone() -> None:
    first, second = signed(), signed()
    headers = answered(first)

    shown = verify_answer(first, status=200, headers=headers, body=BODY, find_key=find_key, now=NOW)
    assert shown.kid == SIGNER.kid
    for request, status, body in ((second, 200, BODY), (first, 404, BODY), (first, 200, b"{}")):
        with pytest.raises(NotAllowed, match=r"gateway\.(signature|digest)"):
            verify_answer(request, status=status, headers=headers, body=body, find_key=find_key, now=NOW)


def test_an_answer_is_no_request() -> None:
    message = signed()
    with pytest.raises(NotAllowed):
        check(Message("POST", URL, message.headers | answered(message)))


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("https://E.example/a", "e.example"),
        ("https://e.example:443", "e.example"),
        ("http://e.example:443", "e.example:443"),
        ("http://127.0.0.1:80/", "127.0.0.1"),
        ("http://[::1]:8000/x", "[::1]:8000"),
    ],
)
def test_an_authority_is_in_its_one_form(url: str, authority: str) -> None:
    assert authority_of(url) == authority


def without(message: Message, name: str) -> Message:
    return replace(message, headers={key: value for key, value in message.headers.items() if key != name})


def having(message: Message, name: str, value: str) -> Message:
    return replace(message, headers=message.headers | {name: value})


def edited(message: Message, old: str, new: str) -> Message:
    told = message.headers["signature-input"]
    assert old in told
    return having(message, "signature-input", told.replace(old, new))

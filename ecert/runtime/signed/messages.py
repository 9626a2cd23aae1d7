"""One closed profile of HTTP message signatures (RFC 9421), with bodies covered by Content-Digest (RFC 9530).

A request covers @method, @authority, @path, @query and content-digest, and the idempotency key where it has one; its
parameters are created, keyid, nonce and tag, and no `alg`: the suite is the registered key's. An answer covers @status,
content-digest and the signature of the request that it answers, so it can stand for no other. docs/spec/gateway.md
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier
from http_message_signatures.algorithms import HTTPSignatureAlgorithm
from http_message_signatures.digests import ContentDigest
from http_message_signatures.exceptions import HTTPMessageSignaturesException
from http_message_signatures.resolvers import HTTPSignatureKeyResolver

from ecert.domain import ids
from ecert.domain.errors import EcertError, NotAllowed
from ecert.domain.gateways import Gateway
from ecert.domain.signer import Signer
from ecert.domain.suites import verify_signature

__all__ = ["SKEW", "Message", "Shown", "authority_of", "sign_answer", "sign_request", "verify_answer", "verify_request"]

SKEW: Final = 60
"""Seconds by which two clocks may differ, and a message may be old."""

_LABEL: Final = "ecert"
_REQUEST: Final = ("@method", "@authority", "@path", "@query", "content-digest")
_ANSWER: Final = ("@status", "content-digest", f'"signature";req;key="{_LABEL}"')
_ONCE: Final = "idempotency-key"
_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")
_LONGEST: Final = 2_000
_FIELDS: Final = ("signature", "signature-input", "content-digest")

FindKey = Callable[[str], Gateway]


@dataclass(frozen=True, slots=True)
class Message:
    """A request: its absolute URL, and header fields by lower-case name."""

    method: str
    url: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Answer:
    status_code: int
    headers: dict[str, str]
    request: Message


@dataclass(frozen=True, slots=True)
class Shown:
    """A signature that holds: who signed, by which key (43 characters), when, and under which name for this once."""

    gateway: Gateway
    kid: str
    created: int
    nonce: str = field(repr=False)


def sign_request(signer: Signer, message: Message, *, body: bytes, now: int) -> dict[str, str]:
    """Return the message's header fields with digest and signature; Unavailable("signer.unavailable")."""
    sent = Message(message.method, message.url, dict(message.headers))
    covered = (*_REQUEST, _ONCE) if _ONCE in sent.headers else _REQUEST
    _sign(signer, sent, covered, tag="ecert-request", body=body, now=now)
    return _lowered(sent.headers)


def sign_answer(
    signer: Signer, request: Message, *, status: int, headers: Mapping[str, str], body: bytes, now: int
) -> dict[str, str]:
    """Return an answer's header fields with digest and signature, bound to the request that it answers."""
    answer = _Answer(status, dict(headers), request)
    _sign(signer, answer, _ANSWER, tag="ecert-answer", body=body, now=now)
    return _lowered(answer.headers)


def verify_request(message: Message, *, body: bytes, find_key: FindKey, authority: str, now: int) -> Shown:
    """Hold a request to the profile; whether its nonce is new is the caller's to ask.

    NotAllowed `gateway.unsigned`, `gateway.form`, `gateway.digest`, `gateway.clock`, `gateway.other_host`,
    `gateway.signature`, or what `find_key` raises.
    """
    covered = (*_REQUEST, _ONCE) if _ONCE in message.headers else _REQUEST
    shown = _verify(message, covered, tag="ecert-request", body=body, find_key=find_key, now=now)
    with suppress(ValueError):  # a port beyond 65535 is signed as any other
        if authority_of(message.url) == authority:
            return shown
    raise NotAllowed("gateway.other_host", "signed for another host")


def verify_answer(
    request: Message, *, status: int, headers: Mapping[str, str], body: bytes, find_key: FindKey, now: int
) -> Shown:
    """Hold an answer to the profile and to its request; errors as `verify_request`."""
    answer = _Answer(status, dict(headers), request)
    return _verify(answer, _ANSWER, tag="ecert-answer", body=body, find_key=find_key, now=now)


def authority_of(url: str) -> str:
    """Give the host, and the port unless it is the scheme's own, in lower case (RFC 9421 section 2.2.3)."""
    parts = urlsplit(url)
    own = {"http": 80, "https": 443}.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else (parts.hostname or "")
    return host if parts.port in {None, own} else f"{host}:{parts.port}"


def _sign(
    signer: Signer, message: Message | _Answer, covered: tuple[str, ...], *, tag: str, body: bytes, now: int
) -> None:
    tool = HTTPMessageSigner(signature_algorithm=_ByRegistry)
    prepared = tool.prepare(
        message,
        key_id=signer.kid,
        created=datetime.fromtimestamp(now, tz=UTC),
        nonce=ids.new_token(128),
        label=_LABEL,
        tag=tag,
        include_alg=False,
        covered_component_ids=covered,
        body=body,
    )
    tool.apply(message, prepared, signer.sign(prepared.signature_base))


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _verify(
    message: Message | _Answer, covered: tuple[str, ...], *, tag: str, body: bytes, find_key: FindKey, now: int
) -> Shown:
    _hold_fields(message.headers)
    tool = _Verifier(signature_algorithm=_ByRegistry, key_resolver=_Resolver(find_key))
    tool.now = now
    try:
        (result,) = tool.verify(message, max_age=None, expect_tag=tag, expect_label=_LABEL, require_components=covered)
    except HTTPMessageSignaturesException as fault:
        if isinstance(fault.__cause__, EcertError):
            raise fault.__cause__ from None
        raise NotAllowed("gateway.signature") from None
    _hold_digest(message.headers["content-digest"], body)
    told = result.parameters
    nonce = told.get("nonce")
    if told.keys() != {"created", "keyid", "nonce", "tag"} or not isinstance(nonce, str) or not _NONCE.fullmatch(nonce):
        raise NotAllowed("gateway.form", "created, keyid, nonce and tag are expected")
    kid = str(told["keyid"])
    return Shown(find_key(kid), kid, int(told["created"]), nonce)


def _hold_fields(headers: Mapping[str, str]) -> None:
    if any(name not in headers for name in _FIELDS):
        raise NotAllowed("gateway.unsigned")
    if any(len(headers[name]) > _LONGEST or not headers[name].isascii() for name in _FIELDS):
        raise NotAllowed("gateway.form", f"at most {_LONGEST} ASCII characters")


def _hold_digest(told: str, body: bytes) -> None:
    try:
        ContentDigest.verify(told, body)
    except HTTPMessageSignaturesException:
        raise NotAllowed("gateway.digest") from None


class _ByRegistry(HTTPSignatureAlgorithm):
    """Whatever suite the registered key has; a message that names an algorithm is of another profile."""

    algorithm_id = ""

    def __init__(self, public_key: Gateway | None = None) -> None:
        self._gateway = public_key

    def verify(self, signature: bytes, message: bytes) -> None:
        assert self._gateway is not None  # noqa: S101 - the resolver has found it or raised
        verify_signature(self._gateway.suite, spki=self._gateway.spki, message=message, signature=signature)


class _Resolver(HTTPSignatureKeyResolver):
    def __init__(self, find_key: FindKey) -> None:
        self._find_key = find_key

    def resolve_public_key(self, key_id: str) -> Gateway:
        return self._find_key(key_id)


class _Verifier(HTTPMessageVerifier):
    """Asks this house's clock, and not the machine's."""

    now = 0

    def validate_created_and_expires(self, sig_input: object, max_age: object = None) -> None:  # noqa: ARG002 - its form
        created = getattr(sig_input, "params", {}).get("created")
        if type(created) is not int:
            raise NotAllowed("gateway.form", "created is expected")
        if abs(self.now - created) > SKEW:
            raise NotAllowed("gateway.clock", f"{created - self.now:+} s")

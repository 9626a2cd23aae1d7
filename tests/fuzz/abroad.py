"""Targets for what other deployments say: trust lists, signed requests, and answers with what stands in them."""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from http_message_signatures.exceptions import HTTPMessageSignaturesException
from pydantic import ValidationError

from ecert.app.between import wire
from ecert.domain import strict
from ecert.domain.errors import Conflict, NotAllowed, Unavailable
from ecert.domain.gateways import Gateway, RegionGateway
from ecert.domain.reasons import REASONS
from ecert.domain.signer import key_id
from ecert.domain.strict import b64url_encode
from ecert.domain.suites import load_signer
from ecert.runtime.signed import line
from ecert.runtime.signed.messages import (
    Message,
    authority_of,
    sign_answer,
    sign_request,
    verify_answer,
    verify_request,
)
from ledger.replica import open_replica
from ledger.trust_list import TYP, issue_trust_list, lay_out, read_trust_list
from tests.fuzz.trial import Target, Trial, parsed, plain, text_of
from tests.unit.ledger.blocks import anchored, block, changed, created, event, member, open_writer, opened, write
from tests.unit.verifier.home import USE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.replica import Replica

_NOW: Final = 1_800_000_900
_HOST: Final = "qingpu.example:8031"
_URL: Final = f"http://{_HOST}/api/v1/gateway/31/holdings?first=1"
_BODY: Final = b'{"types":["11100000000013127D001"]}'
_REGION: Final = 31
_SECRET: Final = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
_KEY: Final = ec.derive_private_key(_SECRET, ec.SECP256R1())
_SIGNER: Final = load_signer("ES256", _KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
"""The published key of RFC 6979 appendix A.2.5: what is kept stays signed by one that is known here."""


@contextmanager
def trust_lists() -> Iterator[Trial]:
    """Accepted is the one list; any payload that its signer would sign is read, laid out and opened, or refused."""
    read = partial(read_trust_list, kid=_SIGNER.kid, now=_NOW)
    with TemporaryDirectory() as home, TemporaryDirectory() as beside:
        own = issue_trust_list(_replica(Path(home)), region=_REGION, signer=_SIGNER, now=_NOW)

        def attempt(data: bytes) -> None:
            found = parsed(read, text_of(data), also=(NotAllowed, Unavailable))
            assert found is None or text_of(data).strip().rpartition(".")[0] == own.rpartition(".")[0]
            found = parsed(read, _signed(data), also=(NotAllowed, Unavailable))
            if found is not None:
                for left in Path(beside).iterdir():
                    left.unlink()
                parsed(partial(lay_out, found), Path(beside), also=(Conflict, Unavailable))
                parsed(lambda folder: open_replica(folder).trust, Path(beside), also=(Unavailable,))

        yield Trial(attempt, (own.encode(), strict.b64url_decode(own.split(".")[1])))


def _replica(folder: Path) -> Replica:
    named = {"region": _REGION, "authority": bytes(18), "keyId": key_id(_SIGNER.spki), "spki": _SIGNER.spki}
    key = {**named, "suite": "ES256", "purpose": "gateway", "notBefore": 1, "notAfter": 0, "x509Hash": bytes(32)}
    writer = open_writer(folder)
    write(writer, block(1, member(_REGION), event("KeyAdded", **key)), block(2, created(1), anchored(1), changed(1, 7)))
    writer.close()
    return opened(folder)


def _signed(payload: bytes) -> str:
    header = orjson.dumps({"typ": TYP, "alg": "ES256", "kid": _SIGNER.kid})
    signing_input = f"{b64url_encode(header)}.{b64url_encode(payload)}"
    return f"{signing_input}.{b64url_encode(_SIGNER.sign(signing_input.encode()))}"


def signed_requests(data: bytes) -> None:
    """Accepted is the one request, and the one that this key signs, whatever host, path and query it names."""
    message, body = _message(data)
    shown = parsed(partial(_admit, body=body), message, also=(NotAllowed,))
    assert shown is None or (_covered(message), body) == (_covered(_REQUEST), _BODY)
    once = {name: value for name, value in message.headers.items() if name == "idempotency-key"}
    with suppress(HTTPMessageSignaturesException, UnicodeEncodeError):  # what nobody can sign is not sent
        fields = sign_request(_SIGNER, Message(message.method, message.url, once), body=body, now=_NOW)
        parsed(partial(_admit, body=body), Message(message.method, message.url, fields), also=(NotAllowed,))


def foreign_answers(data: bytes) -> None:
    """Accepted is the one answer; what stands in a body comes back from its wire form, or is refused by name."""
    answer, body = _message(data)
    status = int(answer.method) if re.fullmatch("[0-9]{3}", answer.method) else 200
    believed = partial(verify_answer, _REQUEST, status=status, body=body, find_key=_find_key, now=_NOW)
    shown = parsed(lambda fields: believed(headers=fields), answer.headers, also=(NotAllowed,))
    assert shown is None or (status, body) == (200, _HELD)
    assert line._cause(status, body) in {None, *REASONS}
    told = parsed(partial(strict.loads, limit=line.LIMIT, depth=32), body)
    assert line._problem(status, told).code in REASONS
    held = parsed(wire.read_held, told)
    assert held is None or wire.read_held({"held": [wire.held_json(each) for each in held]}) == held
    parsed(wire.read_response, told)
    parsed(wire.read_path, told)
    with suppress(ValidationError):
        parsed(wire.HoldingsBody.request, wire.HoldingsBody.model_validate_json(body))
    with suppress(ValidationError):
        parsed(wire.ForwardedRedemptionBody.parsed_use, wire.ForwardedRedemptionBody.model_validate_json(body))


def _message(data: bytes) -> tuple[Message, bytes]:
    """Read `METHOD URL`, header fields as a server hands them on, an empty line and the body."""
    head, _, body = data.partition(b"\n\n")
    first, *rest = head.decode("latin-1").split("\n")
    method, _, url = first.partition(" ")
    fields = (each.partition(": ") for each in rest)
    return Message(method, url, {name.lower(): value for name, _, value in fields}), body


def _written(first: str, fields: dict[str, str], body: bytes) -> bytes:
    return "\n".join([first, *(f"{name}: {value}" for name, value in fields.items())]).encode() + b"\n\n" + body


def _covered(message: Message) -> tuple[str, str, str, str]:
    """Give what of the first line is signed: not the scheme, which a proxy may change, nor a fragment."""
    url = urlsplit(message.url)
    return message.method, authority_of(message.url), url.path, url.query


def _admit(message: Message, *, body: bytes) -> object:
    return verify_request(message, body=body, find_key=_find_key, authority=_HOST, now=_NOW)


def _find_key(kid: str) -> Gateway:
    if kid != _SIGNER.kid:
        raise NotAllowed("gateway.key_unknown")
    return RegionGateway(_REGION, "ES256", _SIGNER.spki)


def _bodies() -> Iterator[bytes]:
    """Give what each reader of a body takes."""
    holder = {"id_type": "111", "id": "11010519491231002X"}
    yield orjson.dumps({"response": "a.b.c"})
    yield orjson.dumps({"path": ["A" * 43]})
    yield orjson.dumps({"holder": holder, "types": ["11100000000013127D001"]})
    yield orjson.dumps({"code": "x", "use": USE.wire(), "holder": holder, "requester": "r", "asker": "a"})
    yield b'{"code":"gateway.replayed"}'


_REQUEST: Final = Message(
    "POST", _URL, sign_request(_SIGNER, Message("POST", _URL, {"idempotency-key": "k1"}), body=_BODY, now=_NOW)
)
_RECEIPT: Final = {"chain_id": 31, "contract": "0x" + "0a" * 20, "batch": 1, "index": 0, "size": 1, "path": []}
_ROW: Final = {"type": "11100000000013127D001", "sd_jwt": "a.b.c~", "receipt": _RECEIPT, "status_reason": None}
_HELD: Final = orjson.dumps({"held": [{**_ROW, "mutable": {"points": {"value": 3, "at": 1}}}]})
_ANSWER: Final = sign_answer(_SIGNER, _REQUEST, status=200, headers={}, body=_HELD, now=_NOW)

TARGETS: Final[tuple[Target, ...]] = (
    Target("trust_list", trust_lists, 8192),
    plain("signed_request", signed_requests, [_written(f"POST {_URL}", _REQUEST.headers, _BODY)]),
    plain(
        "foreign_answer",
        foreign_answers,
        [_written("200", _ANSWER, _HELD), *(_written("403", {}, b) for b in _bodies())],
    ),
)

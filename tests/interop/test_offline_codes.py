"""Offline codes are standard COSE_Sign1: `cwt` and `openvc-core` read ours, and what `cwt` signs is judged here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import base45
import pytest

from ecert.domain import cose, offline
from ecert.domain.errors import Malformed
from ecert.domain.offline import OfflineClaims
from ecert.domain.offline_claims import to_wire
from ecert.domain.signer import key_id
from tests.interop.foreign import CWT, OPENVC, RefusedError, ask
from tests.interop.parties import Key, new_key
from tests.unit.verifier.build import LI, QUESTION, WANG, World, told
from tests.unit.verifier.home import entry, offline_code
from verifier.evidence import Offline
from verifier.findings import Group, Verdict
from verifier.verify import Judged

pytestmark = pytest.mark.interop

KEY = new_key()


def claims(world: World) -> OfflineClaims:
    return offline.parse(offline_code(world, entry(world.anchored()))).claims


def message_of(code: str) -> bytes:
    return base45.b45decode(code.removeprefix(offline.PREFIX))


def as_code(message: str) -> str:
    return offline.PREFIX + base45.b45encode(bytes.fromhex(message)).decode()


def signed_by_cwt(world: World, key: Key = KEY, act: str = "sign", **more: str) -> str:
    payload = cose.dumps(to_wire(claims(world))).hex()
    return as_code(ask(CWT, act, payload=payload, key=key.private_pem, kid=key_id(key.spki).hex(), **more))


def judged(world: World, text: str, holder: object = LI.ref) -> Judged:
    code = offline.parse(text)
    (certificate,) = code.claims.certificates
    return world.judge(Offline(code, certificate), question=replace(QUESTION, holder=holder))


def trust(world: World, key: Key = KEY) -> None:
    world.key("code", authority="", purpose="code", key_spki=key.spki, key_keyId=key_id(key.spki))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_others_read_our_code(world: World) -> None:
    message = message_of(offline.encode(claims(world), KEY.signer))
    payload = cose.parse(message, limit=offline.LIMIT).payload.hex()
    kid = key_id(KEY.spki).hex()

    assert ask(CWT, "verify", message=message.hex(), key=KEY.public_pem, kid=kid) == payload
    assert ask(OPENVC, "verify_cose", message=message.hex(), key=KEY.public_pem) == payload


def test_others_refuse_our_code_altered_or_under_another_key(world: World) -> None:
    message = message_of(offline.encode(claims(world), KEY.signer))
    altered = message[:-1] + bytes([message[-1] ^ 1])
    other, kid = new_key(), key_id(KEY.spki).hex()

    for text, key, name in ((altered, KEY, kid), (message, other, kid), (message, KEY, key_id(other.spki).hex())):
        with pytest.raises(RefusedError):
            ask(CWT, "verify", message=text.hex(), key=key.public_pem, kid=name)
    assert ask(OPENVC, "verify_cose", message=altered.hex(), key=KEY.public_pem) is None
    assert ask(OPENVC, "verify_cose", message=message.hex(), key=other.public_pem) is None


def test_a_code_that_cwt_signed_is_accepted_from_a_registered_key(world: World) -> None:
    trust(world)
    verdict = judged(world, signed_by_cwt(world))

    assert told(verdict, Group.HOLDER) == "VALID holder.confirmed"
    assert verdict.verdict is Verdict.ACCEPT


def test_a_code_that_cwt_signed_is_refused_unregistered_altered_or_with_another_person(world: World) -> None:
    assert "INVALID code.key_unknown" in refusals(judged(world, signed_by_cwt(world)))
    trust(world)
    text = signed_by_cwt(world)
    message = bytearray(message_of(text))
    message[-1] ^= 1

    assert "INVALID code.signature" in refusals(judged(world, as_code(message.hex())))
    assert "INVALID holder.mismatch" in refusals(judged(world, text, WANG))


def refusals(verdict: Judged) -> list[str]:
    assert verdict.verdict is Verdict.REFUSE
    return [f"{finding.outcome.value} {finding.code}" for finding in verdict.findings]


def test_a_key_name_outside_the_protected_header_is_refused(world: World) -> None:
    with pytest.raises(Malformed, match=r"cose\.header"):
        offline.parse(signed_by_cwt(world, act="sign_as_it_likes"))


def test_anything_in_the_unprotected_header_is_refused_as_a_second_text_of_one_code(world: World) -> None:
    with pytest.raises(Malformed, match=r"cose\.header"):
        offline.parse(signed_by_cwt(world, unprotected="application/cwt"))

"""Targets for the parsers of small things: identifiers, dates, holders, uses, settings, JSON, base64url, CBOR."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from ecert.domain import cose
from ecert.domain.dates import format_instant, parse_civil, parse_instant, start_of_day
from ecert.domain.holders import parse_holder, parse_holder_ref
from ecert.domain.ids import parse_division, parse_licence_id, parse_resident_id, parse_type_code, parse_uscc
from ecert.domain.strict import b64url_decode, b64url_encode, loads
from ecert.domain.use import parse_use
from ecert.runtime.settings import load_settings
from tests.fuzz.trial import parsed, plain, text_of, value_of
from tests.unit.verifier.build import LI
from tests.unit.verifier.home import USE

if TYPE_CHECKING:
    from tests.fuzz.trial import Target

_LICENCE: Final = "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F"
_IDENTIFIERS: Final = (_LICENCE, "91350100M000100Y43", "11010519491231002X", "310118", "11100000000013127D001")
_LARGEST: Final = 4096
_ENVIRONMENT: Final = (
    "ECERT_LEDGER=rpc+http://v1:8545,v2:8545\nECERT_REGIONS=31,32\nECERT_ROLES=verifier\nECERT_LOG=debug",
    "ECERT_DATABASE=postgresql+psycopg://u@h/d\nECERT_SIGNER=pkcs11:token\nECERT_HEARTBEAT=60\nECERT_DEMO=1",
    "ECERT_PUBLIC_URL=https://example.test/ecert\nECERT_BATCH_SIZE=1000000\nECERT_HOME=/srv",
)


def identifiers(data: bytes) -> None:
    """Whatever is read is written as it was read, or in its one form."""
    text = text_of(data)
    licence = parsed(parse_licence_id, text)
    assert licence is None or str(licence) == text
    for parse in (parse_uscc, parse_type_code):
        assert parsed(parse, text) in (None, text)
    person = parsed(parse_resident_id, text)
    assert person is None or parsed(parse_resident_id, person.text) == person
    division = parsed(parse_division, text)
    assert division is None or parsed(parse_division, division) == division


def dates(data: bytes) -> None:
    """A day has one text; an instant is some second, and comes back from the form that we write."""
    text = text_of(data)
    day = parsed(parse_civil, text)
    assert day is None or (day.isoformat() == text and isinstance(start_of_day(day), int))
    instant = parsed(parse_instant, text)
    shown = None if instant is None else parsed(format_instant, instant)
    assert shown is None or parsed(parse_instant, shown) == instant


def holders(data: bytes) -> None:
    """A holder comes back from its claims; its repr shows no number."""
    value = value_of(data)
    holder = parsed(parse_holder, value)
    assert holder is None or parse_holder(holder.claims()) == holder
    ref = parsed(parse_holder_ref, value)
    assert ref is None or parse_holder_ref(str(ref)) == ref


def uses(data: bytes) -> None:
    """A use comes back from its wire form."""
    use = parsed(parse_use, value_of(data))
    assert use is None or parse_use(use.wire()) == use


def settings(data: bytes) -> None:
    """Any environment is read or refused by name."""
    lines = text_of(data).split("\n")
    parsed(load_settings, dict(line.partition("=")[::2] for line in lines if "=" in line))


def strict_json(data: bytes) -> None:
    """What is read is what Python's own reader reads."""
    for source in (data, text_of(data)):
        value = parsed(lambda given: loads(given, limit=_LARGEST), source)
        assert value is None or value == json.loads(source)
        value = parsed(lambda given: loads(given, limit=_LARGEST, floats=True), source)
        assert value is None or value == json.loads(source)


def base64url(data: bytes) -> None:
    """Bytes have one text, and a text that is read is the one of its bytes."""
    text = text_of(data)
    raw = parsed(b64url_decode, text)
    assert raw is None or b64url_encode(raw) == text
    assert b64url_decode(b64url_encode(data)) == data


def cbor(data: bytes) -> None:
    """What is read is written back the same, byte for byte."""
    value = parsed(lambda given: cose.loads(given, limit=_LARGEST), data)
    assert value is None or cose.dumps(value) == data


TARGETS: Final[tuple[Target, ...]] = (
    plain("identifiers", identifiers, _IDENTIFIERS, longest=128),
    plain("dates", dates, ("2025-06-01", "2025-06-01T08:00:00+08:00", "2025-06-01T00:00:00.5Z"), longest=64),
    plain("holders", holders, (json.dumps(LI.claims()), f'"{LI.ref}"', '{"id_type":"414","id":"E1"}')),
    plain("uses", uses, (json.dumps(USE.wire(), ensure_ascii=False),)),
    plain("settings", settings, _ENVIRONMENT, longest=512),
    plain("json", strict_json, ('{"a":[1,-2.5e3,"\\u8bc1",null,true]}', '"\\ud83d\\ude00"', "[[[[]]]]"), longest=1024),
    plain("base64url", base64url, ("AQI", "-_-_", ""), longest=256),
    plain("cbor", cbor, (cose.dumps({1: [b"a", "b", -3], "k": {2: 2**40}}),), longest=512),
)

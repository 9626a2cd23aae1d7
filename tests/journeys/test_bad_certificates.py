"""Certificates and receipts spoiled in every way: refused or not decided, in a report; never accepted, never a 500."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecert.app.demo.authorities import seat_for
from ecert.app.demo.faces import fill
from ecert.app.demo.people import household
from ecert.domain import certificate
from ecert.domain.dates import validity
from ecert.domain.ids import licence_id, new_serial
from ecert.domain.signer import Signer
from ecert.domain.status import StatusRef
from ecert.domain.strict import b64url_decode, b64url_encode
from ecert.domain.suites import generate, load_signer
from issuer.signing_keys import name_key
from tests.world import FIRST_DAY, Issued, World, codes_of, copied

if TYPE_CHECKING:
    from pathlib import Path

Told = dict[str, Any]


@pytest.fixture(scope="module")
def shown(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Issued, Told]]:
    """A world with one good certificate, and its container."""
    with copied(template, tmp_path_factory.mktemp("shown") / "home") as world:
        card = world.issue(1)
        world.settle()
        assert world.verify(card)["verdict"] == "accept"
        yield world, card, world.read(card)["certificate"]


def judge(world: World, card: Issued, container: Told) -> Told:
    """Give the verdict, or what the door refused as a problem."""
    holder = {"id_type": card.holder.id_type, "id": card.holder.id}
    body = {"container": container, "division": "310118", "holder": holder}
    answer = world.ask("POST", "/api/v1/verifications", content=_dumped(body), headers={"content-type": _JSON})
    assert answer.status_code in {200, 422}, answer.text
    told: Told = answer.json()
    return told


def _header(text: str, **changes: object) -> str:
    head, _, rest = text.partition(".")
    claims = orjson.loads(b64url_decode(head)) | changes
    return b64url_encode(orjson.dumps({k: v for k, v in claims.items() if v is not None})) + "." + rest


def _claims(text: str, **changes: object) -> str:
    head, body, rest = text.split(".", 2)
    return f"{head}.{b64url_encode(orjson.dumps(orjson.loads(b64url_decode(body)) | changes))}.{rest}"


def _disclosures(text: str, change: Callable[[list[str]], list[str]]) -> str:
    jwt, *disclosures, binding = text.split("~")
    return "~".join([jwt, *change(disclosures), binding])


def _unsigned(text: str) -> str:
    head, body, rest = _header(text, alg="none").split(".", 2)
    return f"{head}.{body}." + "~" + rest.partition("~")[2]


def _trailing_bits(text: str) -> str:
    jwt, tilde, rest = text.partition("~")
    return jwt[:-1] + chr(ord(jwt[-1]) + 1) + tilde + rest


SPOILED: dict[str, Callable[[str], str]] = {
    "nothing": lambda _: "",
    "alg none, signed": lambda text: _header(text, alg="none"),
    "alg none, unsigned": _unsigned,
    "alg of another suite": lambda text: _header(text, alg="SM2-SM3"),
    "alg of a suite that issues nothing": lambda text: _header(text, alg="EdDSA"),
    "alg in small letters": lambda text: _header(text, alg="es256"),
    "alg a number": lambda text: _header(text, alg=7),
    "no kid": lambda text: _header(text, kid=None),
    "kid of nobody": lambda text: _header(text, kid=b64url_encode(bytes(32))),
    "kid too short": lambda text: _header(text, kid="AAAA"),
    "kid a path": lambda text: _header(text, kid="../../etc/passwd"),
    "another typ": lambda text: _header(text, typ="JWT"),
    "a key in the header": lambda text: _header(text, jwk={"kty": "EC"}),
    "crit": lambda text: _header(text, crit=["exp"]),
    "another issuer": lambda text: _claims(text, iss="urn:cn:uscc:11310000MB2F056267"),
    "another type": lambda text: _claims(text, vct="urn:cn:ecert:11100000MB03271699001"),
    "status index out of range": lambda text: _claims(text, status={"status_list": {"idx": 2**31, "uri": "x"}}),
    "an end in the far future": lambda text: _claims(text, exp=2**62),
    "a negative beginning": lambda text: _claims(text, nbf=-1),
    "another digest": lambda text: _claims(text, _sd_alg="sha-1"),
    "padding": lambda text: text.replace("~", "=~", 1),
    "the other alphabet": lambda text: text.replace("-", "+").replace("_", "/"),
    "trailing bits": _trailing_bits,
    "white space": lambda text: text.replace(".", ". ", 1),
    "line ends inside": lambda text: text[:40] + "\r\n" + text[40:],
    "full-width letters": lambda text: text.replace("e", "ｅ"),
    "a fourth part": lambda text: text.replace("~", ".AAAA~", 1),
    "no disclosure is whole": lambda text: _disclosures(text, lambda all_: [one[:-4] for one in all_]),
    "one disclosure twice": lambda text: _disclosures(text, lambda all_: [*all_, all_[0]]),
    "a disclosure of nothing": lambda text: _disclosures(text, lambda all_: [*all_, b64url_encode(b'["s","XM","x"]')]),
    "a disclosure that is no array": lambda text: _disclosures(text, lambda all_: [*all_, b64url_encode(b"{}")]),
    "a deep disclosure": lambda text: _disclosures(
        text, lambda all_: [*all_, b64url_encode(b"[" * 9_000 + b"]" * 9_000)]
    ),
    "ten thousand disclosures": lambda text: _disclosures(text, lambda all_: all_ + ["AAAA"] * 10_000),
    "ten thousand tildes": lambda text: text + "~" * 10_000,
    "two certificates": lambda text: text + text,
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_certificate_is_not_accepted(shown: tuple[World, Issued, Told], name: str) -> None:
    world, card, container = shown
    spoiled = SPOILED[name](container["sd_jwt"])

    assert spoiled != container["sd_jwt"]
    assert judge(world, card, container | {"sd_jwt": spoiled}).get("verdict", "refuse") == "refuse"


@pytest.mark.parametrize(
    ("changes", "verdicts"),
    [
        ({"chain_id": 1}, {"refuse"}),
        ({"contract": "0x" + "0" * 40}, {"refuse"}),
        ({"contract": "0x" + "A" * 40}, {"refuse"}),
        ({"batch": 0}, {"refuse", "cannot_decide"}),
        ({"batch": 2**40}, {"cannot_decide"}),
        ({"batch": 2**64}, {"refuse"}),
        ({"index": 5}, {"refuse"}),
        ({"index": -1}, {"refuse"}),
        ({"size": 2, "index": 1}, {"refuse"}),
        ({"size": 2**62, "index": 2**61}, {"refuse"}),
        ({"size": True}, {"refuse"}),
        ({"path": ["A" * 43]}, {"refuse"}),
        ({"path": ["A" * 43] * 63}, {"refuse"}),
        ({"path": ["A" * 43] * 64}, {"refuse"}),
        ({"path": ["A" * 42 + "B"]}, {"refuse"}),
        ({"path": ["A" * 44]}, {"refuse"}),
        ({"path": "A" * 43}, {"refuse"}),
        ({"path": None}, {"refuse"}),
        ({"more": 1}, {"refuse"}),
    ],
)
def test_a_spoiled_receipt_is_not_accepted(
    shown: tuple[World, Issued, Told], changes: Told, verdicts: set[str]
) -> None:
    world, card, container = shown
    spoiled = container | {"receipt": container["receipt"] | changes}

    assert judge(world, card, spoiled).get("verdict", "refuse") in verdicts


def test_any_character_changed_is_not_accepted(shown: tuple[World, Issued, Told]) -> None:
    world, card, container = shown
    text = container["sd_jwt"]

    @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
    @given(st.integers(0, len(text) - 1), st.characters(blacklist_categories=["Cs"]))
    def change(place: int, letter: str) -> None:
        spoiled = text[:place] + letter + text[place + 1 :]
        report = judge(world, card, container | {"sd_jwt": spoiled})
        assert spoiled == text or report.get("verdict", "refuse") != "accept"

    change()


def test_a_key_binding_of_nobody_shows_no_holder(shown: tuple[World, Issued, Told]) -> None:
    world, _, container = shown
    body = {"container": container | {"sd_jwt": container["sd_jwt"] + "e30.e30.AAAA"}, "division": "310118"}

    report = world.ask("POST", "/api/v1/verifications", json=body).json()

    assert (report["verdict"], "holder.not_shown" in codes_of(report)) == ("cannot_decide", True)


def test_a_suite_is_the_keys_and_never_the_messages(shown: tuple[World, Issued, Told]) -> None:
    world, card, container = shown
    authority = seat_for(32, 1)
    kept = world.house.floor.keys.signer(name_key(authority.uscc, suite_name="ES256", number=1), suite="ES256")
    other = load_signer("SM2-SM3", generate("SM2-SM3"))
    text = _header(_signed(world, other), kid=kept.kid)

    report = judge(world, card, container | {"sd_jwt": text})

    assert (report["verdict"], "signature.wrong" in codes_of(report)) == ("refuse", True)


def test_an_index_outside_its_list_is_never_accepted(shown: tuple[World, Issued, Told]) -> None:
    world, card, _ = shown
    kept = world.house.floor.keys.signer(name_key(seat_for(32, 1).uscc, suite_name="ES256", number=1), suite="ES256")

    for place in (StatusRef(card.place[0], 2**17), StatusRef(card.place[0].replace("/32-", "/31-"), 1)):
        text = _signed(world, kept, place)
        report = judge(world, card, _anchored(world, text))
        assert report["verdict"] in {"refuse", "cannot_decide"}
        assert codes_of(report) & {"status.index", "status.pending", "status.region"}


def _signed(world: World, signer: Signer, place: StatusRef | None = None) -> str:
    """Sign what no use case would issue."""
    seat, now = seat_for(32, 1), int(world.time.now())
    filled = fill(1, home=household(32, 1), seat=seat, first=FIRST_DAY)
    span = validity(filled.first, filled.last)
    face = certificate.Face(
        licence=licence_id(type_code=filled.kind.code, issuer=seat.uscc, serial=new_serial()),
        division="320509",
        iat=now,
        nbf=span.nbf,
        exp=span.exp,
        status=place or StatusRef("http://127.0.0.1:8000/status-lists/32-1", 7),
        elements=filled.elements,
        holders=filled.holders,
    )
    return str(certificate.sign(face, signer))


def _anchored(world: World, text: str) -> Told:
    house, mark = world.house, certificate.parse(text).fingerprint
    with house.floor.database.transaction() as connection:
        house.anchoring.enqueue(connection, region=32, fingerprints=[mark], now=int(world.time.now()))
    world.settle()
    with house.floor.database.reading() as connection:
        receipt = house.anchoring.receipt(connection, region=32, fingerprint=mark)
    assert receipt is not None
    return {"v": 1, "sd_jwt": text, "receipt": receipt.claims()}


_JSON = "application/json"


def _dumped(body: Told) -> bytes:
    return json.dumps(body).encode()  # unlike orjson, also with integers beyond 64 bits

"""SD-JWTs that are right by the RFC and not of our profile are refused, each with its code (docs/divergences.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ecert.domain import certificate
from ecert.domain.errors import Malformed
from ecert.domain.sd_jwt import split
from tests.interop.foreign import JAVASCRIPT, OPENVC, REFERENCE, ask
from tests.interop.parties import EXP, anchored, hidden, new_key, trusting, visible
from tests.unit.verifier.build import Issued, told
from verifier.findings import Group, Verdict

pytestmark = pytest.mark.interop

KEY = new_key()
PERSON = {"given_name": "示例", "family_name": "李", "iat": 1_700_000_000, "iss": "https://issuer.example", "vct": "x"}


def reference(*, header: dict[str, str] | None = None, shown: dict[str, Any] | None = None, **hide: object) -> str:
    text: str = ask(
        REFERENCE,
        "issue",
        visible=visible() if shown is None else shown,
        hidden={**hidden(), **hide},
        key=KEY.private_pem,
        header={**KEY.header, **(header or {})},
    )
    return text


def javascript(claims: dict[str, Any], disclosable: list[str]) -> str:
    text: str = ask(
        JAVASCRIPT,
        "issue_plain",
        claims=claims,
        disclosable=disclosable,
        key=KEY.private_pem,
        header=KEY.header,
    )
    return text


def openvc(claims: dict[str, Any], disclosable: list[str]) -> str:
    kid = KEY.header["kid"]
    text: str = ask(OPENVC, "issue_plain", claims=claims, disclosable=disclosable, key=KEY.private_pem, kid=kid)
    return text


EVERYTHING = visible() | hidden(file=False)
FOREIGN = [
    ("a person's credential of the draft", lambda: openvc(PERSON, ["given_name"]), "certificate.claims"),
    ("the reference's example typ", lambda: reference(header={"typ": "example+sd-jwt"}), "jws.header"),
    ("the draft's former typ", lambda: reference(header={"typ": "vc+sd-jwt"}), "jws.header"),
    ("a header with more", lambda: reference(header={"cty": "json"}), "jws.header"),
    ("elements in the clear", lambda: javascript(EVERYTHING, []), "certificate.visible"),
    ("elements hidden as one", lambda: javascript(EVERYTHING, ["elements", "holders"]), "certificate.claims"),
    ("an end that may be withheld", lambda: reference(shown=visible(exp=None), exp=EXP), "certificate.claims"),
    ("one more visible claim", lambda: reference(shown=visible(jti="1")), "certificate.claims"),
    ("no status", lambda: reference(shown=visible(status=None)), "certificate.claims"),
    ("another issuer's name", lambda: reference(shown=visible(iss="https://issuer.example")), "certificate.urn"),
    ("another type's name", lambda: reference(shown=visible(vct="https://type.example")), "certificate.urn"),
    ("a time with a fraction", lambda: reference(shown=visible(iat=1_700_000_000.5)), "json.float"),
    ("an element with a fraction", lambda: reference(elements={"MJ": 89.5}), "json.float"),
    ("a status elsewhere", lambda: reference(shown=visible(status={"other": {}})), "status.claims"),
    ("holders of another form", lambda: reference(holders=[{"sub": "x"}]), "holder.form"),
]


@pytest.mark.parametrize(("make", "code"), [case[1:] for case in FOREIGN], ids=[case[0] for case in FOREIGN])
def test_a_certificate_of_another_profile_is_refused_with_its_code(make: Any, code: str, tmp_path: Path) -> None:  # noqa: ANN401 - a maker of text
    text = make()
    with pytest.raises(Malformed) as refused:
        certificate.parse(text)
    world = trusting(tmp_path, suite="ES256", spki=KEY.spki)
    judged = world.judge(anchored(world, text))

    assert refused.value.code == code
    assert judged.verdict is Verdict.REFUSE
    assert told(judged, Group.FORM) == f"INVALID {code}"


def test_an_element_that_the_catalogue_does_not_know_is_refused(tmp_path: Path) -> None:
    world = trusting(tmp_path, suite="ES256", spki=KEY.spki)
    judged = world.judge(anchored(world, reference(elements={"given_name": "示例"})))

    assert told(judged, Group.FORM) == "INVALID element.unknown"
    assert judged.verdict is Verdict.REFUSE


@pytest.mark.parametrize("alg", ["ES256", "Ed25519"])
def test_an_algorithm_of_the_header_that_is_not_the_key_s_is_refused(alg: str, tmp_path: Path) -> None:
    key = new_key("EdDSA")
    header = {**key.header, "alg": alg}
    text = ask(JAVASCRIPT, "issue", visible=visible(), hidden=hidden(), key=key.private_pem, header=header)
    world = trusting(tmp_path, suite="EdDSA", spki=key.spki)
    judged = world.judge(Issued(split(text)))

    assert told(judged, Group.SIGNATURE) == "INVALID signature.wrong"
    assert judged.verdict is Verdict.REFUSE

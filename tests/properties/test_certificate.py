from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecert.domain import certificate, jws
from ecert.domain.certificate import parse, select
from ecert.domain.errors import Malformed, VerificationFailed
from ecert.domain.sd_jwt import disclose, split
from ecert.domain.strict import b64url_decode
from tests.unit.domain.issued import FACE, claims, issued, signer, token

NAMES = st.text("abcdefgh_", min_size=1, max_size=6).filter(lambda name: name not in {"_sd", "_sd_alg"})
SCALARS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.integers(0, 2**40) | st.booleans()
ENTRIES = st.dictionaries(NAMES, SCALARS, max_size=3) | SCALARS
ELEMENTS = st.dictionaries(NAMES, SCALARS | st.lists(ENTRIES, max_size=4), max_size=5)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["_sd", "...", "_sd_alg", "a"]) | NAMES, inner, max_size=4)
    ),
    max_leaves=8,
)
WHOLE = issued()


@given(ELEMENTS, st.data())
def test_what_is_issued_is_read_and_what_is_selected_is_what_was_asked_for(
    elements: dict[str, Any], data: st.DataObject
) -> None:
    text = str(certificate.sign(replace(FACE, elements=elements), signer()))
    wanted = data.draw(st.sets(st.sampled_from(sorted(elements)))) if elements else set()

    assert parse(text).elements == elements
    assert parse(select(text, elements=wanted)).elements == {k: v for k, v in elements.items() if k in wanted}


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_any_changed_character_is_refused_or_does_not_verify(at: int, flip: int) -> None:
    changed = WHOLE[:at] + chr(ord(WHOLE[at]) ^ flip) + WHOLE[at + 1 :]
    with pytest.raises((Malformed, VerificationFailed)):
        jws.verify(parse(changed).token, suite_name="ES256", spki=signer().spki)


@given(st.sets(st.integers(0, WHOLE.count("~") - 2)))
def test_any_part_of_a_certificate_is_malformed_or_tells_less(kept: set[int]) -> None:
    whole = split(WHOLE)
    text = "~".join([whole.jwt, *(d for n, d in enumerate(whole.disclosures) if n in kept), ""])
    try:
        read = parse(text)
    except Malformed:
        return
    assert read.elements.keys() <= FACE.elements.keys()
    assert set(read.holders) <= set(FACE.holders)


@given(st.text() | st.binary() | JSON)
def test_whatever_is_handed_in_is_malformed_and_nothing_else(value: Any) -> None:  # noqa: ANN401 - anything at all
    for reader in (parse, lambda v: jws.parse(v, typ="t", limit=1000), lambda v: select(v, elements=["a"])):
        with pytest.raises(Malformed):
            reader(value)


@given(st.text() | st.text("~.a") | JSON)
def test_a_text_taken_apart_is_joined_again_as_it_was(value: Any) -> None:  # noqa: ANN401 - anything at all
    try:
        parts = split(value)
    except Malformed:
        return
    assert str(parts) == value


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(claims(), JSON) | {"_sd": JSON, "exp": JSON, "cnf": JSON}))
def test_a_signed_payload_of_any_content_is_read_or_malformed(changes: dict[str, Any]) -> None:
    try:
        parse(token(claims(**changes)))
    except Malformed:
        return


@given(JSON, st.lists(st.binary(max_size=40).map(lambda raw: raw.hex()) | st.text(max_size=20), max_size=3))
def test_any_payload_is_disclosed_or_malformed(payload: Any, disclosures: list[str]) -> None:  # noqa: ANN401 - anything
    try:
        disclose({"a": payload}, disclosures)
    except Malformed:
        return
    assert not disclosures


def test_a_flipped_bit_of_the_payload_is_noticed_even_where_it_parses() -> None:
    token = parse(WHOLE).token
    changed = replace(token, signing_input=token.signing_input[:-1] + bytes([token.signing_input[-1] ^ 1]))
    assert b64url_decode(WHOLE.split(".")[0])
    with pytest.raises(VerificationFailed):
        jws.verify(changed, suite_name="ES256", spki=signer().spki)

"""Status lists keep every entry through every form; parsers answer anything with a value or Malformed."""

from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from ecert.domain import status
from ecert.domain.errors import Malformed
from ecert.domain.status import Status

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
REFERENCES = st.fixed_dictionaries(
    {}, optional={"status_list": JSON | st.fixed_dictionaries({}, optional={"idx": JSON, "uri": JSON})}
)
LISTS = st.fixed_dictionaries(
    {},
    optional={
        "sub": JSON | st.just("https://a.example/31-1"),
        "iat": JSON | st.just(1),
        "exp": JSON | st.just(2),
        "ttl": JSON | st.just(60),
        "status_list": JSON | st.fixed_dictionaries({"bits": st.just(2), "lst": JSON}),
    },
)


@settings(deadline=None)
@given(st.lists(st.sampled_from(Status), min_size=1, max_size=400), st.data())
def test_every_entry_survives_its_neighbours_and_compression(statuses: list[Status], data: st.DataObject) -> None:
    bitmap = bytearray(-(-len(statuses) // 4))
    for index in data.draw(st.permutations(range(len(statuses)))):
        status.put(bitmap, index, Status.SUPERSEDED)
        status.put(bitmap, index, statuses[index])
    read = status.decompress(status.compress(bitmap), max_size=len(bitmap))
    assert [status.get(read, index) for index in range(len(statuses))] == statuses


@settings(deadline=None)
@given(st.integers(0, 2**256 - 1))
def test_a_word_of_the_chain_holds_its_entries_at_their_places(word: int) -> None:
    block = word.to_bytes(32, "little")
    assert [status.get(block, index) for index in range(128)] == [word >> 2 * i & 3 for i in range(128)]


@settings(deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.from_regex(r"https?://[a-z.]{1,20}/[1-9][0-9]-[1-9][0-9]{0,8}", fullmatch=True),
)
def test_a_reference_comes_back(index: int, uri: str) -> None:
    reference = status.StatusRef(uri, index)
    assert status.parse_status_ref(reference.claim()) == reference
    region, number = status.list_id(uri)
    assert uri.endswith(f"/{region}-{number}")


@settings(deadline=None)
@given(REFERENCES | JSON, LISTS | JSON, JSON | st.binary(max_size=60))
def test_parsers_raise_malformed_and_nothing_else(reference: object, claims: object, other: object) -> None:
    for parse, value in (
        (status.parse_status_ref, reference),
        (status.parse_status_list_claims, claims),
        (status.list_id, other),
        (status.decompress, other),
    ):
        with contextlib.suppress(Malformed):
            parse(value)

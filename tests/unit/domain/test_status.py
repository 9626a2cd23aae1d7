"""Status lists are the draft's bit for bit, moves are the contract's, and no compressed bomb goes off."""

from __future__ import annotations

import json
import tracemalloc
import zlib
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from ecert.domain import status
from ecert.domain.errors import Conflict, Malformed
from ecert.domain.status import Status, StatusRef
from ecert.domain.strict import b64url_encode

VECTOR = json.loads((Path(__file__).parents[2] / "vectors" / "status_list.json").read_text("utf-8"))
ONE_BIT, TWO_BITS = VECTOR["short"]
URI = "https://status.example/status-lists/31-7"
CLAIMS = status.status_list_claims(uri=URI, bitmap=bytes(32), iat=1_700_000_000, exp=1_700_086_400, ttl=60)


def test_the_draft_s_two_bit_example_reads_and_writes() -> None:
    bitmap = bytes.fromhex(TWO_BITS["bytes"])
    assert [status.get(bitmap, index) for index in range(12)] == TWO_BITS["statuses"]
    written = bytearray(3)
    for index, value in enumerate(TWO_BITS["statuses"]):
        status.put(written, index, Status(value))
    assert written == bitmap


@pytest.mark.parametrize("example", [ONE_BIT, TWO_BITS])
def test_the_draft_s_compressed_lists_inflate(example: dict) -> None:
    bitmap = bytes.fromhex(example["bytes"])
    assert status.decompress(example["lst"]) == bitmap
    assert status.decompress(status.compress(bitmap)) == bitmap


def test_the_draft_s_long_two_bit_list_holds_its_statuses_and_no_other() -> None:
    long = VECTOR["large"]
    bitmap = status.decompress(long["lst"])
    assert len(bitmap) == long["entries"] // 4
    for index, value in long["statuses"].items():
        assert status.get(bitmap, int(index)) == value
    written = bytearray(len(bitmap))
    for index, value in long["statuses"].items():
        status.put(written, int(index), Status(value))
    assert written == bitmap


def test_the_draft_s_reference_parses() -> None:
    reference = status.parse_status_ref(VECTOR["reference"])
    assert reference == StatusRef("https://example.com/statuslists/1", 0)
    assert reference.claim() == VECTOR["reference"]


def test_the_chain_s_words_are_the_bitmap() -> None:
    bitmap = bytearray(64)
    words = [0, 0]
    for index, value in {0: 1, 1: 3, 5: 2, 127: 3, 128: 1, 200: 2, 255: 1}.items():
        status.put(bitmap, index, Status(value))
        words[index // 128] |= value << 2 * (index % 128)
    assert b"".join(word.to_bytes(32, "little") for word in words) == bitmap


def test_moves_are_the_contract_s() -> None:
    allowed = {(0, 1), (0, 2), (0, 3), (2, 0), (2, 1), (2, 3)}
    assert allowed == status.MOVES
    for old, new in product(Status, Status):
        if (old, new) in allowed:
            status.check_move(old=old, new=new)
        else:
            code = "status.unchanged" if old == new else "status.final"
            with pytest.raises(Conflict) as refused:
                status.check_move(old=old, new=new)
            assert refused.value.code == code


@pytest.mark.parametrize("index", [-1, 12, 2**40])
def test_an_index_outside_the_list_is_malformed(index: int) -> None:
    with pytest.raises(Malformed, match=r"^status\.index\b"):
        status.get(bytes(3), index)
    with pytest.raises(Malformed, match=r"^status\.index\b"):
        status.put(bytearray(3), index, Status.INVALID)


def test_a_bomb_is_refused_at_its_bound() -> None:
    bomb = status.compress(bytes(1_000_001))
    assert len(bomb) < 2_000
    assert len(status.decompress(bomb, max_size=1_000_001)) == 1_000_001
    with pytest.raises(Malformed, match=r"^status\.lst\b"):
        status.decompress(bomb, max_size=1_000_000)


@pytest.mark.parametrize("raw", [b"", b"no zlib", zlib.compress(bytes(99))[:-1], zlib.compress(b"") + b"x"])
def test_what_is_not_one_whole_zlib_stream_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed, match=r"^status\.lst\b"):
        status.decompress(b64url_encode(raw))


def test_claims_come_back_whole() -> None:
    parsed = status.parse_status_list_claims(json.loads(json.dumps(CLAIMS)) | {"unknown": 1})
    assert parsed == status.StatusList(URI, bytes(32), 1_700_000_000, 1_700_086_400, 60)


@pytest.mark.parametrize(
    "change",
    [
        {"sub": None},
        {"sub": "ftp://status.example/31-7"},
        {"sub": "https://status.example/" + "a" * 600},
        {"iat": True},
        {"exp": -1},
        {"exp": 1.5},
        {"ttl": "60"},
        {"status_list": []},
        {"status_list": {"bits": 1, "lst": ONE_BIT["lst"]}},
        {"status_list": {"bits": True, "lst": TWO_BITS["lst"]}},
        {"status_list": {"bits": 2}},
        {"status_list": {"bits": 2, "lst": "eNo76fITAAPfAgc="}},
    ],
)
def test_a_wrong_claim_is_malformed(change: dict) -> None:
    with pytest.raises(Malformed):
        status.parse_status_list_claims(CLAIMS | change)


@pytest.mark.parametrize(
    "claim",
    [
        None,
        {},
        {"status_list": {"uri": URI}},
        {"status_list": {"uri": URI, "idx": -1}},
        {"status_list": {"uri": URI, "idx": 2**32}},
        {"status_list": {"uri": URI, "idx": True}},
        {"status_list": {"uri": "https://a b/31-7", "idx": 1}},
    ],
)
def test_a_wrong_reference_is_malformed(claim: object) -> None:
    with pytest.raises(Malformed):
        status.parse_status_ref(claim)


def test_a_list_s_address_names_region_and_number() -> None:
    assert status.list_id(URI) == (31, 7)
    assert status.list_id("http://127.0.0.1:8000/34-0") == (34, 0)


@pytest.mark.parametrize(
    "uri",
    [
        "https://status.example/31-07",
        "https://status.example/1-7",
        "https://status.example/31-7/",
        "https://status.example/31-7?x",
        "https://31-7",
        "status.example/31-7",
        "https://status.example/x31-7",
        "https://status.example/31-７",
        7,
    ],
)
def test_any_other_address_is_no_list_of_ours(uri: str) -> None:
    with pytest.raises(Malformed, match=r"^status\.uri\b"):
        status.list_id(uri)


def code_of(read: Callable[[], object]) -> str:
    with pytest.raises(Malformed) as refused:
        read()
    return refused.value.code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sub": None}, "status.uri"),
        ({"sub": 1}, "status.uri"),
        ({"iat": True}, "status.claims"),
        ({"iat": None}, "status.claims"),
        ({"exp": -1}, "status.claims"),
        ({"exp": 1 << 53}, "status.claims"),
        ({"ttl": "60"}, "status.claims"),
        ({"status_list": []}, "status.claims"),
        ({"status_list": None}, "status.claims"),
        ({"status_list": {"lst": TWO_BITS["lst"]}}, "status.bits"),
        ({"status_list": {"bits": 1, "lst": TWO_BITS["lst"]}}, "status.bits"),
        ({"status_list": {"bits": 2, "lst": 1}}, "status.claims"),
        ({"status_list": {"bits": 2, "lst": "e"}}, "base64.canonical"),
    ],
)
def test_each_fault_of_a_list_s_claims_has_its_code(change: dict, code: str) -> None:
    assert code_of(lambda: status.parse_status_list_claims(CLAIMS | change)) == code


def test_numbers_of_a_list_s_claims_reach_from_0_to_53_bits() -> None:
    numbers = {"iat": 0, "exp": (1 << 53) - 1, "ttl": 0}
    parsed = status.parse_status_list_claims(CLAIMS | numbers)
    assert (parsed.iat, parsed.exp, parsed.ttl) == (0, (1 << 53) - 1, 0)


def test_the_names_on_the_wire() -> None:
    assert {
        "sub": URI,
        "iat": 1_700_000_000,
        "exp": 1_700_086_400,
        "ttl": 60,
        "status_list": {"bits": 2, "lst": status.compress(bytes(32))},
    } == CLAIMS
    assert (status.TYP, status.BITS, status.MAX_INDEX, status.MAX_BITMAP) == ("statuslist+jwt", 2, 2**32 - 1, 2**24)
    assert [(each.name, each.value) for each in Status] == [
        ("VALID", 0),
        ("INVALID", 1),
        ("SUSPENDED", 2),
        ("SUPERSEDED", 3),
    ]
    assert status.compress(bytes(1000)) == b64url_encode(zlib.compress(bytes(1000), 9))


@pytest.mark.parametrize(
    ("claim", "code"),
    [
        (None, "status.claims"),
        ({"status_list": []}, "status.claims"),
        ({"status_list": {"uri": URI}}, "status.claims"),
        ({"status_list": {"uri": URI, "idx": 2**32}}, "status.index"),
        ({"status_list": {"idx": 1}}, "status.uri"),
    ],
)
def test_each_fault_of_a_reference_has_its_code(claim: object, code: str) -> None:
    assert code_of(lambda: status.parse_status_ref(claim)) == code


def test_a_reference_reaches_to_the_last_index_and_the_longest_address() -> None:
    longest = "https://x/" + "a" * 502
    claim = {"status_list": {"uri": longest, "idx": 2**32 - 1}, "other": 1}
    assert status.parse_status_ref(claim) == StatusRef(longest, 2**32 - 1)
    for wrong in (longest + "a", "https://", "httpx://a", "https://a b", "https://证"):
        assert (
            code_of(lambda uri=wrong: status.parse_status_ref({"status_list": {"uri": uri, "idx": 1}})) == "status.uri"
        )
    assert status.parse_status_ref({"status_list": {"uri": "http://!~", "idx": 0}}).uri == "http://!~"


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("https://a/31-0", (31, 0)),
        ("https://a/b/c/99-9999999999", (99, 9_999_999_999)),
        ("https://a//10-1", (10, 1)),
        ("https://a/01-1", None),
        ("https://a/31-01", None),
        ("https://a/31-10000000000", None),
        ("https://a/31-", None),
        ("https://a?x/31-1", None),
        ("https://a/b?c/31-1", None),
        ("https://a/b#c/31-1", None),
        ("https:///31-1", None),
        ("https://a/31-1#", None),
    ],
)
def test_a_list_s_place_is_its_last_segment(uri: str, place: tuple[int, int] | None) -> None:
    if place is None:
        assert code_of(lambda: status.list_id(uri)) == "status.uri"
    else:
        assert status.list_id(uri) == place


def test_a_refused_move_tells_the_status() -> None:
    for old, new, detail in ((Status.INVALID, Status.VALID, "INVALID"), (Status.VALID, Status.VALID, "VALID")):
        with pytest.raises(Conflict) as refused:
            status.check_move(old=old, new=new)
        assert refused.value.detail == detail


def test_a_list_s_size_is_bounded_where_nothing_is_said() -> None:
    assert len(status.decompress(status.compress(bytes(1 << 24)))) == 1 << 24
    assert code_of(lambda: status.decompress(status.compress(bytes((1 << 24) + 1)))) == "status.lst"
    claims = status.status_list_claims(uri=URI, bitmap=bytes(33), iat=0, exp=1, ttl=1)
    assert len(status.parse_status_list_claims(claims, max_size=33).bitmap) == 33
    assert code_of(lambda: status.parse_status_list_claims(claims, max_size=32)) == "status.lst"


def test_a_bomb_is_not_inflated_beyond_its_bound() -> None:
    bomb = status.compress(bytes(32 << 20))
    tracemalloc.start()
    try:
        assert code_of(lambda: status.decompress(bomb, max_size=1_000)) == "status.lst"
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()

"""Status lists are the draft's bit for bit, moves are the contract's, and no compressed bomb goes off."""

from __future__ import annotations

import json
import zlib
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
    assert b"".join(map(status.word_to_bytes, words)) == bitmap


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

"""An offline code's claims at their bounds: each number, each size, each key that may be absent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ecert.domain.errors import Malformed
from ecert.domain.offline_claims import (
    COMMITMENT_SIZE,
    NONCE_SIZE,
    OfflineCertificate,
    OfflineClaims,
    StatusPlace,
    from_wire,
    to_wire,
)

CERTIFICATE = OfflineCertificate(
    type_no=1,
    status=StatusPlace(region=32, number=4, index=5),
    division="320509",
    authority_key=bytes(range(32)),
    nbf=6,
    exp=7,
    batch=8,
    fingerprint=bytes(range(32, 64)),
    elements={"XM": "李示例"},
    hash_alg=2,
)
CLAIMS = OfflineClaims(
    region=32,
    iat=10,
    exp=11,
    nonce=bytes(range(8)),
    item="EC-0002",
    holder=bytes(range(16)),
    agent=bytes(range(16, 32)),
    certificates=(CERTIFICATE,),
)
WIRE = {
    1: 32,
    2: 10,
    3: 11,
    4: bytes(range(8)),
    5: "EC-0002",
    6: bytes(range(16)),
    7: bytes(range(16, 32)),
    8: [
        {
            1: 1,
            2: [32, 4, 5],
            3: 320509,
            4: bytes(range(32)),
            5: 6,
            6: 7,
            7: 8,
            8: bytes(range(32, 64)),
            9: 2,
            10: {"XM": "李示例"},
        }
    ],
}


def wire(part: str, key: int, value: object) -> dict[int, Any]:
    certificate = dict(WIRE[8][0])  # type: ignore[index]  # the list of certificates
    changed = {**WIRE, 8: [certificate]}
    target = changed if part == "code" else certificate
    target.pop(key) if value is None else target.update({key: value})
    return changed


def test_each_claim_has_its_number() -> None:
    assert to_wire(CLAIMS) == WIRE
    assert from_wire(WIRE) == CLAIMS
    assert (NONCE_SIZE, COMMITMENT_SIZE) == (8, 16)


def test_what_is_absent_has_no_key() -> None:
    few = replace(CLAIMS, agent=None, certificates=(replace(CERTIFICATE, exp=None, hash_alg=1),))
    written = to_wire(few)
    assert set(written) == {1, 2, 3, 4, 5, 6, 8}
    (certificate,) = written[8]  # type: ignore[misc]  # the list of certificates
    assert set(certificate) == {1, 2, 3, 4, 5, 7, 8, 10}
    assert from_wire(written) == few


def test_a_certificate_s_digest_is_sha_256_where_nothing_is_said() -> None:
    default = OfflineCertificate(1, CERTIFICATE.status, "32", b"", 0, None, 0, b"", {"XM": "李示例"})
    assert default.hash_alg == 1
    assert "李示例" not in repr(default)


@pytest.mark.parametrize(
    ("part", "key", "right", "wrong"),
    [
        ("code", 1, [0, 99], [-1, 100, "32", True]),
        ("code", 2, [0], [-1, 11, 2**40]),
        ("code", 3, [2**40 - 1], [10, 2**40]),
        ("code", 4, [bytes(8)], [bytes(7), bytes(9), "x" * 8]),
        ("code", 5, ["x", "x" * 40], ["", "x" * 41, 1, "a\n"]),
        ("code", 6, [bytes(16)], [bytes(15), bytes(17)]),
        ("code", 7, [bytes(16), None], [bytes(15), bytes(17)]),
        ("code", 8, [], [[], {}, 1, [1]]),
        ("code", 9, [], [1]),
        ("certificate", 1, [0, 999], [-1, 1000]),
        ("certificate", 2, [[99, 2**32 - 1, 2**32 - 1]], [[100, 0, 0], [0, 2**32, 0], [0, 0, 2**32], [1, 2], 1]),
        ("certificate", 3, [320509, 32], [1_000_000, -1, "320509"]),
        ("certificate", 4, [bytes(32)], [bytes(31), bytes(33)]),
        ("certificate", 5, [2**40 - 1], [2**40, -1]),
        ("certificate", 6, [2**40 - 1, None], [2**40, -1]),
        ("certificate", 7, [2**32 - 1], [2**32]),
        ("certificate", 8, [bytes(32)], [bytes(31), bytes(33)]),
        ("certificate", 9, [2, 0, 255, None], [1, 256]),
        ("certificate", 10, [{}], [[], {1: "x"}, "x"]),
        ("certificate", 11, [], [1]),
    ],
)
def test_each_claim_has_its_bounds(part: str, key: int, right: list[object], wrong: list[object]) -> None:
    for value in right:
        assert from_wire(wire(part, key, value)) is not None
    for value in wrong:
        with pytest.raises(Malformed, match=r"^offline\.claims\b"):
            from_wire(wire(part, key, value))


@pytest.mark.parametrize(
    ("part", "key"),
    [("code", key) for key in (1, 2, 3, 4, 5, 6, 8)] + [("certificate", key) for key in (1, 2, 3, 4, 5, 7, 8, 10)],
)
def test_what_is_needed_is_missed(part: str, key: int) -> None:
    with pytest.raises(Malformed, match=r"^offline\.claims\b"):
        from_wire(wire(part, key, None))


@pytest.mark.parametrize("value", [None, [], "x", 1])
def test_claims_are_a_map(value: object) -> None:
    with pytest.raises(Malformed, match=r"^offline\.claims\b"):
        from_wire(value)

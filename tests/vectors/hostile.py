"""Makes hostile_signatures.json: signatures and keys that look right and must be refused, and two that must be taken.

In the manner of Project Wycheproof; every value is computed here, from keys that standards publish: RFC 6979
appendix A.2.5 (ES256) and GB/T 32918.5 annex A.2 (SM2). Run: python -m tests.vectors.hostile
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

HERE = Path(__file__).parent
OUT = HERE / "hostile_signatures.json"
SM2 = json.loads((HERE / "sm2.json").read_text("utf-8"))
RFC6979 = json.loads((HERE / "rfc6979.json").read_text("utf-8"))
# Found by signing the number, as text, under the standard's key until r began with a zero byte.
SM2_SHORT_R = (
    "272",
    "00e8f76266eae0db8091385ce571a045a4de4963a7b119c3d71fca7745c953f32383171e91f29309b84591ba84635fa5f8d95e2126610316f39b84f3f5487a48",
)


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve y² = x³ - 3x + b over a prime p, its order n, and what stands before x in the one SPKI form."""

    p: int
    b: int
    n: int
    oid: str
    other_oid: str


P256 = Curve(
    p=0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
    b=0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    n=0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    oid="06082a8648ce3d030107",
    other_oid="06082a811ccf5501822d",
)
SM2P256 = Curve(
    p=0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF,
    b=0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93,
    n=0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123,
    oid="06082a811ccf5501822d",
    other_oid="06082a8648ce3d030107",
)


def refused_signatures(curve: Curve, good: bytes) -> dict[str, str]:
    """Give what no verifier may take for a signature over the message that `good` signs."""
    r, s, n = int.from_bytes(good[:32]), int.from_bytes(good[32:]), curve.n
    pairs = {
        "r is zero": (0, s),
        "s is zero": (r, 0),
        "r and s are zero": (0, 0),
        "r is n": (n, s),
        "s is n": (r, n),
        "r and s are n": (n, n),
        "r is n + 1": (n + 1, s),
        "s is n + 1": (r, n + 1),
        "r is n - 1": (n - 1, s),
        "s is n - 1": (r, n - 1),
        "r and s are one": (1, 1),
        "r is the field's prime": (curve.p, s),
        "r is all ones": (2**256 - 1, s),
        "s is all ones": (r, 2**256 - 1),
        "r has its high bit turned": (r ^ 1 << 255, s),
        "s has its high bit turned": (r, s ^ 1 << 255),
        "r is negated": (n - r, s),
        "r and s are exchanged": (s, r),
    }
    der = encode_dss_signature(r, s)
    forms = {
        "empty": b"",
        "r alone": good[:32],
        "one byte short": good[:-1],
        "first byte gone": good[1:],
        "a zero byte after": good + b"\0",
        "a zero byte before": b"\0" + good,
        "s with a leading zero": good[:32] + b"\0" + good[32:],
        "r and s with a leading zero each": b"\0" + good[:32] + b"\0" + good[32:],
        "little-endian": good[:32][::-1] + good[32:][::-1],
        "twice": good + good,
        "DER": der,
        "DER with a long-form length": b"\x30\x81" + der[1:],
        "DER with r padded": b"\x30" + bytes([der[1] + 1, 2, der[3] + 1, 0]) + der[4:],
        "DER with bytes after": der + b"\0\0",
        "DER of the negative r": b"\x30\x44\x02\x20" + (2**255 | r).to_bytes(32) + b"\x02\x20" + good[32:],
        "hexadecimal": good.hex().encode(),
    }
    numbers = {why: r.to_bytes(32) + s.to_bytes(32) for why, (r, s) in pairs.items()}
    return {why: signature.hex() for why, signature in (numbers | forms).items()}


def refused_keys(curve: Curve, point: bytes) -> dict[str, str]:
    """Give SPKIs that are not the one form of a key on the curve."""
    x, y = point[:32], point[32:]
    small = next(x for x in range(1, 100) if pow(_square(curve, x), (curve.p - 1) // 2, curve.p) == 1)
    root = pow(_square(curve, small), (curve.p + 1) // 4, curve.p)
    good = _spki(curve.oid, b"\4" + point)
    keys = {
        "compressed": _spki(curve.oid, bytes([2 + y[-1] % 2]) + x),
        "hybrid": _spki(curve.oid, bytes([6 + y[-1] % 2]) + point),
        "the point at infinity": _spki(curve.oid, b"\0"),
        "zero for x and y": _spki(curve.oid, b"\4" + bytes(64)),
        "off the curve": _spki(curve.oid, b"\4" + point[:-1] + bytes([point[-1] ^ 1])),
        "x is not reduced": _spki(curve.oid, b"\4" + (small + curve.p).to_bytes(32) + root.to_bytes(32)),
        "the point on another curve": _spki(curve.other_oid, b"\4" + point),
        "no curve": _spki("0500", b"\4" + point),
        "a long-form length": b"\x30\x81" + good[1:],
        "a byte after": good + b"\0",
        "an unused bit": good.replace(b"\x03\x42\x00", b"\x03\x42\x01"),
        "the bare point": b"\4" + point,
    }
    return {why: key.hex() for why, key in keys.items()}


def _square(curve: Curve, x: int) -> int:
    return (x**3 - 3 * x + curve.b) % curve.p


def _spki(oid: str, point: bytes) -> bytes:
    algorithm = bytes.fromhex("06072a8648ce3d0201" + oid)
    body = bytes([0x30, len(algorithm)]) + algorithm + bytes([3, len(point) + 1, 0]) + point
    return bytes([0x30, len(body)]) + body


def _es256() -> dict[str, object]:
    key = ec.derive_private_key(int(RFC6979["d"], 16), ec.SECP256R1())
    point = bytes.fromhex(RFC6979["x"] + RFC6979["y"])
    message, good = "sample", bytes.fromhex(RFC6979["signatures"][0]["r"] + RFC6979["signatures"][0]["s"])
    short = next(pair for number in range(10**6) if not (pair := _sign(key, str(number)))[1][0])
    mirrored = good[:32] + (P256.n - int.from_bytes(good[32:])).to_bytes(32)
    return {
        "spki": _spki(P256.oid, b"\4" + point).hex(),
        "message": message,
        "accepted": [
            {"why": "the standard's", "message": message, "signature": good.hex()},
            {"why": "r begins with a zero byte", "message": short[0], "signature": short[1].hex()},
            {"why": "s negated: ECDSA takes both", "message": message, "signature": mirrored.hex()},
        ],
        "refused": refused_signatures(P256, good),
        "refused_keys": refused_keys(P256, point),
    }


def _sign(key: ec.EllipticCurvePrivateKey, message: str) -> tuple[str, bytes]:
    r, s = decode_dss_signature(key.sign(message.encode(), ec.ECDSA(SHA256(), deterministic_signing=True)))
    return message, r.to_bytes(32) + s.to_bytes(32)


def _sm2() -> dict[str, object]:
    point = bytes.fromhex(SM2["x"] + SM2["y"])
    good = bytes.fromhex(SM2["r"] + SM2["s"])
    mirrored = good[:32] + (SM2P256.n - int.from_bytes(good[32:])).to_bytes(32)
    return {
        "spki": _spki(SM2P256.oid, b"\4" + point).hex(),
        "message": SM2["message"],
        "accepted": [
            {"why": "the standard's", "message": SM2["message"], "signature": good.hex()},
            {"why": "r begins with a zero byte", "message": SM2_SHORT_R[0], "signature": SM2_SHORT_R[1]},
        ],
        "refused": refused_signatures(SM2P256, good) | {"s is negated": mirrored.hex()},
        "refused_keys": refused_keys(SM2P256, point),
    }


if __name__ == "__main__":
    source = (__doc__ or "").partition("\n\n")[2].replace("\n", " ").strip()
    OUT.write_text(json.dumps({"source": source, "ES256": _es256(), "SM2-SM3": _sm2()}, indent=1) + "\n", "utf-8")

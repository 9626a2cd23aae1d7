"""One certificate: the bare signature, parse and verify, the full verdict, and issuing, for both suites."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from bench.shapes import ASKING, NOW, Shapes, face, shapes, signer
from bench.timing import Row, interleaved, row
from ecert.domain import certificate, jws, suites
from ecert.domain.receipt import format_container
from verifier import as_json, verify_file, verify_presentation

__all__ = ["bare_p256", "beside", "measure"]

PRESENTED = "12 elements, 4 disclosed, path of 20"
_ROUNDS, _CALLS = 101, 10


def measure(folder: Path) -> list[Row]:
    """Measure ES256 against cryptography's own verify, SM2-SM3 against the suite's."""
    rows = _suite("ES256", "P-256", folder / "es256")
    if suites.SUITES["SM2-SM3"].available:
        rows += _suite("SM2-SM3", "SM2", folder / "sm2")
    return rows


def beside(folder: Path) -> list[Row]:
    """Measure our two ways to read a presentation alone, in milliseconds: what other systems are held against.

    The verdict goes by the wall, as theirs do that wait for a chain; the rest by the processor's time on both sides.
    """
    shaped = shapes(folder)
    text, key = shaped.presentation.sd_jwt, shaped.spki

    def parse_and_verify() -> None:
        jws.verify(certificate.parse(text).token, suite_name="ES256", spki=key)

    judge = partial(verify_presentation, shaped.presentation, asking=ASKING, replica=shaped.replica, now=NOW)
    verify = interleaved({"verify": parse_and_verify}, rounds=_ROUNDS, calls=_CALLS)
    verdict = interleaved({"verdict": judge}, rounds=_ROUNDS, calls=_CALLS, waits=True)
    return [
        row("ecert, parse and verify (ES256)", verify["verify"] * 1e3, "ms"),
        row("ecert, full verdict with report (ES256), by the wall", verdict["verdict"] * 1e3, "ms"),
    ]


def bare_p256(shaped: Shapes) -> Callable[[], None]:
    """Give one bare verification of the presentation's signature: key loaded, signature in the library's own form."""
    token = certificate.parse(shaped.presentation.sd_jwt).token
    key = load_der_public_key(shaped.spki)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError(type(key).__name__)
    half = len(token.signature) // 2
    der = encode_dss_signature(int.from_bytes(token.signature[:half]), int.from_bytes(token.signature[half:]))
    return partial(key.verify, der, token.signing_input, ec.ECDSA(SHA256()))


def _suite(name: str, curve: str, folder: Path) -> list[Row]:
    shaped = shapes(folder, name)
    text, key = shaped.presentation.sd_jwt, signer(name)
    token = certificate.parse(text).token
    container = format_container(shaped.presentation)

    def parse_and_verify() -> None:
        jws.verify(certificate.parse(text).token, suite_name=name, spki=shaped.spki)

    def verdict() -> object:
        return verify_presentation(shaped.presentation, asking=ASKING, replica=shaped.replica, now=NOW)

    def answer() -> bytes:
        return orjson.dumps(as_json(verify_file(container, asking=ASKING, replica=shaped.replica, now=NOW)))

    bare = partial(
        suites.verify_signature, name, spki=shaped.spki, message=token.signing_input, signature=token.signature
    )
    taken = interleaved(
        {
            "bare": bare_p256(shaped) if name == "ES256" else bare,
            "parse": partial(certificate.parse, text),
            "parse and verify": parse_and_verify,
            "verdict": verdict,
            "answer": answer,
            "bare sign": partial(key.sign, token.signing_input),
            "issue": lambda: certificate.sign(face(), key),
        },
        rounds=_ROUNDS,
        calls=_CALLS,
    )
    us = {case: seconds * 1e6 for case, seconds in taken.items()}
    verify, sign = (f"bare {curve} verify", us["bare"]), (f"bare {curve} sign", us["bare sign"])
    return [
        row(f"bare {curve} verify", us["bare"], "µs"),
        row(f"parse ({name}; {PRESENTED})", us["parse"], "µs", yardstick=verify),
        row(f"parse and verify ({name})", us["parse and verify"], "µs", yardstick=verify, aim="<= 1.5"),
        row(f"full verdict with report ({name})", us["verdict"], "µs", yardstick=verify, aim="<= 2"),
        row(f"container's bytes in, report's JSON out ({name})", us["answer"], "µs", yardstick=verify),
        row(f"bare {curve} sign", us["bare sign"], "µs"),
        row(f"issue: hide, sign, prove readable ({name})", us["issue"], "µs", yardstick=sign),
    ]

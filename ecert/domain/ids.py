"""Every identifier is parsed here once, so that nothing else in the house ever meets a number it must doubt.

Licence identifiers (GB/T 36904 with ISO/IEC 7064 MOD 37,36), unified social credit codes (GB 32100), resident
identity numbers (GB 11643, MOD 11-2) and division codes (GB/T 2260). The house's randomness lives here too.

Counties are renamed and re-coded while people keep their numbers: a resident number is therefore refused for
its check character and its date alone, never for its county or year.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from operator import mul
from typing import Final

from ecert.domain.errors import Malformed

LICENCE_ROOT: Final = "1.2.156.3005.2"
"""The object identifier under which GB/T 36904 numbers licences."""

_ALPHANUMERIC: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))
_RESIDENT_CHECKS: Final = "10X98765432"
_RESIDENT_WEIGHTS: Final = tuple(pow(2, 17 - place, 11) for place in range(17))
_RESIDENT_ZEROS: Final = ord("0") * sum(_RESIDENT_WEIGHTS)
# ISO/IEC 7064 hybrid systems: what a product becomes by the next character, for each of the 37 products.
_STEPS: Final = tuple(
    {c: ((product + value) % 36 or 36) * 2 % 37 for value, c in enumerate(_ALPHANUMERIC)} for product in range(37)
)

_LICENCE: Final = re.compile(
    r"1\.2\.156\.3005\.2\.([0-9A-Z]{21})\.([0-9A-Z]{18})\.([0-9A-Z]{1,32})\.([0-9]{3})\.([0-9A-Z])"
)
_TYPE_CODE: Final = re.compile(r"[0-9A-Z]{18}[0-9]{3}")
_USCC: Final = re.compile(rf"[{_USCC_ALPHABET}]{{2}}[0-9]{{6}}[{_USCC_ALPHABET}]{{10}}")
_RESIDENT: Final = re.compile(r"[0-9]{17}[0-9X]")
_DIVISION: Final = re.compile(r"[1-9][0-9](?:[0-9]{2}){0,2}")
_SERIAL: Final = re.compile(r"[0-9A-Z]{1,32}")
_LAST_VERSION: Final = 999
_MOD37_36_START: Final = 36


@dataclass(frozen=True, slots=True)
class LicenceId:
    """A licence identifier, GB/T 36904; `str()` gives the canonical text with its root."""

    type_code: str
    issuer: str
    serial: str
    version: int
    check: str

    def __str__(self) -> str:
        return f"{LICENCE_ROOT}.{self.type_code}.{self.issuer}.{self.serial}.{self.version:03d}.{self.check}"


@dataclass(frozen=True, slots=True)
class ResidentId:
    """A citizen identity number, GB 11643; `sex` is GB/T 2261.1 (1 male, 2 female). Its repr is silent."""

    text: str = field(repr=False)
    division: str = field(repr=False)
    born: date = field(repr=False)
    sex: str = field(repr=False)


def parse_licence_id(text: object) -> LicenceId:
    """Read the canonical text; Malformed `licence_id.form`, `licence_id.check`, or its parts' own codes."""
    found = _LICENCE.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise Malformed("licence_id.form")
    type_code, issuer, serial, version, check = found.groups()
    lid = licence_id(type_code=type_code, issuer=issuer, serial=serial, version=int(version))
    if lid.check != check:
        raise Malformed("licence_id.check", f"expected {lid.check}")
    return lid


def licence_id(*, type_code: str, issuer: str, serial: str, version: int = 1) -> LicenceId:
    """Build an identifier with its check character; serial 1..32 of 0-9A-Z, version 1..999."""
    started = _series(parse_type_code(type_code), parse_uscc(issuer))
    if not _SERIAL.fullmatch(serial) or not 1 <= version <= _LAST_VERSION:
        raise Malformed("licence_id.form")
    check = _mod37_36_end(_mod37_36_go(started, f"{serial}{version:03d}"))
    return LicenceId(type_code, issuer, serial, version, check)


def parse_type_code(text: object) -> str:
    """Read a type code: the defining body's credit code and three digits; `type_code.form`, `uscc.*`."""
    if not isinstance(text, str):
        raise Malformed("type_code.form")
    return _type_code(text)


def parse_uscc(text: object) -> str:
    """Read a unified social credit code (GB 32100: weights 3^i mod 31); `uscc.form`, `uscc.check`."""
    if not isinstance(text, str):
        raise Malformed("uscc.form")
    return _uscc(text)


def uscc_check(body: str) -> str:
    """Return the check character of the first 17 characters of a credit code."""
    total = sum(_USCC_ALPHABET.index(c) * weight for c, weight in zip(body, _USCC_WEIGHTS, strict=True))
    return _USCC_ALPHABET[-total % 31]


def parse_resident_id(text: object) -> ResidentId:
    """Read a resident number, `x` as `X`; `resident_id.form`, `resident_id.check`, `resident_id.date`."""
    canonical = text.replace("x", "X") if isinstance(text, str) else ""
    if not _RESIDENT.fullmatch(canonical):
        raise Malformed("resident_id.form")
    if canonical[17] != resident_id_check(canonical[:17]):
        raise Malformed("resident_id.check")
    try:
        born = date(int(canonical[6:10]), int(canonical[10:12]), int(canonical[12:14]))
    except ValueError:
        raise Malformed("resident_id.date") from None
    return ResidentId(canonical, canonical[:6], born, "1" if int(canonical[16]) % 2 else "2")


def resident_id_check(body: str) -> str:
    """Return the check character of the first 17 digits of a resident number (MOD 11-2)."""
    total = sum(map(mul, body.encode("ascii"), _RESIDENT_WEIGHTS)) - _RESIDENT_ZEROS
    return _RESIDENT_CHECKS[total % 11]


def parse_division(text: object) -> str:
    """Read 2, 4 or 6 digits and drop empty levels: 310000 and 31 are one division; `division.form`."""
    if not isinstance(text, str) or not _DIVISION.fullmatch(text):
        raise Malformed("division.form")
    while text.endswith("00") and len(text) > len("31"):
        text = text[:-2]
    return text


def division_covers(*, outer: str, inner: str) -> bool:
    """Tell whether the parsed division `outer` is `inner` or contains it: 31 covers 310118."""
    return inner.startswith(outer)


def division_to_int(division: str) -> int:
    """Give the parsed division as the chain writes it: 31, 3101 or 310118."""
    return int(division)


def division_from_int(number: int) -> str:
    """Read a division that the chain wrote; `division.form`."""
    return parse_division(str(number))


def mod37_36_check(text: str) -> str:
    """Return the check character over 0-9A-Z, ISO/IEC 7064 MOD 37,36 (hybrid system); `mod37_36.form`."""
    return _mod37_36_end(_mod37_36_go(_MOD37_36_START, text))


def new_serial() -> str:
    """Draw a licence's serial: 16 upper-case hex characters, 64 random bits, related to nobody's number."""
    return secrets.token_hex(8).upper()


def new_token(bits: int) -> str:
    """Draw an unguessable token of at least `bits` random bits, base64url without padding."""
    return secrets.token_urlsafe(-(-bits // 8))


def random_bytes(count: int) -> bytes:
    """Draw `count` random bytes."""
    return secrets.token_bytes(count)


def random_below(bound: int) -> int:
    """Draw an integer in 0..bound-1."""
    return secrets.randbelow(bound)


# Bodies, types and issuers are few and come with every certificate: what was once found right is remembered. What
# names a person never is.
@lru_cache(maxsize=4096)
def _type_code(text: str) -> str:
    if not _TYPE_CODE.fullmatch(text):
        raise Malformed("type_code.form")
    _uscc(text[:18])
    return text


@lru_cache(maxsize=4096)
def _uscc(text: str) -> str:
    if not _USCC.fullmatch(text):
        raise Malformed("uscc.form")
    if text[17] != uscc_check(text[:17]):
        raise Malformed("uscc.check")
    return text


@lru_cache(maxsize=4096)
def _series(type_code: str, issuer: str) -> int:
    """Go through what all licences of one type and issuer begin with."""
    return _mod37_36_go(_MOD37_36_START, type_code + issuer)


def _mod37_36_go(product: int, text: str) -> int:
    try:
        for character in text:
            product = _STEPS[product][character]
    except KeyError:
        raise Malformed("mod37_36.form") from None
    return product


def _mod37_36_end(product: int) -> str:
    return _ALPHANUMERIC[(1 - product) % 36]

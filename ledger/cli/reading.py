"""What is typed on the command line, parsed once: a value, or Malformed before anything is signed."""

from __future__ import annotations

import argparse
import re
from base64 import b64decode
from pathlib import Path
from typing import Final

from eth_hash.auto import keccak

from ecert.domain.dates import parse_instant
from ecert.domain.errors import Malformed
from ecert.domain.ids import parse_division
from ecert.domain.strict import b64url_decode

__all__ = [
    "option",
    "read_address",
    "read_digest",
    "read_instant",
    "read_key_id",
    "read_name",
    "read_number",
    "read_region",
    "read_spki",
    "read_validator",
    "refuse_options",
]

_REGION_DIGITS: Final = 2
_LONGEST_NAME: Final = 200
_LARGEST_FILE: Final = 16_384
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_DIGEST: Final = re.compile(r"(?:0x)?[0-9a-fA-F]{64}")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,17}")
_PEM: Final = re.compile(rb"\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*")


def option(args: argparse.Namespace, name: str) -> str:
    """Return the text of an option that this use of the command needs; `ledger.option`."""
    text = getattr(args, name)
    if not isinstance(text, str):
        raise Malformed("ledger.option", f"{_spelt(name)} is missing")
    return text


def refuse_options(args: argparse.Namespace, *names: str) -> None:
    """Refuse options that would have no effect here; `ledger.option`."""
    given = [_spelt(name) for name in names if getattr(args, name) not in (None, False)]
    if given:
        raise Malformed("ledger.option", f"{', '.join(given)} does not go with the other options")


def read_region(text: str) -> int:
    """Read a region's two digits; `division.form`."""
    if len(text) != _REGION_DIGITS:
        raise Malformed("division.form", "a region has two digits")
    return int(parse_division(text))


def read_instant(text: str) -> int:
    """Read a civil date (00:00 UTC+8) or RFC 3339; `instant.form`, `date.*`, `instant.range` up to 1970."""
    instant = parse_instant(text)
    if instant <= 0:  # on chain 0 means without end
        raise Malformed("instant.range", "after 1970")
    return instant


def read_address(text: str) -> bytes:
    """Read an account or contract: 0x and 40 hexadecimal digits, their case held to ERC-55; `ledger.address`."""
    if not _ADDRESS.fullmatch(text):
        raise Malformed("ledger.address", "0x and 40 hexadecimal digits")
    digits, address = text[2:], bytes.fromhex(text[2:])
    if digits not in (digits.lower(), digits.upper(), _mixed_case(digits.lower())):
        raise Malformed("ledger.address", "the ERC-55 check of its capitals does not hold")
    if not any(address):
        raise Malformed("ledger.address", "the zero address is nobody")
    return address


def read_digest(text: str) -> bytes:
    """Read a SHA-256 of 64 hexadecimal digits, not all zero; `ledger.digest`."""
    digest = bytes.fromhex(text.removeprefix("0x")) if _DIGEST.fullmatch(text) else b""
    if not any(digest):
        raise Malformed("ledger.digest")
    return digest


def read_key_id(text: str) -> bytes:
    """Read a key's id as its 43 characters of `kid`, or as 64 hexadecimal digits; `ledger.digest`."""
    if _DIGEST.fullmatch(text):
        return read_digest(text)
    try:
        key_id = b64url_decode(text)
    except Malformed:
        raise Malformed("ledger.digest", "a key's id is its kid, or 64 hexadecimal digits") from None
    return read_digest(key_id.hex())


def read_name(text: str) -> str:
    """Read a name or version: 1 to 200 printable characters, none of them a space at either end; `ledger.name`."""
    if not 0 < len(text) <= _LONGEST_NAME or not text.isprintable() or text != text.strip():
        raise Malformed("ledger.name")
    return text


def read_validator(text: str) -> tuple[int, bytes]:
    """Read a validator as REGION=KEY, the key 64 hexadecimal digits; `division.form`, `ledger.digest`."""
    region, _, key = text.partition("=")
    return read_region(region), read_digest(key)


def read_number(text: str) -> int:
    """Read a proposal's number; `ledger.number`."""
    if not _NUMBER.fullmatch(text):
        raise Malformed("ledger.number")
    return int(text)


def read_spki(path: str) -> bytes:
    """Read a public key's file, DER or PEM (RFC 7468 section 13), to SPKI DER; `ledger.file`, `suite.key`."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        raise Malformed("ledger.file", type(error).__name__) from error
    if len(content) > _LARGEST_FILE:
        raise Malformed("ledger.file", "too large for a public key")
    return _der(content)


def _der(content: bytes) -> bytes:
    pem = _PEM.fullmatch(content)
    if pem is None:
        return content
    try:
        return b64decode(b"".join(pem[1].split()), validate=True)
    except ValueError:
        raise Malformed("suite.key", "not PEM") from None


def _mixed_case(digits: str) -> str:
    marks = keccak(digits.encode()).hex()
    return "".join(d.upper() if int(mark, 16) > 7 else d for d, mark in zip(digits, marks, strict=False))  # noqa: PLR2004 - ERC-55's own bound


def _spelt(name: str) -> str:
    return "--" + name.rstrip("_").replace("_", "-")

"""The published vectors hold, and the specifications show the same example as they do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ecert.domain import jws
from ecert.domain.certificate import parse
from ecert.domain.errors import Malformed
from ecert.domain.merkle import verify_inclusion
from ecert.domain.receipt import parse_container
from ecert.domain.signer import kid
from ecert.domain.strict import b64url_decode

ROOT = Path(__file__).parents[3]
CERTIFICATES = json.loads((ROOT / "tests/vectors/certificate.json").read_text("utf-8"))
CONTAINER = json.loads((ROOT / "tests/vectors/container.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CERTIFICATES["read"], ids=lambda case: case["name"])
def test_a_certificate_reads_as_published(case: dict[str, Any]) -> None:
    read = parse(case["text"])

    assert (read.fingerprint.hex(), str(read.licence), read.exp) == (
        case["fingerprint"],
        case["licence_id"],
        case["exp"],
    )
    assert (read.elements, [holder.claims() for holder in read.holders]) == (case["elements"], case["holders"])
    assert (read.file and read.file.claims()) == case["file"]
    spki = b64url_decode(CERTIFICATES["spki"])
    assert read.token.kid == kid(spki) == CERTIFICATES["kid"]
    jws.verify(read.token, suite_name=CERTIFICATES["suite"], spki=spki)


@pytest.mark.parametrize("case", CERTIFICATES["refused"], ids=lambda case: case["name"])
def test_what_is_published_as_refused_is_refused_by_that_name(case: dict[str, str]) -> None:
    with pytest.raises(Malformed) as refused:
        parse(case["text"])
    assert refused.value.code == case["code"]


def test_the_published_container_proves_its_certificate() -> None:
    container = parse_container(CONTAINER["anchored"])
    receipt = container.receipt
    assert receipt is not None
    verify_inclusion(
        fingerprint=parse(container.sd_jwt).fingerprint,
        index=receipt.index,
        size=receipt.size,
        path=receipt.path,
        root=bytes.fromhex(CONTAINER["root"]),
    )
    assert parse_container(CONTAINER["not_yet_anchored"]).receipt is None


def test_the_specifications_show_the_vectors() -> None:
    shown = {page: (ROOT / "docs/spec" / f"{page}.md").read_text("utf-8") for page in ("certificate", "receipt")}
    payload = json.loads(b64url_decode(CERTIFICATES["read"][0]["text"].split(".")[1]))
    receipt = json.loads(CONTAINER["anchored"])["receipt"]

    assert all(digest in shown["certificate"] for digest in payload["elements"]["_sd"])
    assert all(node in shown["receipt"] for node in receipt["path"])
    assert CONTAINER["root"] in shown["receipt"]

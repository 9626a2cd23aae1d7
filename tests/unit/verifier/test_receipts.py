"""A receipt stands for one report, and for no other, by the region's key and in its audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from ecert.domain import jws
from ecert.domain.errors import Malformed, NotFound, VerificationFailed
from ecert.domain.strict import b64url_encode
from ecert.domain.use import use_hash
from ecert.runtime.storage import open_database
from tests.databases import url_of
from tests.unit.verifier.build import World, signer
from tests.unit.verifier.home import USE, HomeRegion, ask
from verifier.findings import Verdict
from verifier.receipts import TYP, issue_receipt, parse_receipt, report_digest, verify_receipt


class _Log:
    def __init__(self) -> None:
        self.records: list[tuple[int, str, Mapping[str, object]]] = []

    def __call__(self, _connection: object, *, region: int, kind: str, record: Mapping[str, object], now: int) -> None:
        assert now
        self.records.append((region, kind, record))


@pytest.fixture
def log() -> _Log:
    return _Log()


def _issue(world: World, folder: Path, log: _Log, *, key: str = "receipt") -> str:
    database = open_database(url_of(folder / "receipts.sqlite"))
    try:
        return issue_receipt(
            ask(HomeRegion(world)),
            use=USE,
            region=32,
            signer=signer(key),
            database=database,
            audit=log,
            now=world.now,
        )
    finally:
        database.close()


def test_a_receipt_proves_its_report(world: World, tmp_path: Path, log: _Log) -> None:
    world.key("receipt", authority="", purpose="receipt")
    text = _issue(world, tmp_path, log)
    receipt = verify_receipt(text, replica=world.replica)
    report = ask(HomeRegion(world))
    assert receipt.report == report_digest(report)
    assert receipt.report != report_digest(replace(report, verdict=Verdict.ACCEPT))
    assert (receipt.region, receipt.verdict, receipt.item) == (32, Verdict.CANNOT_DECIDE, USE.item_code)
    assert receipt.use == use_hash(USE)


def test_its_hash_joins_the_audit_log(world: World, tmp_path: Path, log: _Log) -> None:
    text = _issue(world, tmp_path, log)
    digest = b64url_encode(sha256(text.encode()).digest())
    assert log.records == [(32, "receipt", {"receipt": digest, "verdict": "cannot_decide"})]


def test_an_altered_receipt_proves_nothing(world: World, tmp_path: Path, log: _Log) -> None:
    world.key("receipt", authority="", purpose="receipt")
    first, second = (_issue(world, tmp_path, log).split(".") for _ in range(2))
    with pytest.raises(VerificationFailed):
        verify_receipt(".".join((*first[:2], second[2])), replica=world.replica)


def test_a_key_that_is_no_receipt_key_proves_nothing(world: World, tmp_path: Path, log: _Log) -> None:
    for key in ("stranger", "code"):
        with pytest.raises(NotFound, match=r"^desk_receipt\.key\b"):
            verify_receipt(_issue(world, tmp_path, log, key=key), replica=world.replica)


@pytest.mark.parametrize(
    "changed", [{"iss": "urn:cn:ecert:region:3１"}, {"verdict": "perhaps"}, {"iat": True}, {"item": 1}, {"more": ""}]
)
def test_a_signed_receipt_of_another_form_is_malformed(changed: dict[str, object]) -> None:
    claims = {"iss": "urn:cn:ecert:region:32", "iat": 1, "jti": "j", "report": "AA", "verdict": "refuse"}
    text = jws.sign(signer("receipt"), typ=TYP, claims=claims | {"item": None, "use": None} | changed)
    with pytest.raises(Malformed, match=r"^desk_receipt\.form\b"):
        parse_receipt(text)


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c"])
def test_what_is_no_receipt_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        parse_receipt(text)

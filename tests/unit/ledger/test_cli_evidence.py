"""`ecert evidence`: what is shown in words and as exit status, gathered from a real validator's answers and checked."""

from __future__ import annotations

import argparse
import io
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ecert.app.cli import main
from ecert.app.wiring import ask_witnesses
from ecert.domain.errors import Conflict, Malformed
from ecert.domain.receipt import read_certificate
from ecert.runtime.clock import WallClock
from ecert.runtime.settings import load_settings
from ledger.cli.evidence import add_evidence, run_evidence
from tests.unit.ledger.test_gathering import BUNDLE, CASES, VECTORS, Recorded, gathered

if TYPE_CHECKING:
    from ledger.gathering import Bundle

GENESIS = str(VECTORS / "genesis.json")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECERT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ECERT_GENESIS", raising=False)


def gather(content: bytes, *, height: int | None, genesis: Path | None, consortium: bytes) -> Bundle:
    assert (genesis, consortium) == (None, b"")
    return gathered(Recorded(), certificate=read_certificate(content), height=height)


def run(*words: str) -> tuple[int, str]:
    parser = argparse.ArgumentParser()
    add_evidence(parser.add_subparsers())
    out = io.StringIO()
    code = run_evidence(parser.parse_args(["evidence", *words]), gather, Path(GENESIS), out)
    return code, out.getvalue()


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("untouched", 0, ["证照成立 / the certificate stands", "2026-"]),
        ("revoked", 1, ["证照不成立 / the certificate does not stand", "status.revoked", "证照已注销"]),
        ("not_granted", 1, ["authority.not_granted"]),
        ("sm2", 0, ["证照成立", "签名未核验（SM2-SM3）", "signature is not judged here (SM2-SM3)"]),
    ],
)
def test_check_says_what_is_shown(name: str, code: int, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evidence", "check", str(VECTORS / f"{name}.bundle.json"), "--genesis", GENESIS]) == code
    told = capsys.readouterr().out

    assert [word for word in words if word not in told] == []


def test_check_tells_machines_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    bundle = str(VECTORS / "revoked.bundle.json")

    assert main(["evidence", "check", bundle, "--genesis", GENESIS, "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == CASES["reports"]["revoked"]


def test_an_altered_bundle_shows_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    altered = tmp_path / "altered.json"
    altered.write_bytes(BUNDLE.replace(b'"index":0', b'"index":1'))

    assert main(["evidence", "check", str(altered), "--genesis", GENESIS]) == 2
    assert "evidence.certificate" in capsys.readouterr().out
    assert main(["evidence", "check", str(altered), "--genesis", GENESIS, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "evidence.certificate"


def test_the_genesis_file_is_the_deployments_unless_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = str(VECTORS / "valid.bundle.json")
    assert main(["evidence", "check", bundle]) == 3
    assert "file.unreadable" in capsys.readouterr().err
    monkeypatch.setenv("ECERT_GENESIS", GENESIS)

    assert main(["evidence", "check", bundle]) == 0
    assert main(["evidence", "check", bundle, "--consortium", "0x" + "11" * 20]) == 2


@pytest.mark.parametrize(
    "words",
    [
        ["check"],
        ["check", "a", "b"],
        ["file"],
        ["check", "bundle", "-o", "out"],
        ["check", "bundle", "--height", "3"],
        ["check", "bundle", "--consortium", "0x12"],
        ["check", "bundle", "--consortium", "none"],
    ],
)
def test_wrong_usage_is_named(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evidence", *words]) == 3
    assert "evidence.usage" in capsys.readouterr().err


def test_a_bundle_that_cannot_be_read_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evidence", "check", "/nonexistent"]) == 3
    assert "file.unreadable" in capsys.readouterr().err


def test_what_was_gathered_is_written_and_checks(tmp_path: Path) -> None:
    certificate, bundle = tmp_path / "certificate.json", tmp_path / "bundle.json"
    certificate.write_text(CASES["container"], "utf-8")

    assert run(str(certificate), "-o", str(bundle))[0] == 0
    assert bundle.read_bytes() == BUNDLE
    assert run("check", str(bundle))[0] == 0


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    certificate = tmp_path / "certificate.json"
    certificate.write_text(CASES["container"], "utf-8")

    with pytest.raises(Malformed, match=r"file\.unwritable"):
        run(str(certificate), "-o", str(tmp_path / "none" / "bundle.json"))


def test_an_embedded_chain_has_no_validators(tmp_path: Path) -> None:
    settings = load_settings({"ECERT_HOME": str(tmp_path)})
    ask = partial(ask_witnesses, settings, WallClock())

    with pytest.raises(Conflict, match=r"evidence\.no_validators"):
        ask(_never)


def _never(_witness: Any) -> None:  # noqa: ANN401 - never asked
    raise AssertionError

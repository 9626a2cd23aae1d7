"""The command line on a real home: verdicts as exit codes, reports that people read, access keys shown once."""

from __future__ import annotations

import io
import logging
import sys
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from ecert.app.cli import main
from ecert.domain.dates import format_instant
from tests.databases import environment
from tests.world import copied, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LI, WIFE = "001:320599198803070011", "001:320599199009120020"
ACCEPT, REFUSE, CANNOT_DECIDE, BAD_USAGE = range(4)
BEFORE = "2025-06-14"


@pytest.fixture(scope="module")
def files(template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A closed home, and files beside it: a good certificate, one pending, one revoked, and the moment before that."""
    folder = tmp_path_factory.mktemp("cli")
    with copied(template, folder / "home") as world:
        good, revoked = world.issue(1), world.issue(1)
        world.settle()
        stood = int(world.time.now())
        world.time.advance(3_600)
        world.change(revoked, "revoke", ground="lost")
        world.settle()
        made = {"good": world.read(good)["certificate"], "revoked": world.read(revoked)["certificate"]}
    paths = {"stood": format_instant(stood), "home": str(folder / "home")}
    written = {
        "good": orjson.dumps(made["good"]),
        "revoked": orjson.dumps(made["revoked"]),
        "pending": made["good"]["sd_jwt"].encode(),
        "altered": orjson.dumps(made["good"]).replace(b"ey", b"ez", 1),
        "rubbish": bytes(range(256)) * 40,
        "huge": b"x" * 400_000,
        "empty": b"",
    }
    for name, content in written.items():
        (folder / name).write_bytes(content)
        paths[name] = str(folder / name)
    return folder / "home", paths


@pytest.fixture
def run(files: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., int]]:
    """Run a command on the home; a word that names a file stands for its path."""
    home, paths = files
    for name, value in environment(home).items():
        monkeypatch.setenv(name, value)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def typed(*words: str) -> int:
        try:
            return main([paths.get(word, word) for word in words])
        except SystemExit as ended:
            return int(ended.code or 0)

    yield typed
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["good", "--holder", LI], ACCEPT),
        (["good", "--holder", LI, "--division", "330421", "--item", "EC-0101"], ACCEPT),
        (["good", "--holder", LI, "--item", "EC-0001"], CANNOT_DECIDE),
        (["good", "--holder", WIFE], REFUSE),
        (["good"], CANNOT_DECIDE),
        (["good", "--holder", LI, "--at", "2025-05-31"], REFUSE),
        (["pending", "--holder", LI], CANNOT_DECIDE),
        (["revoked", "--holder", LI], REFUSE),
        (["revoked", "--holder", LI, "--at", "stood"], ACCEPT),
        (["revoked", "--holder", LI, "--known-at", "stood"], ACCEPT),
        (["good", "--holder", LI, "--known-at", BEFORE], CANNOT_DECIDE),
        (["altered", "--holder", LI], REFUSE),
        (["rubbish"], REFUSE),
        (["huge"], REFUSE),
        (["empty"], REFUSE),
        (["nowhere"], BAD_USAGE),
        (["home"], BAD_USAGE),
        (["good", "--holder", "320599198803070011"], BAD_USAGE),
        (["good", "--holder", "001:320599198803070012"], BAD_USAGE),
        (["good", "--at", "yesterday"], BAD_USAGE),
        (["good", "--at", "2999-01-01"], BAD_USAGE),
        (["good", "--division", "99x"], BAD_USAGE),
        (["good", "--item", "EC-9999"], BAD_USAGE),
        (["good", "--lang", "fr"], BAD_USAGE),
        (["good", "--unknown"], BAD_USAGE),
        ([], BAD_USAGE),
    ],
)
def test_the_verdict_is_the_exit_code(
    run: Callable[..., int], words: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = run("verify", *words)
    out, err = capsys.readouterr()

    assert (ended, bool(out), bool(err)) == (code, code != BAD_USAGE, code == BAD_USAGE), (out, err)
    assert "Traceback" not in err


def test_what_kept_it_from_judging_is_no_refusal(
    run: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ECERT_CONSORTIUM", "0x" + "12" * 20)

    assert run("verify", "good", "--holder", LI) == CANNOT_DECIDE
    assert "ledger.other_chain" in capsys.readouterr().err


def test_a_report_in_either_language(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    run("verify", "good", "--holder", LI)
    chinese = capsys.readouterr().out
    run("verify", "good", "--holder", LI, "--lang", "en")
    english = capsys.readouterr().out

    assert chinese.startswith("接受 (accept)\n  居民身份证  1.2.156.3005.2.")
    assert english.startswith("ACCEPT (accept)\n")
    assert "证照指纹已上链存证 (anchor.final)" in chinese
    assert "The certificate's fingerprint is in a final batch on the chain (anchor.final)" in english
    assert ("国务院令" in chinese, "国务院令" in english) == (True, False)
    assert "国务院令第716号" in chinese
    assert "  受理地 310118；链上数据：区块 " in chinese
    assert "  Judged for 310118; copy of the chain: block " in english
    assert LI.partition(":")[2] not in chinese + english


def test_what_an_item_still_needs_is_named(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    run("verify", "good", "--holder", LI, "--item", "EC-0001")

    assert "(item.incomplete)\n  - 不动产权证书\n" in capsys.readouterr().out


def test_a_report_as_json(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    run("verify", "revoked", "--holder", LI, "--json")
    report: dict[str, Any] = orjson.loads(capsys.readouterr().out)

    assert (report["v"], report["verdict"]) == (1, "refuse")
    assert [reason["code"] for reason in report["reasons"]] == ["status.revoked"]


def test_standard_input(
    run: Callable[..., int], files: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(files[1]["good"], "rb") as file:  # noqa: PTH123 - as a shell hands it over
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(file, "utf-8"))
        assert run("verify", "-", "--holder", LI) == ACCEPT


def test_access_keys_are_shown_once_listed_and_revoked(
    run: Callable[..., int], files: tuple[Path, dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("access", "issue", "--role", "window", "--region", "31", "--label", "青浦窗口") == 0
    key = capsys.readouterr().out.strip()
    assert run("access", "list") == 0
    listed = capsys.readouterr().out
    name, secret = key.split("_", 2)[1:]

    assert (name in listed, "青浦窗口" in listed, secret in listed) == (True, True, False)
    with opened(files[0]) as world:
        refused = world.ask("POST", "/api/v1/redemptions", key=f"Bearer {key}", once="x", json={})
        assert refused.json()["code"] == "request.malformed"

    assert run("access", "revoke", name) == 0
    assert run("access", "revoke", name) == REFUSE
    assert "access.key" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["--role", "window", "--label", "x"],
        ["--role", "king", "--region", "31", "--label", "x"],
        ["--role", "window", "--region", "上海", "--label", "x"],
        ["--role", "issuer", "--region", "31", "--label", "x"],
        ["--role", "issuer", "--region", "31", "--authority", "123", "--label", "x"],
        ["--role", "window", "--region", "31", "--label", ""],
        ["--role", "window", "--region", "31", "--label", "x\ny"],
    ],
)
def test_access_keys_that_make_no_sense(run: Callable[..., int], words: list[str]) -> None:
    assert run("access", "issue", *words) == BAD_USAGE


@pytest.mark.parametrize(
    ("name", "value"),
    [("ECERT_HEARTBEAT", "0"), ("ECERT_LEDGER", "nowhere"), ("ECERT_UNHEARD", "1"), ("ECERT_DATABASE", "mysql://x")],
)
def test_a_wrong_setting_is_told(
    run: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
) -> None:
    monkeypatch.setenv(name, value)

    assert run("access", "list") == BAD_USAGE
    err = capsys.readouterr().err
    assert "settings." in err
    assert name in err


def test_a_home_that_cannot_be_written_is_an_outage(
    run: Callable[..., int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("no folder", "ascii")
    monkeypatch.setenv("ECERT_HOME", str(tmp_path / "file" / "home"))

    assert run("verify", "good") == CANNOT_DECIDE
    assert "Traceback" not in capsys.readouterr().err

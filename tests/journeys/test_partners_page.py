"""What a partner keeps and runs by itself: the trust list, the page's examples, the client as a program."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from ecert.app.cli import main
from ecert.app.region_keys import region_signer
from ecert.app.regions import free_ports
from ecert.domain.strict import b64url_decode, b64url_encode
from ledger.trust_list import read_trust_list
from tests.delta import LI
from tests.partner import CLIENT, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ecert.app.wiring import House

PAGE = CLIENT.parent.with_suffix(".md")
EXAMPLE = re.compile(r"<!-- run: ([a-z-]+) -->\n((?:    .*\n)+|```python\n(?s:.*?)```\n)")


def test_a_trust_list_judges_without_any_network(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    card, newest, older = tmp_path / "card", tmp_path / "newest", tmp_path / "older"
    card.write_text(json.dumps(place.container), "utf-8")
    older.write_text(place.partner.trust_list(), "ascii")
    now = place.delta.of(32).floor.now()
    monkeypatch.setenv("ECERT_HOME", str(tmp_path / "home"))
    words = ["verify", str(card), "--holder", str(LI.ref), "--json"]

    assert main([*words, "--trust-list", str(older)]) == 0
    assert "trust-list.kid" in capfd.readouterr().err
    foreign = place.delta.of(33)
    newest.write_text(httpx.get(foreign.floor.settings.public_url + "/api/v1/trust-list", trust_env=False).text)
    assert main([*words, "--trust-list", str(newest)]) == 2
    assert "trust_list.key" in capfd.readouterr().err
    kid = region_signer(foreign.floor.keys, 33, "gateway").kid
    assert main([*words, "--trust-list", str(newest), f"--trust-key={kid}"]) == 0
    told = read_trust_list(
        older.read_text(), kid=region_signer(place.delta.of(31).floor.keys, 31, "gateway").kid, now=now
    )
    assert told.head.number <= place.delta.of(31).replica.head.number


def recoded(part: str, change: dict[str, object]) -> str:
    return b64url_encode(json.dumps(json.loads(b64url_decode(part)) | change).encode())


@pytest.mark.parametrize(
    ("part", "alter", "ended", "code"),
    [
        (0, lambda text: recoded(text, {"kid": "A" * 43}), 2, "trust_list.key"),
        (1, lambda text: recoded(text, {"next_update": 2**40}), 2, "trust_list.signature"),
        (2, lambda _text: b64url_encode(bytes(64)), 2, "trust_list.signature"),
        (0, lambda text: recoded(text, {"typ": "jwt"}), 3, "jws.header"),
        (1, lambda text: recoded(text, {"events": [[]]}), 3, "trust_list.form"),
    ],
)
def test_an_altered_trust_list_is_no_refusal_of_the_certificate(
    place: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    *,
    part: int,
    alter: Callable[[str], str],
    ended: int,
    code: str,
) -> None:
    parts = place.partner.trust_list().strip().split(".")
    parts[part] = alter(parts[part])
    (tmp_path / "list").write_text(".".join(parts), "ascii")
    (tmp_path / "card").write_text(json.dumps(place.container), "utf-8")
    monkeypatch.setenv("ECERT_HOME", str(tmp_path / "home"))

    assert main(["verify", str(tmp_path / "card"), "--trust-list", str(tmp_path / "list")]) == ended
    assert code in capfd.readouterr().err


def test_a_machine_without_room_is_no_refusal_of_the_certificate(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "list").write_text(place.partner.trust_list(), "ascii")
    (tmp_path / "card").write_text(json.dumps(place.container), "utf-8")
    monkeypatch.setenv("ECERT_HOME", str(tmp_path / "home"))

    with monkeypatch.context() as full:
        full.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
        assert main(["verify", str(tmp_path / "card"), "--trust-list", str(tmp_path / "list")]) == 2
    assert "FileNotFoundError" in capfd.readouterr().err


def test_every_example_of_the_page_runs(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(CLIENT, tmp_path / "client.py")
    shutil.copy(place.key_file.with_name("sponsor.pem"), tmp_path / "sponsor.pem")
    (tmp_path / "card.json").write_text(json.dumps(place.container), "utf-8")
    monkeypatch.chdir(tmp_path)
    run = {name: text.replace("https://shanghai.example", place.partner.url) for name, text in examples()}
    house = place.delta.of(31)

    typed(run["key"])
    with monkeypatch.context() as at_sponsor:
        for name, value in settings_of_region(house).items():
            at_sponsor.setenv(name, value)
        assert main(shlex.split(run["sponsor"])[1:]) == 0, capfd.readouterr().err
    place.delta.settle()
    assert json.loads(typed(run["verify"]))["verdict"] == "accept"
    first, *others = typed(f"python -c {shlex.quote(run['python'])}").splitlines()
    assert first.startswith("accept ['")
    assert others == ["['accept', 'accept', 'accept']", "403 partner.item"]
    fetch, verify = run["trust-list"].splitlines()
    assert typed(fetch) == ""
    monkeypatch.setenv("ECERT_HOME", str(tmp_path / "home"))
    assert main(shlex.split(verify)[1:]) == 0
    assert_called(place, run, tmp_path)
    place.sponsor()
    called = {"subscribe", "verify-subscribed", "receive", "unsubscribe"}
    assert set(run) == {"key", "sponsor", "verify", "python", "trust-list", *called}


def assert_called(place: Place, run: dict[str, str], folder: Path) -> None:
    """Run the examples about callbacks: the card is suspended and restored while a receiver listens."""
    port = free_ports(["31"])[31]
    theirs = f"http://127.0.0.1:{port}/told"
    subscription = typed(run["subscribe"].replace("https://partner.example/told", theirs)).strip()
    told = json.loads(typed(run["verify-subscribed"].replace("SUBSCRIPTION", subscription)))
    assert (told["verdict"], told["kept"]) == ("accept", 1)
    program = run["receive"].replace("https://partner.example/told", theirs).replace("9000", str(port))
    with subprocess.Popen([sys.executable, "-c", program], cwd=folder, stdout=subprocess.PIPE, text=True) as receiver:
        try:
            for action, ground in (("suspend", "holder_request"), ("restore", "review_passed")):
                place.change(action, ground)
            assert receiver.stdout is not None
            lines = [receiver.stdout.readline().split() for _ in range(2)]
        finally:
            receiver.terminate()
    assert lines == [["1", "suspended", place.licence, "0"], ["2", "valid", place.licence, "0"]]
    see, end = run["unsubscribe"].replace("SUBSCRIPTION", subscription).splitlines()
    (seen,) = json.loads(typed(see))
    assert (seen["id"], seen["sequence"], seen["given_up"]) == (subscription, 2, 0)
    assert typed(end) == ""
    assert json.loads(typed(see)) == []


def examples() -> Iterator[tuple[str, str]]:
    for name, text in EXAMPLE.findall(PAGE.read_text("utf-8")):
        fenced = re.fullmatch(r"```python\n(.*)```", text.strip(), re.DOTALL)
        yield name, fenced[1] if fenced else "\n".join(line.strip() for line in text.strip().splitlines())


def typed(line: str) -> str:
    words = shlex.split(line)
    assert words[0] == "python"
    done = subprocess.run([sys.executable, *words[1:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def settings_of_region(house: House) -> dict[str, str]:
    settings = house.floor.settings
    return {
        "ECERT_HOME": str(settings.home),
        "ECERT_LEDGER": settings.ledger,
        "ECERT_REGIONS": settings.regions[0],
        "ECERT_CONSORTIUM": "0x" + house.directory.consortium.hex(),
    }


def test_the_client_is_a_program_of_its_own(place: Place, tmp_path: Path) -> None:
    card = tmp_path / "card.json"
    card.write_text(json.dumps(place.container), "utf-8")
    sponsor = place.key_file.with_name("sponsor.pem")
    words = ["--url", place.partner.url, "--key", str(place.key_file), "--sponsor", str(sponsor)]
    words += ["--item", "EC-0101", "--division", "310118", "--holder", str(LI.ref)]
    done = subprocess.run(
        [sys.executable, "-I", str(CLIENT), "verify", str(card), *words], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verdict"] == "accept"

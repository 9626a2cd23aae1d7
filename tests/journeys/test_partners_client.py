"""The partner's client as a program where all goes wrong: it says what it was, and never *refuse*."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.partner import CLIENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NO_VERDICT, WRONG_USAGE = 2, 3
PROBLEM = '{"code":"partner.limit","title":"超过限额","detail":"6000 a minute"}'.encode()
LIST = b"eyJ0.eyJ1.c2ln"

Run = "Callable[..., tuple[int, str]]"


@pytest.fixture(scope="module")
def own_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = tmp_path_factory.mktemp("partner") / "partner.pem"
    subprocess.run([sys.executable, CLIENT, "key", key], check=True, capture_output=True)
    return key


@pytest.fixture
def folder(tmp_path: Path, own_key: Path) -> Path:
    """What a partner has: its key, its sponsor's, a card, and a trust list of an hour ago."""
    shutil.copy(own_key, tmp_path)
    write_public(tmp_path / "sponsor.pem", ec.generate_private_key(ec.SECP256R1()).public_key())
    (tmp_path / "card.json").write_text("{}", "utf-8")
    (tmp_path / "list").write_text("the old list", "ascii")
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    def typed(act: str, *words: str, url: str = "https://sponsor.example") -> tuple[int, str]:
        common = ["--url", url, "--key", "partner.pem", "--sponsor", "sponsor.pem"]
        done = subprocess.run(
            [sys.executable, CLIENT, act, *words, *common], cwd=folder, capture_output=True, text=True, check=False
        )
        assert (done.stdout, "Traceback" in done.stderr) == ("", False), done.stderr
        return done.returncode, done.stderr

    return typed


VERIFY = ("verify", "card.json", "--item", "EC-0101", "--division", "310118")
FETCH = ("trust-list", "--to", "list")


def test_nobody_there_is_no_verdict(run: Run, folder: Path) -> None:
    with saying(200, b"") as dead:
        pass

    for words in (VERIFY, FETCH):
        ended, told = run(*words, url=dead)
        assert (ended, told.startswith("ConnectError: ")) == (NO_VERDICT, True)
    assert (folder / "list").read_text() == "the old list"


def test_what_the_sponsor_did_not_sign_is_no_verdict(run: Run) -> None:
    with saying(200, b'{"verdict":"refuse"}') as url:
        ended, told = run(*VERIFY, url=url)

    assert (ended, told.startswith("NotBelieved: ")) == (NO_VERDICT, True)


@pytest.mark.parametrize(
    ("status", "content", "told"),
    [
        (429, PROBLEM, "refused: 429 partner.limit 超过限额, try again in 7 s"),
        (502, b"<html><h1>Bad Gateway</h1></html>", "refused: 502  Bad Gateway, try again in 7 s"),
        (503, b"", "refused: 503  Service Unavailable, try again in 7 s"),
        (500, b"[" * 200_000, "refused: 500  Internal Server Error, try again in 7 s"),
        (302, b'"moved"', "refused: 302  Found, try again in 7 s"),
    ],
)
@pytest.mark.parametrize("words", [VERIFY, FETCH])
def test_a_refused_request_is_no_verdict(
    run: Run, folder: Path, words: tuple[str, ...], *, status: int, content: bytes, told: str
) -> None:
    with saying(status, content) as url:
        assert run(*words, url=url) == (NO_VERDICT, told + "\n")

    assert (folder / "list").read_text() == "the old list"


def test_a_new_list_takes_the_place_of_the_old(run: Run, folder: Path) -> None:
    with saying(200, LIST) as url:
        assert run(*FETCH, url=url) == (0, "")

    assert (folder / "list").read_bytes() == LIST + b"\n"
    assert not (folder / "list.new").exists()


@pytest.mark.parametrize("content", [b"", b"<html>Please log in</html>", "请登录".encode()])
def test_what_is_no_list_takes_nobodys_place(run: Run, folder: Path, content: bytes) -> None:
    with saying(200, content) as url:
        ended, told = run(*FETCH, url=url)

    assert (ended, told.startswith("NotBelieved: ")) == (NO_VERDICT, True)
    assert (folder / "list").read_text() == "the old list"


def no_sponsor(folder: Path) -> None:
    (folder / "sponsor.pem").unlink()


def no_pem(folder: Path) -> None:
    (folder / "sponsor.pem").write_text("-----BEGIN PUBLIC KEY-----\n", "ascii")


def no_p256(folder: Path) -> None:
    write_public(folder / "sponsor.pem", ed25519.Ed25519PrivateKey.generate().public_key())


def no_card(folder: Path) -> None:
    (folder / "card.json").write_bytes(b"\xff{")


@pytest.mark.parametrize("spoil", [no_sponsor, no_pem, no_p256, no_card])
def test_files_that_are_not_what_they_should_be_are_wrong_usage(
    run: Run, folder: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(folder)

    assert run(*VERIFY)[0] == WRONG_USAGE


@pytest.mark.parametrize("words", [("verify", "card.json"), ("trust-list",), ("vrify", "card.json")])
def test_wrong_words_are_wrong_usage(run: Run, words: tuple[str, ...]) -> None:
    assert run(*words)[0] == WRONG_USAGE


def test_a_url_without_a_scheme_is_wrong_usage(run: Run) -> None:
    assert run(*VERIFY, url="sponsor.example")[0] == WRONG_USAGE


def test_a_key_is_never_overwritten(folder: Path) -> None:
    done = subprocess.run([sys.executable, CLIENT, "key", folder / "partner.pem"], capture_output=True, check=False)

    assert done.returncode == WRONG_USAGE


def write_public(path: Path, key: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey) -> None:
    path.write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


@contextmanager
def saying(status: int, content: bytes) -> Iterator[str]:
    """Answer every request with this, as a proxy does that knows nothing of signatures; give the URL."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), "Retry-After": "7"}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST  # noqa: N815 - its form

        def log_message(self, *_told: object) -> None:
            """Be quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()

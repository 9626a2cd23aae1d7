"""The other side misbehaves: whatever it sends, the asker hears of an outage and its cause, and never a verdict."""

from __future__ import annotations

import ssl
import threading
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ecert.domain.errors import Conflict, EcertError, NotAllowed, Unavailable
from ecert.domain.gateways import Gateway, RegionGateway
from ecert.domain.suites import generate, load_signer
from ecert.runtime.signed import Line, Message, Wanted
from ecert.runtime.signed.line import LIMIT, TIMEOUT
from ecert.runtime.signed.messages import sign_answer
from tests.resolver import HANGS, Resolver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = 1_750_000_000
OWN, THEIRS, ANOTHERS = (load_signer("ES256", generate("ES256")) for _ in range(3))


def find_key(kid: str) -> Gateway:
    for region, signer in ((31, OWN), (32, THEIRS), (33, ANOTHERS)):
        if signer.kid == kid:
            return RegionGateway(region, "ES256", signer.spki)
    raise NotAllowed("gateway.key_unknown")


class Behave(Protocol):
    """What the other side does with a request."""

    def __call__(self, handler: Handler, request: Message, /) -> object: ...


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    behave: ClassVar[Any]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.close_connection = True
        headers = {name.lower(): value for name, value in self.headers.items()}
        url = f"http://{headers['host']}{self.path}"
        type(self).behave(self, Message("POST", url, headers))

    do_GET = do_POST  # noqa: N815 - its form

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its form
        """Say nothing."""

    def say(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in ({"content-length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def signs(signer: object, status: int, body: bytes, *, sent: bytes | None = None, now: int = NOW) -> Behave:
    def behave(handler: Handler, request: Message) -> None:
        headers = sign_answer(signer, request, status=status, headers={}, body=body, now=now)
        handler.say(status, headers, body if sent is None else sent)

    return behave


def says(status: int, body: bytes, **headers: str) -> Behave:
    return lambda handler, _request: handler.say(status, headers, body)


def pours(pause: float, part: bytes, *, parts: int = 10**9) -> Behave:
    def behave(handler: Handler, _request: Message) -> None:
        handler.send_response(200)
        handler.end_headers()
        done = threading.Event()
        for _ in range(parts):
            handler.wfile.write(part)
            done.wait(pause)

    return behave


def dribbles_its_head(handler: Handler, _request: Message) -> None:
    done = threading.Event()
    for letter in b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 10_000:
        handler.wfile.write(bytes([letter]))
        done.wait(0.02)


@contextmanager
def answering(behave: Behave, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    class Quiet(ThreadingHTTPServer):
        def handle_error(self, _request: object, _address: object) -> None:
            """The asker hangs up, as it should."""

    server = Quiet(("127.0.0.1", 0), type("Handler", (Handler,), {"behave": staticmethod(behave)}))
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ask(behave: Behave, *, timeout: float = TIMEOUT, limit: int = LIMIT) -> object:
    with answering(behave) as port:
        line = Line(32, f"http://127.0.0.1:{port}", find_key, lambda: NOW, timeout=timeout, limit=limit)
        return line.ask(Wanted("/api/v1/x", {"a": 1}, "once"), signer=OWN).body


def test_a_signed_answer_is_heard() -> None:
    assert ask(signs(THEIRS, 200, b'{"held":[]}')) == {"held": []}


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (409, b'{"code":"code.used"}', Conflict, "code.used"),
        (403, b'{"code":"code.expired"}', NotAllowed, "code.expired"),
        (503, b'{"code":"issuer.unreachable"}', Unavailable, "issuer.unreachable"),
        (500, b'{"code":"internal.error"}', Unavailable, "internal.error"),
        (403, b'{"code":"of.a_newer_house"}', NotAllowed, "gateway.refused"),
        (302, b"[]", Unavailable, "gateway.refused"),
    ],
)
def test_a_signed_problem_is_the_regions_own(status: int, body: bytes, kind: type[EcertError], code: str) -> None:
    with pytest.raises(kind) as told:
        ask(signs(THEIRS, status, body))

    assert told.value.code == code


@pytest.mark.parametrize(
    ("behave", "code"),
    [
        (says(200, b'{"held":[]}'), "gateway.answer_unsigned"),
        (says(404, b'{"code":"audit.size"}'), "gateway.answer_unsigned"),
        (says(403, b'{"code":"gateway.clock"}'), "gateway.clock"),
        (says(302, b"", location="http://127.0.0.1:1/"), "gateway.answer_unsigned"),
        (signs(ANOTHERS, 200, b"{}"), "gateway.answer_unsigned"),
        (signs(load_signer("ES256", generate("ES256")), 200, b"{}"), "gateway.answer_unsigned"),
        (signs(THEIRS, 200, b"{}", sent=b"[]"), "gateway.answer_unsigned"),
        (signs(THEIRS, 200, b"{}", now=NOW - 600), "gateway.answer_unsigned"),
        (signs(THEIRS, 200, b"no JSON"), "gateway.answer"),
        (signs(THEIRS, 200, b'{"a":1,"a":2}'), "gateway.answer"),
        (lambda handler, _request: handler.connection.close(), "gateway.away"),
        (lambda handler, _request: handler.wfile.write(b"\x00\xff" * 100), "gateway.away"),
    ],
)
def test_whatever_is_not_the_regions_answer_is_an_outage(behave: Behave, code: str) -> None:
    with pytest.raises(Unavailable) as told:
        ask(behave)

    assert told.value.code == code


def test_an_answer_of_a_hundred_megabytes_is_broken_off() -> None:
    with pytest.raises(Unavailable, match=r"gateway\.too_large"):
        ask(pours(0, bytes(1_000_000), parts=100), timeout=60.0)


def test_an_endless_answer_is_broken_off() -> None:
    with pytest.raises(Unavailable, match=r"gateway\.too_large"):
        ask(pours(0, bytes(65_536)), limit=1_000_000, timeout=60.0)


@pytest.mark.parametrize("behave", [pours(0.05, b" ", parts=200), dribbles_its_head])
def test_one_who_never_ends_holds_nobody_up(behave: Behave) -> None:
    with pytest.raises(Unavailable, match=r"gateway\.slow"):
        ask(behave, timeout=0.5)


def test_nobody_there_is_an_outage() -> None:
    with answering(says(200, b"")) as port:
        pass
    line = Line(32, f"http://127.0.0.1:{port}", find_key, lambda: NOW)
    with pytest.raises(Unavailable, match=r"gateway\.away"):
        line.ask(Wanted("/"), signer=OWN)


@pytest.mark.usefixtures("resolver")
def test_a_resolver_that_hangs_holds_nobody_up() -> None:
    began = time.monotonic()
    with answering(signs(THEIRS, 200, b"{}")) as port:
        for _ in range(3):
            with pytest.raises(Unavailable, match=r"gateway\.slow"):
                line_to(HANGS, port, timeout=0.3).ask(Wanted("/", {}), signer=OWN)
        assert line_to("region.example", port).ask(Wanted("/", {}), signer=OWN).body == {}

    assert time.monotonic() - began < 10
    assert sum(each.name == "resolver" for each in threading.enumerate()) == 1


def test_names_are_resolved_anew_for_each_exchange(resolver: Resolver) -> None:
    with answering(signs(THEIRS, 200, b"{}")) as port:
        for _ in range(3):
            line_to("region.example", port).ask(Wanted("/", {}), signer=OWN)
        with pytest.raises(Unavailable):
            line_to(HANGS, port, timeout=0.3).ask(Wanted("/", {}), signer=OWN)
        resolver.let_go.set()
        line_to(HANGS, port).ask(Wanted("/", {}), signer=OWN)

    assert resolver.asked.count("region.example") == 3


def line_to(host: str, port: int, *, scheme: str = "http", timeout: float = 60.0, ca_file: str | None = None) -> Line:
    return Line(32, f"{scheme}://{host}:{port}", find_key, lambda: NOW, ca_file, timeout=timeout)


@pytest.mark.usefixtures("resolver")
def test_a_tls_certificate_is_held_to_the_name_that_was_resolved(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_x509_cert(tmp_path, "region.example"))
    with answering(signs_over_tls, context) as port:
        over_tls = {"scheme": "https", "ca_file": str(tmp_path / "cert.pem")}
        assert line_to("region.example", port, **over_tls).ask(Wanted("/", {}), signer=OWN).body == {}
        with pytest.raises(Unavailable, match=r"gateway\.tls"):
            line_to("other.example", port, **over_tls).ask(Wanted("/", {}), signer=OWN)


@pytest.mark.parametrize(("named", "code"), [("127.0.0.1", None), ("127.0.0.2", "gateway.tls")])
def test_a_tls_certificate_for_another_host_is_refused(tmp_path: Path, named: str, code: str | None) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_x509_cert(tmp_path, named))
    with answering(signs_over_tls, context) as port:
        url, ca_file = f"https://127.0.0.1:{port}", str(tmp_path / "cert.pem")
        line = Line(32, url, find_key, lambda: NOW, ca_file)
        if code is None:
            assert line.ask(Wanted("/", {}), signer=OWN).body == {}
        for unknown in (None, ca_file) if code else (None,):
            with pytest.raises(Unavailable, match=r"gateway\.tls"):
                Line(32, url, find_key, lambda: NOW, unknown).ask(Wanted("/", {}), signer=OWN)


def signs_over_tls(handler: Handler, request: Message) -> None:
    message = Message(request.method, request.url.replace("http:", "https:"), request.headers)
    signs(THEIRS, 200, b"{}")(handler, message)


def _x509_cert(folder: Path, host: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    begin = datetime.now(tz=UTC) - timedelta(days=1)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begin, begin + timedelta(2))
        .add_extension(x509.SubjectAlternativeName([_alternative(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    cert, whole = folder / "cert.pem", folder / "whole.pem"
    cert.write_bytes(made.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    whole.write_bytes(private + made.public_bytes(Encoding.PEM))
    return whole


def _alternative(host: str) -> x509.GeneralName:
    with suppress(ValueError):
        return x509.IPAddress(ip_address(host))
    return x509.DNSName(host)

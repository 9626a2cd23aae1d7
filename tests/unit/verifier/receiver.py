"""A partner's server on loopback, as well or badly behaved as a test wants it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

__all__ = ["Received", "Receiver", "receiving"]


@dataclass(frozen=True)
class Received:
    """One POST as it came."""

    path: str
    headers: dict[str, str] = field(repr=False)
    content: bytes = field(repr=False)

    @property
    def told(self) -> dict[str, Any]:
        return orjson.loads(self.content)


@dataclass
class Receiver:
    """What came to `url`; `answer` writes to the connection what the test wants answered."""

    url: str
    answer: Callable[[BaseHTTPRequestHandler], None]
    came: list[Received] = field(default_factory=list)
    is_open: threading.Event = field(default_factory=threading.Event)

    def says(self, status: int, **headers: str) -> None:
        """Answer with a status from now on."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(status)
            for name, value in {**headers, "Content-Length": "0"}.items():
                request.send_header(name.replace("_", "-"), value)
            request.end_headers()

        self.answer = answer

    def hangs(self) -> None:
        """Answer nothing until the test is over."""
        self.answer = lambda _request: self.is_open.wait(30) and None

    def goes_on_for_ever(self) -> None:
        """Answer 200 and a body that does not end while anybody reads."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(200)
            request.end_headers()
            while not self.is_open.is_set():
                request.wfile.write(b"x" * 65536)

        self.answer = answer

    def speaks_no_end_of_headers(self) -> None:
        """Begin an answer whose header fields do not end."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while not self.is_open.is_set():
                request.wfile.write(b"X-More: " + b"x" * 1000 + b"\r\n")

        self.answer = answer


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Listen on a free port; 204 unless told otherwise."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            found.came.append(Received(self.path, dict(self.headers.items()), content))
            try:
                found.answer(self)
            except OSError:
                self.close_connection = True  # nobody reads any more

        def log_message(self, *_told: object) -> None:
            """Be quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        server.daemon_threads = True
        found = Receiver(f"http://127.0.0.1:{server.server_address[1]}/told", lambda _request: None)
        found.says(204)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield found
        finally:
            found.is_open.set()
            server.shutdown()
            thread.join()

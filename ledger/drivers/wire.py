"""One bounded JSON-RPC question to a validator: so long, so large and no further (JSON-RPC 2.0 over HTTP POST).

Both doors of a validator speak it: Ethereum's JSON-RPC and CometBFT's consensus RPC. Nothing that comes in is
believed here; it is only kept from harming: no redirect, no compression, a limit on bytes and on time.
"""

from __future__ import annotations

import ssl
import threading
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import httpx
import orjson

from ecert.domain.errors import Malformed, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["LARGEST", "SILENCE", "Refusal", "Wire", "tls_of"]

Params: TypeAlias = "Sequence[object] | Mapping[str, object]"

SILENCE: Final = 3.0
"""Seconds without a byte after which a validator counts as silent."""
LARGEST: Final = 32 << 20
"""Bytes of an answer: a block of 4 MiB with its results, in base64 and hexadecimal, has room in it."""
_LONGEST: Final = 10.0
_LOOK: Final = 0.5


class Refusal(Exception):
    """The validator answered with a JSON-RPC error: its message, and its data where there are any."""

    def __init__(self, message: str, data: object = None) -> None:
        """Keep both; the number of the error says nothing that they do not."""
        super().__init__(message)
        self.message = message
        self.data = data


class Wire:
    """One URL of a validator; any thread may ask."""

    def __init__(self, url: str, *, tls: ssl.SSLContext, silence: float = SILENCE) -> None:
        """Connect lazily; `silence` in seconds."""
        self.url = url
        self._tls = tls
        self._silence = silence
        self._longest = _LONGEST * silence / SILENCE
        self._client = self._connect()

    def call(self, method: str, params: Params) -> Any:  # noqa: ANN401 - JSON of a stranger
        """Ask and return the result as parsed JSON. Refusal where the validator answers with an error.

        Unavailable "ledger.silent", "ledger.tls", "ledger.turned_away", "ledger.answer_large", "ledger.answer_slow" or
        "ledger.answer_form".
        """
        return _result(method, self._parsed(self._body(_question(method, params))))

    def calls(self, method: str, several: Sequence[Params]) -> list[Any]:
        """Ask the same of several things in one request (JSON-RPC 2.0, section 6): the results in their order.

        Refusal where any is answered with an error, or the whole request is; else as `call`.
        """
        told = self._parsed(self._body([_question(method, params, at) for at, params in enumerate(several)]))
        if not isinstance(told, list):
            alone = _result(method, told)
            raise Unavailable("ledger.answer_form", f"{method}: {alone!r:.60} for several questions")
        answers = {each.get("id"): each for each in told if isinstance(each, dict)}
        return [_result(method, answers.get(at)) for at in range(len(several))]

    def close(self) -> None:
        """Give the connections up."""
        self._client.close()

    def _connect(self) -> httpx.Client:
        headers = {"Accept-Encoding": "identity"}
        return httpx.Client(timeout=self._silence, verify=self._tls, trust_env=False, headers=headers)

    def _body(self, question: object) -> bytes:
        client, give_up = self._client, time.monotonic() + self._longest
        try:
            with (
                _CUTTER.after(give_up, partial(self._cut, client)),
                client.stream("POST", self.url, json=question) as told,
            ):
                return self._read(told, give_up)
        except (httpx.HTTPError, httpx.StreamError, RuntimeError, OSError) as fault:
            if _is_of_tls(fault):
                raise Unavailable("ledger.tls", self.url) from fault
            code = "ledger.answer_slow" if time.monotonic() > give_up else "ledger.silent"
            raise Unavailable(code, f"{self.url}: {type(fault).__name__}") from fault

    def _cut(self, client: httpx.Client) -> None:
        if self._client is client:
            self._client = self._connect()
            client.close()

    def _read(self, answer: httpx.Response, give_up: float) -> bytes:
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise Unavailable("ledger.answer_form", f"{self.url}: compressed, which nobody asked for")
        if answer.is_client_error and "json" not in answer.headers.get("content-type", ""):
            raise Unavailable("ledger.turned_away", f"{self.url}: HTTP {answer.status_code}")
        content = bytearray()
        for piece in answer.iter_raw():
            content += piece
            if len(content) > LARGEST:
                raise Unavailable("ledger.answer_large", self.url)
            if time.monotonic() > give_up:
                raise Unavailable("ledger.answer_slow", self.url)
        return bytes(content)

    def _parsed(self, content: bytes) -> object:
        try:
            return orjson.loads(content)
        except ValueError as fault:
            raise Unavailable("ledger.answer_form", f"{self.url}: not JSON") from fault


def _question(method: str, params: Params, number: int = 1) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def _result(method: str, told: object) -> Any:  # noqa: ANN401 - JSON of a stranger
    match told:
        case {"error": {"message": str(message), **more}}:
            raise Refusal(message, more.get("data"))
        case {"result": result}:
            return result
        case _:
            raise Unavailable("ledger.answer_form", f"{method}: no JSON-RPC answer")


class _Cutter:
    """Hangs up, from a thread of its own, on a head that comes a byte at a time: no limit between two bytes ends it."""

    def __init__(self) -> None:
        self._open: dict[object, tuple[float, Callable[[], None]]] = {}
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def after(self, give_up: float, cut: Callable[[], None]) -> Iterator[None]:
        """Call `cut` where the block is still running at `give_up`, by the monotonic clock."""
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="ledger-cutter", daemon=True)
                self._thread.start()
        entry = object()
        self._open[entry] = (give_up, cut)
        try:
            yield
        finally:
            del self._open[entry]

    def _run(self) -> None:
        while True:
            time.sleep(_LOOK)
            for give_up, cut in tuple(self._open.values()):
                if time.monotonic() > give_up + _LOOK:
                    cut()


_CUTTER: Final = _Cutter()


def tls_of(folder: Path | None) -> ssl.SSLContext:
    """Build the context of mutual TLS 1.3 from `ca.pem`, `client.pem` and `client.key`; Malformed("ledger.tls_files").

    Only the authority in `ca.pem` is believed, and a certificate must be for the host that is asked. Without a folder
    the system's authorities are.
    """
    if folder is None:
        return ssl.create_default_context()
    try:
        context = ssl.create_default_context(cafile=folder / "ca.pem")
        context.load_cert_chain(folder / "client.pem", folder / "client.key")
    except (OSError, ssl.SSLError) as fault:
        raise Malformed("ledger.tls_files", str(folder)) from fault
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def _is_of_tls(fault: BaseException) -> bool:
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False

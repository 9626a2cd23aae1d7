"""Asking another deployment: signed, bounded in time and size, and believed only where its answer is signed too.

Whatever goes wrong has a name, and none of them is a verdict: an outage is Unavailable with its cause. The three
seconds count for the whole exchange, so that one who answers a byte a second holds nobody up.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import httpx
import orjson

from ecert.domain import strict
from ecert.domain.errors import Conflict, EcertError, Malformed, NotAllowed, NotFound, Unavailable
from ecert.domain.reasons import REASONS
from ecert.runtime.signed.exchanging import run
from ecert.runtime.signed.messages import FindKey, Message, sign_request, verify_answer

if TYPE_CHECKING:
    from ecert.domain.signer import Signer

__all__ = ["TIMEOUT", "Answer", "Line", "Wanted", "is_about_tls", "tls_context"]

TIMEOUT: Final = 3.0
LIMIT: Final = 8 * 1024 * 1024
"""Bytes of an answer."""

_ROOTS: Final[dict[int, type[EcertError]]] = {
    400: Malformed,
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    413: Malformed,
    415: Malformed,
    422: Malformed,
}
_SUCCESS: Final = range(200, 300)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One request; `body` None is a GET."""

    path: str
    body: object = field(default=None, repr=False)
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, and the JSON that its digest covers."""

    status: int
    body: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Line:
    """The way to one region's deployment at `url`; `find_key` must name a gateway of that region."""

    region: int
    url: str
    find_key: FindKey
    now: Callable[[], int]
    ca_file: str | None = None
    timeout: float = TIMEOUT
    limit: int = LIMIT

    def ask(self, wanted: Wanted, *, signer: Signer) -> Answer:
        """Ask once; the region's own problems are raised as themselves, by their root and code.

        Unavailable `gateway.away`, `gateway.slow`, `gateway.tls`, `gateway.too_large`, `gateway.answer`,
        `gateway.answer_unsigned`, or what the other door said before it knew who asks (`gateway.clock`).
        """
        message, body = self._message(wanted, signer)
        status, headers, answered = run(self._exchange(message, body))
        self._hold(message, status, headers, answered)
        told = _json(answered)
        if status not in _SUCCESS:
            raise _problem(status, told)
        return Answer(status, told)

    def _message(self, wanted: Wanted, signer: Signer) -> tuple[Message, bytes]:
        body = b"" if wanted.body is None else orjson.dumps(wanted.body)
        headers = {"accept": "application/json", "accept-encoding": "identity"}
        if body:
            headers["content-type"] = "application/json"
        if wanted.idempotency_key is not None:
            headers["idempotency-key"] = wanted.idempotency_key
        message = Message("POST" if body else "GET", self.url + wanted.path, headers)
        signed = sign_request(signer, message, body=body, now=self.now())
        return Message(message.method, message.url, signed), body

    async def _exchange(self, message: Message, body: bytes) -> tuple[int, dict[str, str], bytes]:
        try:
            async with asyncio.timeout(self.timeout):
                return await self._fetch(message, body)
        except TimeoutError:
            raise Unavailable("gateway.slow", f"no whole answer in {self.timeout:.0f} s") from None
        except httpx.TimeoutException:
            raise Unavailable("gateway.slow", f"no whole answer in {self.timeout:.0f} s") from None
        except httpx.HTTPError as fault:
            code = "gateway.tls" if is_about_tls(fault) else "gateway.away"
            raise Unavailable(code, f"region {self.region}") from None

    async def _fetch(self, message: Message, body: bytes) -> tuple[int, dict[str, str], bytes]:
        async with (
            httpx.AsyncClient(verify=tls_context(self.ca_file), timeout=self.timeout, trust_env=False) as client,
            client.stream(message.method, message.url, headers=message.headers, content=body) as response,
        ):
            parts, size = [], 0
            async for part in response.aiter_raw():
                size += len(part)
                if size > self.limit:
                    raise Unavailable("gateway.too_large", f"more than {self.limit} bytes")
                parts.append(part)
            headers = {name: ", ".join(response.headers.get_list(name)) for name in response.headers}
            return response.status_code, headers, b"".join(parts)

    def _hold(self, request: Message, status: int, headers: dict[str, str], body: bytes) -> None:
        """Believe an answer of the region alone; what an unsigned one says is told as an outage's cause."""
        try:
            shown = verify_answer(
                request, status=status, headers=headers, body=body, find_key=self.find_key, now=self.now()
            )
        except EcertError as fault:
            raise Unavailable(_cause(status, body) or "gateway.answer_unsigned", fault.code) from None
        if shown.gateway.region != self.region:
            raise Unavailable("gateway.answer_unsigned", f"signed by another than region {self.region}")


def _json(body: bytes) -> object:
    try:
        return strict.loads(body, limit=LIMIT, depth=32)
    except Malformed as fault:
        raise Unavailable("gateway.answer", fault.code) from None


def _problem(status: int, told: object) -> EcertError:
    code = told.get("code") if isinstance(told, dict) else None
    known = code if isinstance(code, str) and code in REASONS else "gateway.refused"
    return _ROOTS.get(status, Unavailable)(known, f"status {status}")


def _cause(status: int, body: bytes) -> str | None:
    """Find what a door said that did not let us in: nobody signed it, so it is a hint and no more."""
    if status in _SUCCESS:
        return None
    try:
        told = strict.loads(body, limit=10_000)
    except Malformed:
        return None
    code = told.get("code") if isinstance(told, dict) else None
    return code if isinstance(code, str) and code in REASONS and code.startswith(("gateway.", "partner.")) else None


def is_about_tls(fault: BaseException) -> bool:
    """Tell whether the other side could be reached and is not believed to be who it should."""
    return any(isinstance(each, ssl.SSLError) for each in _causes(fault))


def _causes(fault: BaseException | None) -> Iterator[BaseException]:
    while fault is not None:
        yield fault
        fault = fault.__cause__ or fault.__context__


@lru_cache(maxsize=4)
def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Trust the certificates in a PEM file, or the system's; Malformed("settings.value")."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError:
        raise Malformed("settings.value", "ECERT_CA_FILE cannot be read as certificates") from None

"""One callback over HTTP: a POST signed like every other request of a region, to an address that may be called.

The receiver is told nothing else, and nothing that it answers is read but its status and Retry-After: a redirect is
not followed, and a body that never ends is not begun. Ten seconds count for the whole exchange, where it runs in
`ecert.runtime.signed.exchanging`.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

import httpx

from ecert.domain.errors import Unavailable
from ecert.runtime.signed import Message, sign_request
from ecert.runtime.signed.line import is_about_tls, tls_context
from ecert.runtime.signed.messages import authority_of

if TYPE_CHECKING:
    from ecert.domain.signer import Signer
    from verifier.callbacks.targets import Target, Targets

__all__ = ["TIMEOUT", "Answer", "Posting"]

TIMEOUT: Final = 10.0
_SUCCESS: Final = range(200, 300)
_SECONDS: Final = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one try: the receiver's status, or the code of what stood in the way; when it asks to be tried."""

    status: int | None
    code: str | None = None
    retry_after: int | None = None

    @property
    def is_taken(self) -> bool:
        """Whether the receiver says that it has it."""
        return self.status in _SUCCESS


@dataclass(frozen=True, slots=True)
class Posting:
    """How callbacks leave this deployment."""

    targets: Targets
    ca_file: str | None = None
    timeout: float = TIMEOUT

    async def post(self, url: str, body: bytes, *, signer: Signer, now: int, turn: int) -> Answer:
        """Post once; `turn` goes round the addresses of a host that has several. An outage is an Answer.

        NotAllowed("callback.address"), Unavailable("signer.unavailable").
        """
        try:
            async with asyncio.timeout(self.timeout):
                return await self._post(url, body, signer, now, turn)
        except (TimeoutError, httpx.TimeoutException):
            return Answer(None, "gateway.slow")
        except httpx.HTTPError as fault:
            return Answer(None, "gateway.tls" if is_about_tls(fault) else "gateway.away")

    async def _post(self, url: str, body: bytes, signer: Signer, now: int, turn: int) -> Answer:
        target = self.targets.parse(url)
        address = await self._address(target, turn)
        message = Message("POST", url, {"content-type": "application/json", "accept-encoding": "identity"})
        headers = sign_request(signer, message, body=body, now=now)
        written = f"[{address}]" if ":" in address else address
        async with (
            httpx.AsyncClient(verify=tls_context(self.ca_file), timeout=self.timeout, trust_env=False) as client,
            client.stream(
                "POST",
                f"{target.scheme}://{written}:{target.port}{target.path}",
                headers={"host": authority_of(url), **headers},
                content=body,
                extensions={"sni_hostname": target.host},
            ) as response,
        ):
            return Answer(response.status_code, None, _retry_after(response.headers, now))

    async def _address(self, target: Target, turn: int) -> str:
        """Resolve the host and hold every address of it; NotAllowed("callback.address")."""
        try:
            told = await asyncio.get_running_loop().getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise Unavailable("gateway.away", "the host has no address") from None
        addresses = list(dict.fromkeys(str(each[4][0]).partition("%")[0] for each in told))
        self.targets.hold(map(ip_address, addresses))
        return addresses[turn % len(addresses)]


def _retry_after(headers: Mapping[str, str], now: int) -> int | None:
    """Read seconds, or a date (RFC 9110 section 10.2.3); None where it is neither."""
    told = headers.get("retry-after", "")
    if _SECONDS.fullmatch(told):
        return int(told)
    try:
        return max(0, int(parsedate_to_datetime(told).timestamp()) - now)
    except (ValueError, TypeError, OverflowError):
        return None

"""The validators that a deployment may ask: which one is asked next, which one rests and which one is never believed.

A fault (an error, three seconds of silence) lets a validator rest, longer each time, with jitter so that not every
deployment comes back at once. A lie, something that the validators' own signatures contradict, leaves it out for an
hour. One that is only behind is passed over. The one that answered last is asked first.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ecert.domain.errors import Unavailable, VerificationFailed
from ecert.runtime.logs import log
from ecert.runtime.metrics import Counter
from ecert.runtime.rests import rest_after
from ledger.drivers.wire import Refusal
from ledger.evidence.checker import Refused
from ledger.port import Validator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ledger.drivers.wire import Wire

__all__ = ["LEFT_OUT", "PATIENCE", "Behind", "Endpoint", "Validators"]

LEFT_OUT: Final = 3600.0
PATIENCE: Final = 30
"""How often those that are only behind are asked again: a block's state is there a moment after its commit."""
_FIRST_REST: Final = 0.5
_LONGEST_REST: Final = 10.0
_AGREED: Final = 2
_PAUSE: Final = 0.1
_PROVEN: Final = ("evidence.", "light.")

T = TypeVar("T")


class Behind(Exception):
    """The validator does not have the block that was asked for yet."""


@dataclass(slots=True)
class Endpoint:
    """One validator: its name, its two doors, and what is remembered of it."""

    name: str
    rpc: Wire
    consensus: Wire
    faults: int = 0
    rests_until: float = 0.0
    reason: str | None = None
    block: int | None = None

    def eth(self, method: str, *params: object) -> Any:  # noqa: ANN401 - JSON of a stranger
        """Ask Ethereum's JSON-RPC."""
        return self.rpc.call(method, params)

    def tell(self, method: str, **params: object) -> Any:  # noqa: ANN401 - JSON of a stranger
        """Ask the consensus RPC."""
        return self.consensus.call(method, params)

    def tell_each(self, method: str, several: Sequence[Mapping[str, object]]) -> list[Any]:
        """Ask the consensus RPC several things in one request."""
        return self.consensus.calls(method, several)

    def close(self) -> None:
        """Give the connections up."""
        self.rpc.close()
        self.consensus.close()


@dataclass(slots=True)
class Validators:
    """All validators named by the settings; `clock` gives seconds that only rise."""

    endpoints: tuple[Endpoint, ...]
    clock: Callable[[], float]
    requests: Counter = field(default_factory=Counter)
    changes: Counter = field(default_factory=Counter)
    pause: Callable[[float], None] = time.sleep
    _preferred: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def first(self, question: Callable[[Endpoint], T], *, tries: int = 1) -> T:
        """Return the first answer that holds. Unavailable with the last fault's code where nobody gives one.

        `tries` above 1 waits for those that are only behind, a tenth of a second each time.
        """
        behind: list[str] = []
        for _ in self._patiently(tries, behind):
            for place, answer in self._answers(question, behind=behind):
                self._prefer(place)
                return answer
        raise self._nobody()

    def any(self, question: Callable[[Endpoint], T | None]) -> T | None:
        """Return the first answer that is not None; None where all who answer have none."""
        heard = False
        for _, answer in self._answers(question):
            if answer is not None:
                return answer
            heard = True
        if heard:
            return None
        raise self._nobody()

    def agreed(self, question: Callable[[Endpoint], T]) -> T:
        """Return what two validators answer alike, or the only one named does: for what nothing proves.

        Unavailable("ledger.disagreement") where no two agree. A block that one has just made is waited for at others.
        """
        needed = min(_AGREED, len(self.endpoints))
        heard: list[T] = []
        behind: list[str] = []
        for _ in self._patiently(PATIENCE, behind):
            heard.clear()
            for _, answer in self._answers(question, behind=behind):
                heard.append(answer)
                if heard.count(answer) >= needed:
                    return answer
        if len(heard) > 1:
            raise Unavailable("ledger.disagreement", f"{len(heard)} validators give as many answers")
        raise self._nobody()

    def elsewhere(self, question: Callable[[Endpoint], T], *, after: str | None) -> tuple[str, T]:
        """Ask beginning behind the validator named `after`; return who answered and what. The preference stays."""
        names = [each.name for each in self.endpoints]
        begun = self._preferred if after not in names else names.index(after) + 1
        for place, answer in self._answers(question, begun):
            return names[place], answer
        raise self._nobody()

    def each(self, question: Callable[[Endpoint], object]) -> None:
        """Ask all that do not rest, so that what is remembered of each stays young."""
        for _ in self._answers(question):
            pass

    def turn(self) -> None:
        """Ask another validator first from now on: the present one stands still."""
        with self._lock:
            self._preferred = (self._preferred + 1) % len(self.endpoints)
            self.changes.add()

    def seen(self) -> tuple[Validator, ...]:
        """Tell what was last heard of each."""
        return tuple(Validator(each.name, each.reason is None, each.block) for each in self.endpoints)

    def left_out(self) -> tuple[str, ...]:
        """Name those that lied."""
        return tuple(each.name for each in self.endpoints if each.reason == "ledger.untrusted")

    def leave_out(self, endpoint: Endpoint, detail: str) -> None:
        """Believe an endpoint nothing for an hour: what it said is contradicted by what is signed."""
        self.requests.add(validator=endpoint.name, result="ledger.untrusted")
        endpoint.rests_until = self.clock() + LEFT_OUT
        endpoint.reason = "ledger.untrusted"
        log("ledger.untrusted", name=endpoint.name, error=detail)

    def close(self) -> None:
        """Give all connections up."""
        for each in self.endpoints:
            each.close()

    def _patiently(self, tries: int, behind: list[str]) -> Iterator[None]:
        """Let ask again while the last round left somebody in `behind`."""
        for turn in range(tries):
            behind.clear()
            yield
            if not behind or turn == tries - 1:
                return
            self.pause(_PAUSE)

    def _answers(
        self, question: Callable[[Endpoint], T], begun: int | None = None, *, behind: list[str] | None = None
    ) -> Iterator[tuple[int, T]]:
        begun = self._preferred if begun is None else begun
        for step in range(len(self.endpoints)):
            place = (begun + step) % len(self.endpoints)
            endpoint = self.endpoints[place]
            if self.clock() < endpoint.rests_until:
                continue
            try:
                answer = question(endpoint)
            except Behind:
                if behind is not None:
                    behind.append(endpoint.name)
                self.requests.add(validator=endpoint.name, result="behind")
            except (Refused, VerificationFailed) as lie:
                self.leave_out(endpoint, str(lie))
            except Refusal as refusal:
                self._rest(endpoint, "ledger.answer_refused", refusal.message)
            except Unavailable as fault:
                if fault.code.startswith(_PROVEN) and fault.code != "light.clock":
                    self.leave_out(endpoint, str(fault))
                else:
                    self._rest(endpoint, fault.code, fault.detail)
            else:
                self.requests.add(validator=endpoint.name, result="answered")
                endpoint.faults, endpoint.reason = 0, None
                yield place, answer

    def _prefer(self, place: int) -> None:
        with self._lock:
            if place == self._preferred:
                return
            self._preferred = place
            self.changes.add()
        log("ledger.failover", name=self.endpoints[place].name)

    def _rest(self, endpoint: Endpoint, code: str, detail: str) -> None:
        self.requests.add(validator=endpoint.name, result=code)
        endpoint.faults += 1
        endpoint.rests_until = self.clock() + rest_after(endpoint.faults, first=_FIRST_REST, longest=_LONGEST_REST)
        if endpoint.reason != code:
            log("ledger.rests", name=endpoint.name, code=code, error=detail)
        endpoint.reason = code

    def _nobody(self) -> Unavailable:
        """Say why: a lie before a fault, because a fault passes."""
        reasons = [each.reason for each in self.endpoints if each.reason is not None]
        code = "ledger.untrusted" if "ledger.untrusted" in reasons else (reasons or ["ledger.unavailable"])[-1]
        told = ", ".join(f"{each.name} {each.reason or 'is behind'}" for each in self.endpoints)
        return Unavailable(code, told)

"""Counts and durations for the operator, in Prometheus' text format 0.0.4; labels are codes, never people.

>>> registry = Registry()
>>> registry.counter("verdicts_total", "Verdicts given.").add(verdict="accept")
>>> print(registry.text().splitlines()[-1])
verdicts_total{verdict="accept"} 1
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from threading import Lock
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_Labels: TypeAlias = tuple[tuple[str, str], ...]
_Sample: TypeAlias = tuple[str, _Labels, float]


class _Metric(Protocol):
    @property
    def kind(self) -> str: ...

    def samples(self) -> Iterator[_Sample]: ...


class Counter:
    """A number that only rises, one for each set of labels."""

    kind: Final = "counter"

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: defaultdict[_Labels, float] = defaultdict(float)

    def add(self, count: float = 1, **labels: str) -> None:
        """Add `count`, 0 or more."""
        with self._lock:
            self._counts[_key(labels)] += count

    def samples(self) -> Iterator[_Sample]:
        """Yield ending of the name, labels and count."""
        with self._lock:
            counts = dict(self._counts)
        return (("", labels, count) for labels, count in counts.items())


class Gauge:
    """A number that goes up and down: set by its owner, or read at the moment it is asked for."""

    kind: Final = "gauge"

    def __init__(self) -> None:
        self._readings: dict[_Labels, Callable[[], float]] = {}

    def set(self, number: float, **labels: str) -> None:
        """Hold `number` until the next call."""
        self.read(lambda: number, **labels)

    def read(self, reading: Callable[[], float], **labels: str) -> None:
        """Ask `reading` each time; it must be quick and safe to call from any thread."""
        self._readings[_key(labels)] = reading

    def samples(self) -> Iterator[_Sample]:
        """Yield ending of the name, labels and number."""
        return (("", labels, reading()) for labels, reading in tuple(self._readings.items()))


class Histogram:
    """How many of what was observed were at most each upper bound, with their count and sum."""

    kind: Final = "histogram"

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._lock = Lock()
        self._buckets: defaultdict[_Labels, list[int]] = defaultdict(lambda: [0] * (len(bounds) + 1))
        self._sums: defaultdict[_Labels, float] = defaultdict(float)

    def observe(self, number: float, **labels: str) -> None:
        """Count `number` (seconds, unless the name says otherwise) into its bucket."""
        key = _key(labels)
        with self._lock:
            self._buckets[key][bisect_left(self._bounds, number)] += 1
            self._sums[key] += number

    def samples(self) -> Iterator[_Sample]:
        """Yield the cumulative buckets, the sum and the count of each set of labels."""
        with self._lock:
            kept = [(labels, tuple(counts), self._sums[labels]) for labels, counts in self._buckets.items()]
        for labels, counts, total in kept:
            below = 0
            for bound, count in zip((*self._bounds, "+Inf"), counts, strict=True):
                below += count
                yield "_bucket", (*labels, ("le", str(bound))), below
            yield "_sum", labels, total
            yield "_count", labels, below


class Registry:
    """The metrics of one process; any thread may make, change and read them."""

    def __init__(self) -> None:
        self._metrics: dict[str, tuple[str, _Metric]] = {}

    def counter(self, name: str, meaning: str) -> Counter:
        """Make a counter; ValueError for a name that is taken."""
        self._keep(name, meaning, made := Counter())
        return made

    def gauge(self, name: str, meaning: str) -> Gauge:
        """Make a gauge; ValueError for a name that is taken."""
        self._keep(name, meaning, made := Gauge())
        return made

    def histogram(self, name: str, meaning: str, *, bounds: tuple[float, ...] = SECONDS) -> Histogram:
        """Make a histogram over ascending upper bounds; ValueError for a name that is taken."""
        self._keep(name, meaning, made := Histogram(bounds))
        return made

    def keep(self, name: str, meaning: str, metric: Counter | Gauge | Histogram) -> None:
        """Take in a metric that was counted before this registry was made; ValueError for a name that is taken."""
        self._keep(name, meaning, metric)

    def text(self) -> str:
        """Write all metrics in the order in which they were made."""
        return "".join(
            line + "\n"
            for name, (meaning, metric) in tuple(self._metrics.items())
            for line in _lines(name, meaning, metric)
        )

    def _keep(self, name: str, meaning: str, metric: _Metric) -> None:
        if self._metrics.setdefault(name, (meaning, metric))[1] is not metric:
            raise ValueError(name)


def _lines(name: str, meaning: str, metric: _Metric) -> Iterator[str]:
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} {metric.kind}"
    for ending, labels, number in metric.samples():
        listed = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
        yield f"{name}{ending}{{{listed}}} {number:.15g}" if listed else f"{name}{ending} {number:.15g}"


def _key(labels: dict[str, str]) -> _Labels:
    return tuple(sorted(labels.items()))


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")

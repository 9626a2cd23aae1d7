from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from ecert.runtime.metrics import Registry


def test_the_text_is_what_prometheus_reads() -> None:
    registry = Registry()
    verdicts = registry.counter("verdicts_total", "Verdicts given.")
    verdicts.add(verdict="accept", region="31")
    verdicts.add(2, verdict='re"f\\u\nse', region="31")
    age = registry.gauge("replica_age_seconds", "Age of the newest final block followed.")
    age.set(1.5)
    age.read(lambda: 2.25)
    took = registry.histogram("seconds", "Time taken.", bounds=(0.1, 1.0))
    for seconds in (0.05, 0.1, 0.5, 7.0):
        took.observe(seconds, route="/codes/{code}")
    assert registry.text() == (
        "# HELP verdicts_total Verdicts given.\n"
        "# TYPE verdicts_total counter\n"
        'verdicts_total{region="31",verdict="accept"} 1\n'
        'verdicts_total{region="31",verdict="re\\"f\\\\u\\nse"} 2\n'
        "# HELP replica_age_seconds Age of the newest final block followed.\n"
        "# TYPE replica_age_seconds gauge\n"
        "replica_age_seconds 2.25\n"
        "# HELP seconds Time taken.\n"
        "# TYPE seconds histogram\n"
        'seconds_bucket{route="/codes/{code}",le="0.1"} 2\n'
        'seconds_bucket{route="/codes/{code}",le="1.0"} 3\n'
        'seconds_bucket{route="/codes/{code}",le="+Inf"} 4\n'
        'seconds_sum{route="/codes/{code}"} 7.65\n'
        'seconds_count{route="/codes/{code}"} 4\n'
    )


def test_a_name_is_given_once() -> None:
    registry = Registry()
    registry.counter("a_total", "A.")
    with pytest.raises(ValueError, match="a_total"):
        registry.gauge("a_total", "A.")


def test_no_count_is_lost_between_threads() -> None:
    registry = Registry()
    counter, histogram = registry.counter("a_total", "A."), registry.histogram("b", "B.", bounds=())

    def count(number: int) -> None:
        counter.add()
        histogram.observe(number)

    with ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(count, range(4000)))) == 4000
    assert "a_total 4000\n" in registry.text()
    assert "b_count 4000\n" in registry.text()

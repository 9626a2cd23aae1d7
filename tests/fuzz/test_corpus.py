"""What fuzzing once found stays tried: every target's own examples, their near misses, and its kept corpus."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"
SHORTEST = 16


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_of_the_corpus_does_harm(name: str) -> None:
    kept = sorted((CORPUS / name).iterdir())
    with TARGETS[name].ready() as trial:
        assert trial.seeds
        for data in (*trial.seeds, *_near(trial.seeds), *(path.read_bytes() for path in kept)):
            trial.attempt(data)


def test_each_folder_of_the_corpus_is_a_target() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(TARGETS)


def _near(seeds: tuple[bytes, ...]) -> Iterator[bytes]:
    """Cut short, doubled, and with each of some bytes turned or left out."""
    for seed in (each for each in seeds if len(each) <= 20_000):
        yield from (b"", seed[: len(seed) // 2], seed + seed, b"\n" + seed, seed + b"\0", b"\xef\xbb\xbf" + seed)
        for place in range(0, len(seed), max(1, len(seed) // SHORTEST)):
            yield seed[:place] + bytes([seed[place] ^ 1]) + seed[place + 1 :]
            yield seed[:place] + seed[place + 1 :]

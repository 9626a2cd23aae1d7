"""The light client takes what more than two thirds of the known validators signed, and nothing else."""

from __future__ import annotations

import copy
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from ecert.domain.errors import Unavailable
from ledger import light
from ledger.evidence import checker
from tests.signed_chain import BEGUN, SignedChain, instant, set_hash, validators_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledger.light import LightBlock

FOUR = (1, 2, 3, 4)
STRANGERS = (11, 12, 13, 14)
NOW = BEGUN + 1000
VECTORS = Path(__file__).parents[2] / "vectors" / "evidence"


@pytest.fixture
def chain() -> SignedChain:
    return SignedChain({1: FOUR})


def verified(chain: SignedChain, height: int) -> LightBlock:
    return light.advance(light.begin(chain.genesis), chain, height=height, now=NOW)


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(Unavailable) as refused:
        act()
    return refused.value.code


def test_the_first_block_is_signed_by_the_genesis_validators(chain: SignedChain) -> None:
    block = verified(chain, 1)

    assert (block.height, block.hash.hex().upper(), block.parent) == (1, chain.hash(1), b"")


def test_one_commit_suffices_while_the_set_stays(chain: SignedChain) -> None:
    chain.hash(500)
    chain.asked.clear()

    assert verified(chain, 500).height == 500
    assert set(chain.asked) == {500}


def test_every_block_can_be_verified_one_by_one(chain: SignedChain) -> None:
    block = light.begin(chain.genesis)
    for height in range(1, 6):
        block = light.verify(block, chain.commit(height), now=NOW)

    assert block == verified(chain, 5)


def test_changes_of_the_set_are_followed_though_many_blocks_are_skipped() -> None:
    chain = SignedChain({1: FOUR, 40: (1, 2, 3), 41: (1, 2, 3, 5), 300: (2, 3, 5, 6), 301: FOUR})
    chain.hash(400)
    chain.asked.clear()
    block = verified(chain, 400)

    assert len(chain.asked) < 60
    assert block.hash.hex().upper() == chain.hash(400)


def test_a_whole_new_set_is_believed_where_the_old_one_names_it() -> None:
    chain = SignedChain({1: FOUR, 10: STRANGERS})

    assert {v.key for v in verified(chain, 9).validators} == {v.key for v in verified(chain, 20).validators}


def test_a_change_needs_the_next_set(chain: SignedChain) -> None:
    chain.sets[10] = (1, 2, 3)

    assert refusal(lambda: light.verify(verified(chain, 8), chain.commit(9), now=NOW)) == "light.changes"


def test_another_next_set_than_the_one_named_is_refused(chain: SignedChain) -> None:
    chain.sets[10] = (1, 2, 3)
    told = validators_answer((1, 2, 4))
    act = lambda: light.verify(verified(chain, 8), chain.commit(9), now=NOW, following=told)  # noqa: E731 - three uses

    assert refusal(act) == "evidence.validators"


@pytest.mark.parametrize(("absent", "code"), [((), None), ((4,), None), ((3, 4), "evidence.power")])
def test_more_than_two_thirds_must_sign(chain: SignedChain, absent: tuple[int, ...], code: str | None) -> None:
    answer = chain.signed(chain.header(5), FOUR, absent)
    trusted = verified(chain, 3)

    if code is None:
        assert light.verify(trusted, answer, now=NOW).height == 5
    else:
        assert refusal(lambda: light.verify(trusted, answer, now=NOW)) == code


def test_exactly_two_thirds_are_too_few() -> None:
    chain = SignedChain({1: (1, 2, 3)})
    answer = chain.signed(chain.header(5), (1, 2, 3), absent=(3,))

    assert refusal(lambda: light.verify(verified(chain, 3), answer, now=NOW)) == "evidence.power"


def test_strangers_cannot_replace_the_validators(chain: SignedChain) -> None:
    other = SignedChain({1: STRANGERS})
    trusted = verified(chain, 3)

    assert refusal(lambda: light.verify(trusted, other.commit(7), now=NOW)) == "evidence.validators"
    assert refusal(lambda: light.advance(trusted, other, height=7, now=NOW)) in {
        "evidence.validators",
        "light.unlinked",
    }


def test_strangers_cannot_sign_for_the_known_set(chain: SignedChain) -> None:
    header = chain.header(5)
    answer = chain.signed(header, FOUR)
    forged = chain.signed(header, STRANGERS)["signed_header"]["commit"]["signatures"]
    answer["signed_header"]["commit"]["signatures"] = forged

    assert refusal(lambda: light.verify(verified(chain, 3), answer, now=NOW)) == "evidence.signature"


def test_a_set_named_by_strangers_alone_is_not_believed(chain: SignedChain) -> None:
    swapped = chain.header(5, next_validators_hash=set_hash(STRANGERS))
    trusted, following = verified(chain, 3), validators_answer(STRANGERS)

    few = chain.signed(swapped, FOUR, absent=(2, 3))
    assert refusal(lambda: light.verify(trusted, few, now=NOW, following=following)) == "evidence.power"
    strangers = chain.signed({**swapped, "validators_hash": set_hash(STRANGERS)}, STRANGERS)
    assert refusal(lambda: light.verify(trusted, strangers, now=NOW, following=following)) == "evidence.validators"


def test_a_vote_for_no_block_counts_as_nothing(chain: SignedChain) -> None:
    answer = copy.deepcopy(chain.commit(5))
    for entry in answer["signed_header"]["commit"]["signatures"][:2]:
        entry["block_id_flag"] = 3

    assert refusal(lambda: light.verify(verified(chain, 3), answer, now=NOW)) == "evidence.power"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"chain_id": "ecert-other"}, "light.chain"),
        ({"time": instant(BEGUN + 1)}, "light.time"),
        ({"time": instant(NOW + 31)}, "light.clock"),
    ],
)
def test_a_signed_header_of_another_chain_or_time_is_refused(
    chain: SignedChain, changes: dict[str, str], code: str
) -> None:
    answer = chain.signed(chain.header(5, **changes), FOUR)

    assert refusal(lambda: light.verify(verified(chain, 3), answer, now=NOW)) == code


@pytest.fixture
def default_stack() -> Iterator[None]:
    """Give the test the interpreter's own limit, which other tests raise."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.usefixtures("default_stack")
@pytest.mark.parametrize("place", ["chain_id", "height", "time", "app_hash", "version"])
def test_an_answer_as_deep_as_json_may_be_is_refused(chain: SignedChain, place: str) -> None:
    told = json.dumps(chain.commit(5)["signed_header"]["header"] | {place: "deep"}).encode()
    header = orjson.loads(told.replace(b'"deep"', b"[" * 1000 + b"]" * 1000))
    answer = chain.commit(5) | {"signed_header": chain.commit(5)["signed_header"] | {"header": header}}

    assert refusal(lambda: light.verify(verified(chain, 3), answer, now=NOW)) == "evidence.form"


def test_a_height_never_goes_back(chain: SignedChain) -> None:
    trusted = verified(chain, 5)

    for height in (4, 5):
        assert refusal(lambda height=height: light.verify(trusted, chain.commit(height), now=NOW)) == "light.height"


def test_the_next_block_links_to_the_one_trusted(chain: SignedChain) -> None:
    other = SignedChain({1: FOUR}, app_hash="AA" * 32)

    assert refusal(lambda: light.verify(verified(chain, 4), other.commit(5), now=NOW)) == "light.unlinked"


def test_every_turned_character_of_header_and_commit_is_refused(chain: SignedChain) -> None:
    trusted, told = verified(chain, 3), chain.commit(5)
    # Without one of four votes the block is still believed; a validator's node says with `canonical` what it pleases.
    bent = [other for path, other in _bent(told) if path[-1] not in ("canonical", "block_id_flag")]

    assert len(bent) > 1_300
    assert not any(_passes(trusted, other) for other in bent)


def test_every_turned_character_of_the_next_set_is_refused(chain: SignedChain) -> None:
    chain.sets[6] = (1, 2, 3)
    trusted, answer, following = verified(chain, 4), chain.commit(5), chain.validators(6)
    bent = [other for path, other in _bent(following) if path[-1] != "count"]

    assert len(bent) > 200
    assert not any(_passes(trusted, answer, other) for other in bent)


def test_headers_before_a_trusted_block_are_believed_by_their_hashes(chain: SignedChain) -> None:
    trusted = verified(chain, 20)
    headers = [chain.header(height) for height in range(11, 21)]

    assert [each.height for each in light.link(trusted, headers)] == list(range(11, 21))
    headers[4] = {**headers[4], "app_hash": "AA" * 32}
    assert refusal(lambda: light.link(trusted, headers)) == "light.unlinked"
    assert refusal(lambda: light.link(trusted, headers[:4] + headers[5:])) == "light.unlinked"


def test_the_trusted_block_outlives_a_restart(chain: SignedChain) -> None:
    block = verified(chain, 7)

    assert light.parse_block(light.format_block(block)) == block


@pytest.mark.parametrize("stored", [b"", b"{}", b"[]", b"null", b"\xff", b'{"height": 1}'])
def test_a_stored_block_that_is_none_is_named(stored: bytes) -> None:
    assert refusal(lambda: light.parse_block(stored)) == "light.state"


def test_a_stored_block_of_another_kind_is_named(chain: SignedChain) -> None:
    stored = json.loads(light.format_block(verified(chain, 2)))

    assert refusal(lambda: light.parse_block(json.dumps({**stored, "height": "2"}).encode())) == "light.state"


def test_a_real_network_is_followed_through_two_changes_of_its_set() -> None:
    recorded = Recorded(json.loads((VECTORS / "recorded.json").read_bytes()))
    begun = light.begin((VECTORS / "genesis.json").read_bytes())
    last = max(recorded.heights("commit"))
    sets = [signers for _, signers, _ in light.steps(begun, recorded, height=last, now=2e9)]

    assert len(sets) == len(set(sets)) == 3
    for height in (1, 2, 3, last):
        told: Any = recorded.commit(height)
        block = light.advance(begun, recorded, height=height, now=2e9)
        assert block.hash.hex().upper() == told["signed_header"]["commit"]["block_id"]["hash"]


def test_real_headers_link() -> None:
    recorded = Recorded(json.loads((VECTORS / "recorded.json").read_bytes()))
    begun = light.begin((VECTORS / "genesis.json").read_bytes())
    own = checker.validators_hash(begun.validators).hex().upper()
    metas = [meta for meta in recorded.told["blockchain"]["block_metas"] if meta["header"]["validators_hash"] == own]
    headers = [meta["header"] for meta in reversed(metas)]
    newest = light.advance(begun, recorded, height=int(headers[-1]["height"]), now=2e9)

    assert len(headers) > 3
    assert [h.hash.hex().upper() for h in light.link(newest, headers)] == [
        meta["block_id"]["hash"] for meta in reversed(metas)
    ]
    assert refusal(lambda: light.link(replace(newest, hash=bytes(32)), headers)) == "light.unlinked"


class Recorded:
    """What a real validator answered."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told

    def heights(self, method: str) -> list[int]:
        return sorted(int(key.split()[-1]) for key in self.told if key.startswith(f"{method} "))

    def commit(self, height: int) -> object:
        return self.told[f"commit  {height}"]

    def validators(self, height: int) -> object:
        return self.told[f"validators  {height}"]


def _bent(told: Any, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:  # noqa: ANN401 - JSON
    """Give every JSON value that differs from `told` in one character of a text, or one bit of a number."""
    found: list[tuple[tuple[str | int, ...], Any]] = []
    for own, leaf in _leaves(told):
        for bend in _bends(leaf):
            other = copy.deepcopy(told)
            place = other
            for step in own[:-1]:
                place = place[step]
            place[own[-1]] = bend
            found.append((path + own, other))
    return found


def _bends(leaf: Any) -> list[Any]:  # noqa: ANN401 - JSON
    if isinstance(leaf, str):
        return [leaf[:at] + chr(ord(each) ^ 1) + leaf[at + 1 :] for at, each in enumerate(leaf)] or ["41"]
    return [leaf ^ 1]


def _leaves(told: Any) -> list[tuple[tuple[Any, ...], Any]]:  # noqa: ANN401 - JSON
    pairs = told.items() if isinstance(told, dict) else enumerate(told) if isinstance(told, list) else []
    deeper = [((key, *path), leaf) for key, value in pairs for path, leaf in _leaves(value)]
    return deeper if isinstance(told, dict | list) else [((), told)]


def _passes(trusted: LightBlock, answer: object, following: object = None) -> bool:
    try:
        light.verify(trusted, answer, now=NOW, following=following)
    except Unavailable:
        return False
    return True

"""Two bits a certificate: who may change them, and into what."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.consortium_world import (
    DEPLOYER,
    STATUS,
    STRANGER,
    Ask,
    Refused,
    Send,
    World,
    admin,
    clerk,
)
from tests.contracts.evm import GAS_LIMIT, Account, Receipt

SIZE = 1024
ALLOWED = {(0, 1), (0, 2), (0, 3), (2, 0), (2, 1), (2, 3)}
INDEX = 300


@pytest.fixture
def write(world: World) -> Send:
    def call(function: str, *arguments: object, caller: Account | None = None) -> Receipt:
        return world.chain.send(caller or clerk(31, "status"), world.status, function, *arguments)

    return call


@pytest.fixture
def ask(world: World) -> Ask:
    return lambda function, *arguments: world.chain.ask(world.status, function, *arguments)


@pytest.fixture
def listed(write: Send) -> Send:
    """List 1 of region 31; a call that sets statuses in it."""
    write("createList", 31, 1, SIZE)
    return lambda indices, status, at=1: write("setStatus", 31, 1, indices, status, at)


@pytest.mark.parametrize(("before", "after"), [(a, b) for a in range(4) for b in range(4)])
def test_every_move_is_as_the_table_says(listed: Send, ask: Ask, refused: Refused, before: int, after: int) -> None:
    if before:
        listed([INDEX - 1, INDEX, INDEX + 1], before)
    if (before, after) in ALLOWED:
        listed([INDEX], after)
        assert ask("statusOf", 31, 1, INDEX) == after
    else:
        with refused("StatusForbiddenMove", INDEX, before, after):
            listed([INDEX], after)
        assert ask("statusOf", 31, 1, INDEX) == before
    assert [ask("statusOf", 31, 1, INDEX + side) for side in (-1, 1)] == [before, before]


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize(("function", "arguments"), [("createList", (31, 2, SIZE)), ("setStatus", (31, 1, [1], 1, 1))])
def test_only_the_regions_status_accounts_write(
    world: World, write: Send, refused: Refused, function: str, arguments: tuple[Any, ...]
) -> None:
    for caller in (STRANGER, admin(31), clerk(32, "status"), clerk(31, "anchor"), clerk(31, "audit")):
        with refused("AppointedNotAllowed"):
            write(function, *arguments, caller=caller)
    before = world.chain.snapshot()
    world.decide("removeMember", 31, voters=(32, 33, 34))
    with refused("AppointedNotAllowed"):
        write(function, *arguments)
    world.chain.revert(before)
    write(function, *arguments)


def test_a_succeeded_registry_accepts_nothing_more(
    world: World, listed: Send, write: Send, ask: Ask, refused: Refused
) -> None:
    listed([5], 2)
    second, _ = world.chain.deploy(DEPLOYER, "StatusRegistry", world.consortium.address)
    with refused("AppointedNotCurrent", STATUS):
        world.chain.send(clerk(31, "status"), second, "createList", 31, 1, SIZE)
    world.decide("appointContract", STATUS, second.address)
    for function, arguments in (("createList", (31, 2, SIZE)), ("setStatus", (31, 1, [5], 1, 1))):
        with refused("AppointedNotCurrent", STATUS):
            write(function, *arguments)
    assert ask("statusOf", 31, 1, 5) == 2
    world.chain.send(clerk(31, "status"), second, "createList", 31, 1, SIZE)


def test_lists_are_numbered_by_region(write: Send, ask: Ask, refused: Refused) -> None:
    for number in (0, 2):
        with refused("StatusWrongNumber", 1, number):
            write("createList", 31, number, SIZE)
    receipt = write("createList", 31, 1, SIZE)
    assert receipt.events[0].values == {"region": 31, "list": 1, "size": SIZE}
    with refused("StatusWrongNumber", 2, 1):
        write("createList", 31, 1, SIZE)
    write("createList", 31, 2, 1 << 17)
    write("createList", 32, 1, SIZE, caller=clerk(32, "status"))
    assert [ask("listCount", 31), ask("listCount", 32), ask("listCount", 33)] == [2, 1, 0]
    assert ask("listSize", 31, 2) == 1 << 17


@pytest.mark.parametrize("size", [0, 1, 512, 1023, 1025, 3072, 2**32 - 1])
def test_a_size_is_a_power_of_two_from_1024(write: Send, refused: Refused, size: int) -> None:
    with refused("StatusBadSize", size):
        write("createList", 31, 1, size)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (([], 1), "StatusNoIndices"),
        (([1], 4), "StatusUnknown"),
        (([1], 255), "StatusUnknown"),
        (([SIZE], 1), "StatusOutOfRange"),
        (([1, 2**32 - 1], 1), "StatusOutOfRange"),
        (([2, 1], 1), "StatusUnordered"),
        (([1, 1], 1), "StatusUnordered"),
        (([700, 900, 800], 1), "StatusUnordered"),
        (([1, 2, 700], 0), "StatusForbiddenMove"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused_whole(
    listed: Send, ask: Ask, refused: Refused, change: tuple[list[int], int], error: str
) -> None:
    with refused(error):
        listed(*change)
    assert {ask("word", 31, 1, w) for w in range(SIZE // 128)} == {0}


def test_an_effect_is_now_or_earlier(world: World, listed: Send, refused: Refused) -> None:
    now = world.chain.time
    with refused("StatusFutureEffect", now + 1):
        listed([1], 1, now + 1)
    listed([1], 1, now)


@pytest.mark.usefixtures("listed")
def test_an_unknown_list_or_index_is_refused(write: Send, ask: Ask, refused: Refused) -> None:
    with refused("StatusUnknownList", 31, 2):
        write("setStatus", 31, 2, [1], 1, 1)
    for function, arguments in (("statusOf", (32, 1, 0)), ("word", (32, 1, 0)), ("listSize", (32, 1))):
        with refused("StatusUnknownList", 32, 1):
            ask(function, *arguments)
    for function, past in (("statusOf", SIZE), ("word", SIZE // 128)):
        with refused("StatusOutOfRange", past):
            ask(function, 31, 1, past)


def test_a_word_holds_128_statuses_low_bits_first(listed: Send, ask: Ask) -> None:
    listed([0, 127, 128, 1023], 1)
    listed([1, 129], 2)
    listed([2], 3)
    assert ask("word", 31, 1, 0) == 1 | 2 << 2 | 3 << 4 | 1 << 254
    assert ask("word", 31, 1, 1) == 1 | 2 << 2
    assert ask("word", 31, 1, 7) == 1 << 254


def test_three_thousand_scattered_indices_fit_one_call(write: Send, ask: Ask) -> None:
    size = 1 << 17
    indices = sorted({i * 52_711 % size for i in range(3000)})
    write("createList", 31, 1, size)
    receipt = write("setStatus", 31, 1, indices, 1, 1)
    assert receipt.gas < GAS_LIMIT
    (event,) = receipt.events
    assert event.values == {"region": 31, "list": 1, "indices": tuple(indices), "status": 1, "effectiveAt": 1}
    expected = [0] * (size // 128)
    for index in indices:
        expected[index // 128] |= 1 << 2 * (index % 128)
    assert [ask("word", 31, 1, w) for w in range(0, size // 128, 8)] == expected[::8]

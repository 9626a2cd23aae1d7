"""What one region asks of another: the same answers by a call in one process and over signed HTTP between four."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from ecert.domain.errors import Conflict, NotAllowed, NotFound, Unavailable
from ecert.domain.holders import HolderRef
from ecert.domain.merkle import verify_consistency
from ecert.domain.redeem import parse_response
from ecert.domain.use import parse_use
from tests.delta import ITEM, LI, WANTS, code_of, furnish, new_key, settle_judged, standing, together
from tests.world import use
from wallet_codes.holdings import HoldingsRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ecert.app.delta import Delta
    from ecert.app.wiring import House

WAYS = {"a-call": together, "signed-http": standing}
TYPES = tuple(want.kind.code for want in WANTS)
STRANGER = HolderRef("001", "340199198803070048")


@pytest.fixture(scope="module", params=sorted(WAYS))
def delta(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delta]:
    home = tmp_path_factory.mktemp("delta") / "var"
    with WAYS[request.param](tmp_path_factory.getbasetemp(), home) as opened:
        furnish(opened)
        yield opened


@dataclass
class Redeemer:
    """A Shanghai window that redeems Jiangsu's codes."""

    delta: Delta

    def __call__(self, text: str, *, key: str, holder: HolderRef | None = LI.ref, item: str = ITEM) -> str:
        window = self.delta.of(31)
        said = parse_use(use(division="310118", item=item))
        return window.codes.redeem(
            text=text,
            use=said,
            holder=holder,
            requester=said.organisation,
            asker="key:1",
            idempotency_key=key,
            now=window.floor.now(),
        )


@pytest.fixture
def redeem(delta: Delta) -> Redeemer:
    return Redeemer(delta)


def test_a_region_tells_what_a_holder_has(delta: Delta) -> None:
    found = delta.of(31).home.holdings[32].held(HoldingsRequest(LI.ref, TYPES))
    own = delta.of(32).home.holdings[32].held(HoldingsRequest(LI.ref, TYPES))

    assert found == own
    assert {held.type_code for held in found} == set(TYPES)
    assert all(held.receipt is not None and held.status_reason is None for held in found)


def test_only_the_types_asked_for_are_told(delta: Delta) -> None:
    found = delta.of(31).home.holdings[32].held(HoldingsRequest(LI.ref, TYPES[:1]))

    assert [held.type_code for held in found] == [TYPES[0]]


def test_an_unknown_holder_has_nothing(delta: Delta) -> None:
    assert delta.of(31).home.holdings[32].held(HoldingsRequest(STRANGER, TYPES)) == ()


def test_every_member_can_be_asked(delta: Delta) -> None:
    assert set(delta.of(31).home.holdings) == {31, 32, 33, 34}


def test_a_code_is_redeemed_once_and_a_lost_answer_asked_for_again(delta: Delta, redeem: Redeemer) -> None:
    text, key = code_of(delta), new_key()
    first = redeem(text, key=key)

    assert redeem(text, key=key) == first
    assert parse_response(first).claims.holder_match is True
    with pytest.raises(Conflict, match=r"code\.used"):
        redeem(text, key=new_key())


def test_another_person_is_no_match(delta: Delta, redeem: Redeemer) -> None:
    claims = parse_response(redeem(code_of(delta), key=new_key(), holder=STRANGER)).claims

    assert claims.holder_match is False
    assert all("~" not in shown.sd_jwt.rstrip("~") for shown in claims.certificates)


def test_refusals_of_the_home_region_keep_their_root_and_code(delta: Delta, redeem: Redeemer) -> None:
    text = code_of(delta)
    unknown = text[:20] + ("A" if text[20] != "A" else "B") + text[21:]

    with pytest.raises(NotAllowed, match=r"item\.unknown"):
        redeem(text, key=new_key(), item="EC-9999")
    with pytest.raises(NotFound, match=r"code\.unknown"):
        redeem(unknown, key=new_key())


def test_reading_a_code_asks_nobody(delta: Delta) -> None:
    with closed(delta, 32):
        assert delta.of(31).codes.read(code_of(delta)).region == 32


def test_a_home_region_that_is_closed_is_an_outage_and_the_code_stays_unused(delta: Delta, redeem: Redeemer) -> None:
    text = code_of(delta)
    with closed(delta, 32), pytest.raises(Unavailable):
        redeem(text, key=new_key())

    assert redeem(text, key=new_key())


def test_an_issuing_region_that_is_closed_is_an_outage(delta: Delta) -> None:
    with closed(delta, 32), pytest.raises(Unavailable, match=r"issuer\.unreachable"):
        delta.of(31).home.holdings[32].held(HoldingsRequest(LI.ref, TYPES))


def test_an_audit_log_is_proved_to_continue(delta: Delta, redeem: Redeemer) -> None:
    for _ in range(2):
        redeem(code_of(delta), key=new_key())
        delta.settle()
    *_, first, second = delta.of(31).replica.audit_logs[32]
    path = delta.of(31).proofs.consistency(region=32, first=first.size, second=second.size)

    verify_consistency(
        first=first.size,
        second=second.size,
        first_root=first.root,
        second_root=second.root,
        path=path,
        hash_alg=second.hash_alg,
    )
    with pytest.raises(NotFound, match=r"audit\.size"):
        delta.of(31).proofs.consistency(region=32, first=1, second=100_000)


def test_every_deployment_has_judged_every_log(delta: Delta) -> None:
    for region in delta.houses:
        settle_judged(delta, region, by=tuple(delta.houses))
    for house in delta.each:
        assert house.replica.forged_logs == {}
        assert house.replica.judged_logs == _logs(house)


def _logs(house: House) -> dict[int, int]:
    return {region: len(logs) for region, logs in house.replica.audit_logs.items()}


@contextmanager
def closed(delta: Delta, region: int) -> Iterator[Callable[[], None]]:
    gateway = delta.of(region).gateways[region]
    gateway.is_open = False
    try:
        yield gateway.hold
    finally:
        gateway.is_open = True

"""How events leave: signed, in order, one at a time, again until they are taken, and never to whom they must not go."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from ecert.domain.errors import NotAllowed
from ecert.runtime.signed.exchanging import run
from tests.resolver import HANGS, Resolver
from tests.unit.verifier.build import World, signer
from tests.unit.verifier.called import CLIENT, PARTNER, Sponsor, open_sponsor
from tests.unit.verifier.receiver import Receiver, receiving
from verifier.callbacks import Posting, Subscription, Targets, Whose
from verifier.callbacks.delivering import OLDEST

NotBelieved = CLIENT["NotBelieved"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def sponsor(tmp_path: Path, world: World) -> Iterator[Sponsor]:
    made = open_sponsor(tmp_path, world)
    yield made
    made.database.close()


@pytest.fixture
def subscription(sponsor: Sponsor, receiver: Receiver, world: World) -> Subscription:
    """A subscription under which one certificate was accepted."""
    made, card = sponsor.subscribe(receiver.url), world.anchored()
    sponsor.accept(made, card)
    return made


def standing(sponsor: Sponsor) -> tuple[int, int, int]:
    (each,) = sponsor.callbacks.subscriptions.of(PARTNER)
    return each.sequence, each.waiting, each.given_up


@pytest.mark.usefixtures("machine_time")
def test_a_revocation_arrives_signed_and_says_what_changed(
    sponsor: Sponsor, receiver: Receiver, subscription: Subscription, world: World
) -> None:
    sponsor.change(7, 1)

    assert sponsor.deliver() == 1
    (came,) = receiver.came
    told = sponsor.inbox(receiver.url).take(came.headers, came.content)
    assert (told["status"], told["sequence"], told["subscription"]) == ("revoked", 1, subscription.id)
    assert (told["missed"], told["is_repeat"], told["height"]) == (0, False, world.replica.head.number)
    assert told["licence_id"].startswith("1.2.156.3005.2.")
    assert told.keys() - {"missed", "is_repeat"} == {
        *("v", "event", "subscription", "sequence", "licence_id", "fingerprint"),
        *("status", "effective_at", "recorded_at", "height"),
    }
    assert sponsor.deliver() == 0
    assert standing(sponsor) == (1, 0, 0)


@pytest.mark.usefixtures("subscription")
def test_the_next_waits_until_the_one_before_is_taken(sponsor: Sponsor, receiver: Receiver) -> None:
    receiver.says(500)
    sponsor.change(7, 2, 0, 1)
    sponsor.deliver()
    sponsor.deliver()
    assert [each.told["sequence"] for each in receiver.came] == [1]
    receiver.says(204)
    sponsor.now += 3600
    while sponsor.deliver():
        pass

    assert [(each.told["sequence"], each.told["status"]) for each in receiver.came] == [
        *((1, "suspended"), (1, "suspended")),
        *((2, "valid"), (3, "revoked")),
    ]
    assert receiver.came[0].told == receiver.came[1].told
    assert receiver.came[0].headers["signature-input"] != receiver.came[1].headers["signature-input"]


@pytest.mark.usefixtures("subscription")
@pytest.mark.parametrize("behaviour", ["hangs", "speaks_no_end_of_headers"])
def test_a_server_without_end_costs_bounded_time(sponsor: Sponsor, receiver: Receiver, behaviour: str) -> None:
    getattr(receiver, behaviour)()
    sponsor.posting = Posting(Targets(loopback=True), timeout=1.0)
    sponsor.change(7, 1)
    sponsor.deliver()

    assert standing(sponsor) == (1, 1, 0)


@pytest.mark.usefixtures("subscription")
def test_nobody_reads_what_is_said_after_200(sponsor: Sponsor, receiver: Receiver) -> None:
    receiver.goes_on_for_ever()
    sponsor.change(7, 1)
    sponsor.deliver()

    assert standing(sponsor) == (1, 0, 0)


@pytest.mark.usefixtures("subscription")
def test_a_redirect_is_not_followed(sponsor: Sponsor, receiver: Receiver) -> None:
    with receiving() as other:
        receiver.says(307, Location=other.url)
        sponsor.change(7, 1)
        sponsor.deliver()

        assert other.came == []
    assert standing(sponsor) == (1, 1, 0)


@pytest.mark.usefixtures("subscription")
@pytest.mark.parametrize("status", [404, 500])
def test_tries_grow_apart_and_end_after_three_days(sponsor: Sponsor, receiver: Receiver, status: int) -> None:
    receiver.says(status)
    sponsor.change(7, 1)
    began = sponsor.now
    waits, tried = [0], began
    while standing(sponsor)[1]:
        if sponsor.deliver():
            waits.append(sponsor.now - tried)
            tried = sponsor.now
        sponsor.now += 60

    assert OLDEST < tried - began <= OLDEST + 6 * 3600 + 60
    assert standing(sponsor) == (1, 0, 1)
    assert waits[2] <= 120
    assert all(wait <= 6 * 3600 + 60 for wait in waits)
    assert waits[-1] >= 3 * 3600


@pytest.mark.usefixtures("subscription")
def test_a_partner_that_is_down_over_a_weekend_is_told_on_monday(sponsor: Sponsor, receiver: Receiver) -> None:
    receiver.says(503)
    sponsor.change(7, 1)
    for _ in range(63 * 60):  # from five on Friday to eight on Monday
        sponsor.deliver()
        sponsor.now += 60
    receiver.says(204)
    sponsor.now += 6 * 3600
    sponsor.deliver()

    assert standing(sponsor) == (1, 0, 0)


@pytest.mark.usefixtures("subscription", "machine_time")
def test_behind_a_dead_server_nothing_is_kept_for_ever_and_a_gap_is_seen(sponsor: Sponsor, receiver: Receiver) -> None:
    receiver.says(500)
    sponsor.change(7, 2, 0, 2)
    sponsor.now += OLDEST + 1
    for _ in range(3):
        sponsor.deliver()
    assert standing(sponsor) == (3, 0, 3)
    receiver.says(204)
    receiver.came.clear()
    sponsor.now = sponsor.world.now
    sponsor.change(7, 1)
    sponsor.deliver()

    (came,) = receiver.came
    assert sponsor.inbox(receiver.url).take(came.headers, came.content)["missed"] == 3


@pytest.mark.usefixtures("subscription")
@pytest.mark.parametrize(
    ("told", "seconds"), [("7200", 7200), ("Fri, 31 Dec 2100 23:59:59 GMT", 86_400), ("soon", 15), ("-5", 15)]
)
def test_retry_after_is_honoured_within_bounds(sponsor: Sponsor, receiver: Receiver, told: str, seconds: int) -> None:
    receiver.says(503, Retry_After=told)
    sponsor.change(7, 1)
    sponsor.deliver()
    sponsor.now += seconds // 2 - 1 if seconds == 15 else seconds - 1
    assert sponsor.deliver() == 0
    sponsor.now += 1 if seconds > 15 else seconds

    assert sponsor.deliver() == 1


@pytest.mark.usefixtures("subscription")
def test_gone_ends_the_subscription(sponsor: Sponsor, receiver: Receiver) -> None:
    receiver.says(410)
    sponsor.change(7, 2, 1)
    sponsor.deliver()

    assert sponsor.callbacks.subscriptions.of(PARTNER) == []
    assert sponsor.deliver() == 0


def test_unsubscribing_stops_at_once(sponsor: Sponsor, receiver: Receiver, subscription: Subscription) -> None:
    sponsor.change(7, 1)
    sponsor.callbacks.subscriptions.end(PARTNER, subscription.id)

    assert sponsor.deliver() == 0
    assert receiver.came == []


@pytest.mark.usefixtures("subscription")
def test_whose_sponsorship_ended_is_told_nothing_and_forgotten(sponsor: Sponsor, receiver: Receiver) -> None:
    sponsor.ended.add(Whose(PARTNER.region, PARTNER.uscc))
    sponsor.change(7, 1)
    sponsor.deliver()
    assert receiver.came == []
    sponsor.callbacks.purge(sponsor.now)

    assert sponsor.callbacks.subscriptions.of(PARTNER) == []


@pytest.mark.usefixtures("subscription")
def test_two_workers_do_not_send_one_event_at_once(sponsor: Sponsor, receiver: Receiver) -> None:
    both, answered = threading.Barrier(2), receiver.answer

    def slowly(request: object) -> None:
        receiver.is_open.wait(0.3)
        answered(request)

    receiver.answer = slowly
    sponsor.change(7, 1)

    def work() -> int:
        both.wait()
        return sponsor.deliver()

    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(work) for _ in range(2)]
        assert sorted(each.result() for each in done) == [0, 1]
    assert len(receiver.came) == 1


@pytest.mark.usefixtures("subscription")
def test_a_worker_killed_in_its_turn_loses_nothing(sponsor: Sponsor, receiver: Receiver) -> None:
    class Killed(BaseException):
        pass

    def die(_region: int) -> None:
        raise Killed

    sponsor.change(7, 1)
    delivery = sponsor.callbacks.delivery
    with pytest.raises(Killed):
        replace(delivery, signer=die).once()
    assert sponsor.deliver() == 0
    sponsor.now += 60
    assert sponsor.deliver() == 1

    assert [each.told["sequence"] for each in receiver.came] == [1]


def test_one_dead_server_holds_nobody_else_up(sponsor: Sponsor, receiver: Receiver, world: World) -> None:
    with receiving() as other:
        card = world.anchored()
        for url in (receiver.url, other.url):
            sponsor.accept(sponsor.subscribe(url), card)
        receiver.hangs()
        sponsor.posting = Posting(Targets(loopback=True), timeout=1.0)
        sponsor.change(7, 1)
        while not other.came:  # a busy machine may need more than a second for a good server, too
            sponsor.deliver()
            sponsor.now += 60

        assert other.came[0].told["sequence"] == 1


@pytest.mark.usefixtures("resolver")
def test_a_resolver_that_hangs_holds_nobody_up(sponsor: Sponsor, receiver: Receiver, world: World) -> None:
    card, began = world.anchored(), time.monotonic()
    for url in (f"https://{HANGS}/told", receiver.url):
        sponsor.accept(sponsor.subscribe(url), card)
    sponsor.posting = Posting(Targets(loopback=True), timeout=1.0)
    sponsor.change(7, 1)
    while not receiver.came:  # a busy machine may need more than a second for a good server, too
        sponsor.deliver()
        sponsor.now += 60
    hanging = sponsor.posting.post(f"https://{HANGS}/", b"{}", signer=signer("gateway"), now=0, turn=0)

    assert run(hanging).code == "gateway.slow"
    assert time.monotonic() - began < 15


def test_a_name_is_resolved_once_and_the_connection_made_to_what_was_judged(
    resolver: Resolver, receiver: Receiver
) -> None:
    posting, port = Posting(Targets(loopback=True), timeout=60.0), receiver.url.partition("://127.0.0.1")[2]
    answer = run(posting.post(f"https://partner.example{port}", b"{}", signer=signer("gateway"), now=0, turn=0))

    assert (answer.code, resolver.asked) == ("gateway.tls", ["partner.example"])


def test_a_name_that_leads_inside_is_not_called(receiver: Receiver) -> None:
    host = receiver.url.partition("://")[2]
    posting = Posting(Targets())
    local = f"https://localhost:{host.partition(':')[2]}"

    with pytest.raises(NotAllowed, match=r"callback\.address"):
        run(posting.post(local, b"{}", signer=signer("gateway"), now=0, turn=0))

    assert receiver.came == []


def test_nobody_there_and_another_than_tls_are_outages(receiver: Receiver) -> None:
    posting = Posting(Targets(loopback=True), timeout=60.0)

    def answer_of(url: str) -> str | None:
        return run(posting.post(url, b"{}", signer=signer("gateway"), now=0, turn=0)).code

    assert answer_of("http://127.0.0.1:1/told") == "gateway.away"
    assert answer_of(receiver.url.replace("http:", "https:")) == "gateway.tls"
    assert receiver.came == []


@pytest.mark.usefixtures("subscription", "machine_time")
@pytest.mark.parametrize(
    "spoil",
    [
        lambda headers, content: (headers, content.replace(b"revoked", b"revokee")),
        lambda headers, content: (headers, content[:-1]),
        lambda headers, content: ({**headers, "signature": headers["signature"].replace("=:", "=:A", 1)}, content),
        lambda headers, content: (
            {**headers, "signature-input": headers["signature-input"].replace("created=1", "created=2")},
            content,
        ),
        lambda headers, content: (
            {**headers, "signature-input": headers["signature-input"].replace('nonce="', 'nonce="A')},
            content,
        ),
        lambda headers, content: ({name: value for name, value in headers.items() if name != "signature"}, content),
        lambda _headers, content: ({}, content),
    ],
)
def test_a_changed_byte_is_not_believed(sponsor: Sponsor, receiver: Receiver, spoil: object) -> None:
    sponsor.change(7, 1)
    sponsor.deliver()
    (came,) = receiver.came
    inbox = sponsor.inbox(receiver.url)

    with pytest.raises(NotBelieved):
        inbox.take(*spoil(came.headers, came.content))
    assert inbox.take(came.headers, came.content)["status"] == "revoked"


@pytest.mark.usefixtures("subscription", "machine_time")
def test_the_very_same_callback_is_taken_once(sponsor: Sponsor, receiver: Receiver) -> None:
    sponsor.change(7, 1)
    sponsor.deliver()
    (came,) = receiver.came
    inbox, elsewhere = sponsor.inbox(receiver.url), sponsor.inbox("http://127.0.0.1:1/told")
    inbox.take(came.headers, came.content)

    with pytest.raises(NotBelieved, match="before"):
        inbox.take(came.headers, came.content)
    with pytest.raises(NotBelieved):
        elsewhere.take(came.headers, came.content)


@pytest.mark.usefixtures("subscription")
def test_one_of_long_ago_is_not_believed(sponsor: Sponsor, receiver: Receiver) -> None:
    sponsor.change(7, 1)  # the world's clock, and so what is signed, is not the machine's
    sponsor.deliver()
    (came,) = receiver.came

    with pytest.raises(NotBelieved, match="clock"):
        sponsor.inbox(receiver.url).take(came.headers, came.content)


@pytest.mark.usefixtures("subscription", "machine_time")
def test_out_of_order_is_noticed(sponsor: Sponsor, receiver: Receiver) -> None:
    sponsor.change(7, 2, 0, 1)
    while sponsor.deliver():
        pass
    inbox, (first, second, third) = sponsor.inbox(receiver.url), receiver.came

    def take(came: object) -> tuple[int, bool]:
        told = inbox.take(came.headers, came.content)
        return told["missed"], told["is_repeat"]

    assert [take(first), take(third), take(second)] == [(0, False), (1, False), (0, True)]

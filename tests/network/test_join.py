"""`ecertd init` and `join`: homes that never see each other's keys make one genesis, and a later one is voted in."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from eth_hash.auto import keccak

from ledger.drivers import calls
from tests.network.chain import ADMINS, Chain, await_that
from tests.validators import REGIONS, Network, binary, free_base

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.network

NEWCOMER = calls.account(keccak(b"admin 36"))
EVERYBODY = {**REGIONS, 36: "jiangxi"}
PORTS = 10
TERMS = ["--time", "2026-11-01T00:00:00Z", "--commit-wait", "100ms", "--heartbeat", "300ms"]
TERMS += [part for admin in ADMINS for part in ("--founder", "0x" + admin.address.hex())]


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    made = Network(tmp_path, free_base(len(EVERYBODY)), tuple(EVERYBODY.values()))
    yield made
    made.stop()


def init(network: Network, number: int, region: int) -> Path:
    """Make a member's keys in its own home; return its card."""
    name, peer = network.names[number], f"127.0.0.1:{network.base + PORTS * number}"
    told = run("init", "--home", network.home(number), "--region", region, "--name", name, "--peer", peer)
    card = network.root / f"{region}.json"
    card.write_text(told, "utf-8")
    return card


def join(network: Network, number: int, cards: list[Path], *more: object) -> str:
    """Give a member's home its files; return the hash of its genesis file."""
    port = network.base + PORTS * number
    run(
        "join",
        "--home",
        network.home(number),
        "--name",
        network.names[number],
        "--first-port",
        port,
        *cards_of(cards),
        *more,
    )
    return hashlib.sha256((network.home(number) / "config/genesis.json").read_bytes()).hexdigest()


def chain_of(network: Network) -> Chain:
    founding = json.loads((network.home(0) / "config/genesis.json").read_bytes())["app_state"]["consortium"]
    doors = network.addresses.rpc[0], network.addresses.consensus[0]
    return Chain(*doors, founding["chain_id"], bytes.fromhex(founding["consortium"][2:]))


def cards_of(cards: list[Path]) -> list[object]:
    return [part for card in cards for part in ("--card", card)]


def run(*words: object) -> str:
    done = subprocess.run([binary(), *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_four_homes_that_exchange_cards_make_one_chain(network: Network) -> None:
    cards = [init(network, number, region) for number, region in enumerate(REGIONS)]
    shown = [json.loads(card.read_text("utf-8")) for card in cards]
    assert all(set(card) == {"region", "name", "key", "node_id", "peer"} for card in shown)

    assert len({join(network, number, cards, *TERMS) for number in range(4)}) == 1

    for number in range(4):
        network.start(number)
    for number in range(4):
        network.wait(number, 3)
    assert len({network.asked(number, "block?height=3")["block_id"]["hash"] for number in range(4)}) == 1


def test_a_fifth_follows_to_the_head_and_is_voted_in(network: Network) -> None:
    cards = [init(network, number, region) for number, region in enumerate(REGIONS)]
    for number in range(4):
        join(network, number, cards, *TERMS)
        network.start(number)
    cards.append(init(network, 4, 36))
    network.wait(0, 3)

    genesis = network.home(0) / "config/genesis.json"
    assert join(network, 4, cards, "--genesis", genesis) == hashlib.sha256(genesis.read_bytes()).hexdigest()
    network.start(4)
    time.sleep(3)
    assert network.height(4) < 1  # the four do not know it

    for number in range(4):  # one at a time: the chain goes on
        network.kill(number, signal.SIGTERM)
        run("peers", "--home", network.home(number), "--name", network.names[number], *cards_of(cards))
        network.start(number)
        network.wait(number, network.height((number + 1) % 4))
    network.wait(4, network.height(0))

    chain = chain_of(network)
    chain.found()
    chain.decide("admitMember", 36, "江西", NEWCOMER.address)
    keys = [bytes.fromhex(json.loads(card.read_text("utf-8"))["key"]) for card in cards]
    chain.decide("setValidators", list(EVERYBODY), keys)
    await_that(lambda: address(keys[4]) in signers(network))
    network.kill(1)
    reached = network.height(0)
    network.wait(4, reached + 3)  # four of five are more than two thirds


def address(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[:40].upper()


def signers(network: Network) -> set[str]:
    told = network.asked(0, "commit")["signed_header"]["commit"]["signatures"]
    return {each["validator_address"] for each in told if each["signature"]}

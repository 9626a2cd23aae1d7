"""Measures what each call costs: `python -m tests.contracts.gas` prints the table of docs/contracts.md."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from eth_utils import keccak

from tests.contracts.consortium_world import (
    ANCHOR,
    DEPLOYER,
    FAR,
    FIFTH,
    IDENTITY,
    LICENCE,
    YES,
    World,
    admin,
    build,
    clerk,
)
from tests.contracts.evm import Account, calldata

OFFICE, SUCCESSOR, PARTNER = b"11993100MB00000011", b"11993100MB00000022", b"11993600MB00000099"
SPKI, ML_DSA_SPKI = bytes(91), bytes(1974)
NONE18, NONE32, DIGEST = bytes(18), bytes(32), keccak(text="digest")
LIST_SIZE = 1 << 17


@dataclass(frozen=True, slots=True)
class Cost:
    """Gas of one transaction, its base cost and calldata included."""

    call: str
    case: str
    gas: int


def measure() -> list[Cost]:
    """Run every call once in a world of its own, in an order in which each is allowed."""
    world = build()
    return [*_deployments(), *_consortium(world), *_trust(world), *_anchor(world), *_status(world)]


def table(costs: list[Cost]) -> str:
    rows = [f"| `{cost.call}` | {cost.case} | {cost.gas:,} |" for cost in costs]
    return "\n".join(["| call | case | gas |", "|---|---|---:|", *rows])


def _deployments() -> Iterator[Cost]:
    chain = World().chain
    founders = [admin(region).address for region in (31, 32, 33, 34)]
    consortium, receipt = chain.deploy(
        DEPLOYER, "Consortium", [31, 32, 33, 34], ["上海", "江苏", "浙江", "安徽"], founders
    )
    yield Cost("Consortium", "deployed, four founders", receipt.gas)
    for name in ("TrustRegistry", "CertificateAnchor", "StatusRegistry"):
        yield Cost(name, "deployed", chain.deploy(DEPLOYER, name, consortium.address)[1].gas)


def _consortium(world: World) -> Iterator[Cost]:
    send = _sender(world, "Consortium")
    admit = calldata("Consortium", "admitMember", FIFTH, "江西", admin(FIFTH).address)
    yield send(admin(31), "propose", "a new member", admit, FAR)
    number = world.chain.ask(world.consortium, "proposalCount")
    yield send(admin(31), "vote", "", number)
    for region in (32, 33):
        world.chain.send(admin(region), world.consortium, "vote", number)
    yield send(admin(31), "execute", "admitMember", number)
    heir = Account.named("heir").address
    fresh, _ = world.chain.deploy(DEPLOYER, "CertificateAnchor", world.consortium.address)
    release = ("catalogue", "1.0.0", DIGEST, 1)
    for function, arguments in (
        ("healAdmin", (FIFTH, heir)),
        ("removeMember", (FIFTH,)),
        ("appointContract", (keccak(text="spare"), fresh.address)),
        ("publishRelease", release),
        ("setValidators", ([31, 32, 33, 34], [keccak(bytes([i])) for i in range(4)])),
    ):
        yield Cost("Consortium.execute", function, world.decide(function, *arguments, voters=(31, 32, 33, 34)).gas)
    yield send(admin(34), "transferAdmin", "", heir)
    yield send(admin(31), "setAccount", "allowed", 31, ANCHOR, heir, YES)


def _trust(world: World) -> Iterator[Cost]:
    send = _sender(world, "TrustRegistry")
    boss = admin(31)
    yield send(boss, "registerAuthority", "", OFFICE, 310118, "示例证照管理局", 1)
    key = (31, OFFICE, "ES256", "certificate", SPKI, 1, 2_000_000_000, NONE32)
    yield send(boss, "addKey", "P-256 or SM2, SPKI of 91 bytes", *key)
    key_id = world.chain.events[-1].values["keyId"]
    large = (31, OFFICE, "ML-DSA-65", "certificate", ML_DSA_SPKI, 1, 2_000_000_000, NONE32)
    yield send(boss, "addKey", "ML-DSA-65, SPKI of 1,974 bytes", *large)
    yield send(boss, "revokeKey", "", 31, OFFICE, key_id, 2)
    yield send(boss, "declareCompromised", "", 31, OFFICE, key_id, 2)
    yield send(boss, "grant", "one type", OFFICE, [IDENTITY], 1)
    yield send(boss, "grant", "37 types", OFFICE, [_type(i) for i in range(1, 38)], 1)
    yield send(boss, "withdrawGrant", "one type", OFFICE, [IDENTITY], 2)
    yield send(boss, "recognise", "one cell", 31, [LICENCE], [32], [True], 1)
    cells = [(_type(i), issuing) for i in range(1, 38) for issuing in (32, 33, 34)]
    lists = [cell[0] for cell in cells], [cell[1] for cell in cells], [True] * len(cells)
    yield send(boss, "recognise", "111 cells (37 types, three divisions)", 31, *lists, 1)
    partner = (31, PARTNER, "示例省政务平台", SPKI, ["310000-001", "310000-002"], 0)
    yield send(boss, "sponsorPartner", "two items", *partner)
    yield send(boss, "endSponsorship", "", 31, PARTNER)
    world.chain.send(boss, world.trust, "registerAuthority", SUCCESSOR, 31, "示例", 1)
    yield send(boss, "dissolveAuthority", "with a successor", OFFICE, 2, SUCCESSOR)


def _anchor(world: World) -> Iterator[Cost]:
    send = _sender(world, "CertificateAnchor")
    yield send(clerk(31, "anchor"), "anchor", "a region's first", 31, 1, 1, DIGEST, 1, 1_000_000, NONE32)
    previous = world.chain.ask(world.anchor, "batchHash", 31, 1, 1)
    yield send(clerk(31, "anchor"), "anchor", "the next", 31, 1, 2, DIGEST, 1, 1_000_000, previous)
    yield send(clerk(31, "audit"), "anchor", "the audit log's first", 31, 2, 1, DIGEST, 1, 1000, NONE32)


def _status(world: World) -> Iterator[Cost]:
    send = _sender(world, "StatusRegistry")
    writer = clerk(31, "status")
    yield send(writer, "createList", "2^17", 31, 1, LIST_SIZE)
    yield send(writer, "setStatus", "one index, a fresh word", 31, 1, [5], 2, 1)
    yield send(writer, "setStatus", "one index, a used word", 31, 1, [6], 1, 1)
    yield send(writer, "setStatus", "100 indices of one word", 31, 1, list(range(1024, 1124)), 1, 1)
    world.chain.send(writer, world.status, "createList", 31, 2, LIST_SIZE)
    for count in (100, 1000, 3000):
        scattered = sorted({i * 52_711 % LIST_SIZE for i in range(count)})
        before = world.chain.snapshot()
        yield send(writer, "setStatus", f"{count:,} scattered indices, fresh words", 31, 2, scattered, 1, 1)
        world.chain.revert(before)


def _sender(world: World, name: str) -> Callable[..., Cost]:
    def send(sender: Account, function: str, case: str, *arguments: object) -> Cost:
        receipt = world.chain.send(sender, world.contracts[name], function, *arguments)
        return Cost(f"{name}.{function}", case, receipt.gas)

    return send


def _type(number: int) -> bytes:
    return b"0" * 18 + f"{number:03}".encode()


if __name__ == "__main__":
    sys.stdout.write(table(measure()) + "\n")

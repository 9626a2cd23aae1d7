"""Four regions, contracts appointed by vote, an account per role: the world of the contract tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from eth_utils import keccak

from tests.contracts.evm import Account, Chain, Contract, Receipt, calldata

Ask = Callable[..., Any]
Send = Callable[..., Receipt]
Refused = Callable[..., AbstractContextManager[None]]

REGIONS = {31: "上海", 32: "江苏", 33: "浙江", 34: "安徽"}
FIFTH = 36
TRUST, ANCHOR, STATUS, AUDIT = (keccak(text=role) for role in ("trust", "anchor", "status", "audit"))
STRANGER = Account.named("stranger")
DEPLOYER = Account.named("deployer")
FAR = 4_000_000_000
YES, NO = True, False
IDENTITY, LICENCE = b"11100000000013127D001", b"11100000MB0143028R001"


def admin(region: int) -> Account:
    return Account.named(f"admin {region}")


def clerk(region: int, role: str) -> Account:
    return Account.named(f"{role} {region}")


@dataclass(frozen=True, slots=True)
class World:
    chain: Chain = field(default_factory=Chain)
    contracts: dict[str, Contract] = field(default_factory=dict)

    @property
    def consortium(self) -> Contract:
        return self.contracts["Consortium"]

    @property
    def trust(self) -> Contract:
        return self.contracts["TrustRegistry"]

    @property
    def anchor(self) -> Contract:
        return self.contracts["CertificateAnchor"]

    @property
    def status(self) -> Contract:
        return self.contracts["StatusRegistry"]

    def decide(self, function: str, *arguments: object, voters: Sequence[int] = (31, 32, 33)) -> Receipt:
        """Propose, vote, execute: the receipt of the execution."""
        number = self.propose(function, *arguments, region=voters[0])
        for region in voters:
            self.chain.send(admin(region), self.consortium, "vote", number)
        return self.chain.send(admin(voters[0]), self.consortium, "execute", number)

    def propose(self, function: str, *arguments: object, region: int = 31, expires_at: int = FAR) -> int:
        action = calldata("Consortium", function, *arguments)
        receipt = self.chain.send(admin(region), self.consortium, "propose", action, expires_at)
        return int(receipt.events[0].values["id"])

    def seat_clerks(self, region: int) -> None:
        for role in ("anchor", "status", "audit"):
            account = clerk(region, role).address
            self.chain.send(admin(region), self.consortium, "setAccount", region, keccak(text=role), account, YES)


def found(regions: dict[int, str]) -> World:
    """Deploy a Consortium alone, with these members."""
    world = World()
    admins = [admin(region).address for region in regions]
    founders = (list(regions), list(regions.values()), admins)
    world.contracts["Consortium"], _ = world.chain.deploy(DEPLOYER, "Consortium", *founders)
    return world


def build() -> World:
    """Deploy everything, appoint it by vote, seat each region's clerks."""
    world = found(REGIONS)
    for name, role in (("TrustRegistry", TRUST), ("CertificateAnchor", ANCHOR), ("StatusRegistry", STATUS)):
        world.contracts[name], _ = world.chain.deploy(DEPLOYER, name, world.consortium.address)
        world.decide("appointContract", role, world.contracts[name].address)
    for region in REGIONS:
        world.seat_clerks(region)
    return world

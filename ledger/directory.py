"""Where the contracts stand: the Consortium's address is fixed, the others are what its directory says now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eth_hash.auto import keccak

from ecert.domain.errors import Unavailable
from ecert.domain.trust import TrustState
from ledger.port import Call, Ledger

__all__ = ["ACCOUNT_ROLES", "CONTRACTS", "Directory", "directory_followed", "look_up"]

CONTRACTS: Mapping[bytes, str] = {
    keccak(b"trust"): "TrustRegistry",
    keccak(b"anchor"): "CertificateAnchor",
    keccak(b"status"): "StatusRegistry",
}
"""Role in the directory to the artefact's name (docs/contracts.md)."""

ACCOUNT_ROLES: Mapping[str, bytes] = {name: keccak(name.encode()) for name in ("anchor", "audit", "status")}
"""The roles of a region's sending accounts."""


@dataclass(frozen=True, slots=True)
class Directory:
    """The addresses in force, 20 bytes each."""

    consortium: bytes
    trust: bytes
    anchor: bytes
    status: bytes

    def call(self, contract: str, function: str, *args: object) -> Call:
        """Write down a call of a contract by its artefact's name."""
        address = {
            "Consortium": self.consortium,
            "TrustRegistry": self.trust,
            "CertificateAnchor": self.anchor,
            "StatusRegistry": self.status,
        }[contract]
        return Call(contract, address, function, args)


def look_up(ledger: Ledger, consortium: bytes) -> Directory:
    """Ask the Consortium for its directory; Unavailable("ledger.unfounded") while a role is empty."""
    found: dict[str, bytes] = {}
    for role, name in CONTRACTS.items():
        (address,) = ledger.ask(Call("Consortium", consortium, "current", (role,)))
        if not isinstance(address, bytes) or not any(address):
            raise Unavailable("ledger.unfounded", f"no {name} has been appointed")
        found[name] = address
    return Directory(consortium, found["TrustRegistry"], found["CertificateAnchor"], found["StatusRegistry"])


def directory_followed(trust: TrustState, consortium: bytes) -> Directory | None:
    """Tell the directory from what was followed, for while the chain is away; None where a role was never filled."""
    newest = {CONTRACTS[role]: address for role, address, _ in trust.directory if role in CONTRACTS}
    if len(newest) < len(CONTRACTS):
        return None
    return Directory(consortium, newest["TrustRegistry"], newest["CertificateAnchor"], newest["StatusRegistry"])

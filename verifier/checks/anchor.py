"""Group anchor: is the fingerprint in a final batch of the region that issued it (RFC 9162 section 2.1.3.2).

Absence is not forgery: no receipt, or a batch that this replica does not have yet, is pending. A wrong path is wrong.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from ecert.domain import suites
from ecert.domain.certificate import Certificate
from ecert.domain.errors import EcertError, VerificationFailed
from ecert.domain.merkle import verify_inclusion
from ecert.domain.receipt import AnchorReceipt
from ledger.directory import CONTRACTS
from ledger.replica import Batch
from verifier.findings import Finding, Group, error, invalid, skipped, valid
from verifier.subject import Situation, Subject

__all__ = ["check"]

EARLY: Final = 300
"""Seconds by which the chain's clock may be behind the issuer's: nothing is anchored before it was signed."""

_Terms: TypeAlias = list[tuple[bytes, int]]
_ROLE: Final = next(role for role, name in CONTRACTS.items() if name == "CertificateAnchor")


def check(subject: Subject, situation: Situation) -> Finding:
    """Follow the receipt to a root of the replica; for an offline code only ask whether the batch is final."""
    certificate, receipt = subject.certificate, subject.receipt
    if certificate is None:
        batch = situation.batch_of(subject)
        return skipped(Group.ANCHOR, "attested.home") if batch else _pending(situation)
    if receipt is None:
        return _pending(situation)
    contracts = situation.replica.trust.contracts(_ROLE)
    fault = _where(receipt, subject, situation, contracts)
    if fault is not None:
        return fault
    batch = situation.batch_of(subject)
    if batch is None:
        return _pending(situation)
    if not _in_office(batch, contracts):
        return invalid(Group.ANCHOR, "anchor.contract", contract=receipt.contract, block=batch.block)
    return _in_batch(certificate, receipt, batch)


def _where(receipt: AnchorReceipt, subject: Subject, situation: Situation, contracts: _Terms) -> Finding | None:
    if receipt.chain_id != situation.replica.header.chain_id:
        return invalid(Group.ANCHOR, "anchor.other_chain", chain_id=receipt.chain_id)
    address = bytes.fromhex(receipt.contract[2:])
    for contract, _first in contracts:
        if contract == address:
            return None
    # A contract appointed a moment ago is unknown to a replica that is behind.
    is_recent = subject.iat is None or subject.iat > situation.head.time
    if is_recent or not situation.is_fresh(subject.kind.freshness):
        return _pending(situation)
    return invalid(Group.ANCHOR, "anchor.contract", contract=receipt.contract)


def _in_batch(certificate: Certificate, receipt: AnchorReceipt, batch: Batch) -> Finding:
    if batch.size != receipt.size:
        return invalid(Group.ANCHOR, "anchor.path", batch=receipt.batch, size=batch.size)
    try:
        _hold_path(certificate, receipt, batch)
    except VerificationFailed:
        return invalid(Group.ANCHOR, "anchor.path", batch=receipt.batch)
    except EcertError as fault:
        return error(Group.ANCHOR, fault.code, hash_alg=batch.hash_alg)
    if batch.time < certificate.iat - EARLY:
        return invalid(Group.ANCHOR, "anchor.time", anchored=batch.time, iat=certificate.iat)
    return valid(Group.ANCHOR, "anchor.final", batch=receipt.batch, block=batch.block, time=batch.time)


def _hold_path(certificate: Certificate, receipt: AnchorReceipt, batch: Batch) -> None:
    fingerprint = certificate.fingerprint
    if batch.hash_alg != suites.SHA256:
        fingerprint = suites.digest(batch.hash_alg, certificate.sd_jwt.jwt.encode("ascii"))
    verify_inclusion(
        fingerprint=fingerprint,
        index=receipt.index,
        size=batch.size,
        path=receipt.path,
        root=batch.root,
        hash_alg=batch.hash_alg,
    )


def _in_office(batch: Batch, contracts: _Terms) -> bool:
    """Tell whether the batch's contract held the role at its block: from its first block to its successor's."""
    for place, (contract, first) in enumerate(contracts):
        end = contracts[place + 1][1] if place + 1 < len(contracts) else batch.block
        if contract == batch.contract and first <= batch.block <= end:
            return True
    return False


def _pending(situation: Situation) -> Finding:
    return error(Group.ANCHOR, "anchor.pending", block=situation.head.number)

"""The ledger's doors: the chain as seen from here, a queue for signed transactions, and audit consistency proofs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from ecert.domain.errors import NotAllowed, NotFound
from ecert.domain.strict import b64url_encode
from ecert.runtime.bodies import Body
from ecert.runtime.strict_body import StrictRoute
from ledger.auditing import AuditLog
from ledger.directory import Directory
from ledger.port import ChainIdentity, SignedTransaction
from ledger.replica import Replica
from ledger.sending import Sending
from ledger.trust_list import MEDIA_TYPE

__all__ = ["router"]

_Address = Annotated[str, Path(pattern="^0x[0-9a-f]{40}$")]
_Hash = Annotated[str, Path(pattern="^0x[0-9a-f]{64}$")]
_Size = Annotated[int, Query(ge=1, lt=2**63)]

Lists = Callable[[], str]
"""Gives the newest trust list, signed."""


class SignedBody(Body):
    """A transaction signed elsewhere by a region's own key."""

    account: str = Field(pattern="^0x[0-9a-f]{40}$")
    nonce: int = Field(ge=0, lt=2**63)
    raw: str = Field(pattern="^0x([0-9a-f]{2})+$", max_length=200_000)
    hash: str = Field(pattern="^0x[0-9a-f]{64}$")
    purpose: str = Field(pattern="^[A-Za-z]{1,40}$")


def router(
    *, identity: ChainIdentity, directory: Directory, replica: Replica, sending: Sending, audit: AuditLog, lists: Lists
) -> APIRouter:
    """Build the doors over one deployment's ledger."""
    doors = APIRouter(prefix="/api/v1", tags=["ledger"], route_class=StrictRoute)

    @doors.get("/chain")
    def chain() -> dict[str, object]:
        """Say which chain this is, where its contracts stand, and the newest block followed."""
        replica.refresh()
        head = replica.head
        return {
            "chain_id": identity.chain_id,
            "genesis": "0x" + identity.genesis.hex(),
            "contracts": {
                "Consortium": "0x" + directory.consortium.hex(),
                "TrustRegistry": "0x" + directory.trust.hex(),
                "CertificateAnchor": "0x" + directory.anchor.hex(),
                "StatusRegistry": "0x" + directory.status.hex(),
            },
            "head": {"number": head.number, "hash": "0x" + head.hash.hex(), "time": head.time},
        }

    @doors.get("/chain/accounts/{address}")
    def account(address: _Address) -> dict[str, int]:
        """Tell the nonce that an account's next transaction takes, after those queued here."""
        return {"nonce": sending.nonce_for(bytes.fromhex(address[2:]))}

    @doors.post("/chain/transactions", status_code=202)
    def queue(body: SignedBody) -> dict[str, int]:
        """Queue a transaction signed by a present member's admin; what it may do, the contracts judge.

        Gas costs nothing here, so whoever may queue could fill the chain: nobody else may (`ledger.not_admin`).
        """
        signed = SignedTransaction(bytes.fromhex(body.raw[2:]), bytes.fromhex(body.hash[2:]))
        account = bytes.fromhex(body.account[2:])
        replica.refresh()
        if account not in {member.admin for member in replica.trust.members.values() if member.removed is None}:
            raise NotAllowed("ledger.not_admin", body.account)
        return {"id": sending.accept(signed, account=account, nonce=body.nonce, purpose=body.purpose)}

    @doors.get("/chain/transactions/{transaction_hash}")
    def outcome(transaction_hash: _Hash) -> dict[str, object]:
        """Tell a queued transaction's final block, or null, and the contract's error where it refused."""
        block, error = sending.outcome(bytes.fromhex(transaction_hash[2:]))
        return {"block": block, "error": error}

    @doors.get("/trust-list", response_class=Response)
    def trust_list() -> Response:
        """Fetch all that a verdict rests on, signed, to verify without any network; for anybody."""
        replica.refresh()
        return Response(lists(), media_type=MEDIA_TYPE, headers={"Cache-Control": "public, max-age=60"})

    @doors.get("/audit/{region}/consistency")
    def consistency(region: int, first: _Size, second: _Size) -> dict[str, list[str]]:
        """Prove that a region's audit log of `second` entries continues that of `first` (RFC 9162 section 2.1.4)."""
        if region not in replica.trust.members:
            raise NotFound("audit.size", "no such region")
        return {"path": [b64url_encode(node) for node in audit.consistency(region=region, first=first, second=second)]}

    return doors

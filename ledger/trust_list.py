"""The trust list: all that a verdict rests on, signed by a region's gateway, for those who verify offline (RFC 7515).

It is the chain's own events up to its head, in their order, without votes and audit roots, and so says of every key,
grant, recognition, batch and status what the replica says, with both times. Whoever reads it must know the signing key
beforehand: a list that vouches for its own signer vouches for nothing. docs/spec/trust-list.md
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ecert.domain import jws
from ecert.domain.errors import Conflict, Malformed, NotAllowed, Unavailable, VerificationFailed
from ecert.domain.signer import Signer, key_id
from ecert.domain.status import Status
from ecert.domain.strict import b64url_encode
from ledger.port import ChainIdentity, Event, FinalBlock, Head
from ledger.replica import AUDIT, Replica, ReplicaWriter
from ledger.replica.shapes import JUDGEMENTS, from_json, has_shape, to_json
from ledger.replica.telling import Told, tell

__all__ = ["MEDIA_TYPE", "TYP", "TrustList", "issue_trust_list", "lay_out", "read_trust_list"]

TYP: Final = "ecert-trust+jwt"
MEDIA_TYPE: Final = "application/ecert-trust+jwt"
LIMIT: Final = 256 * 1024 * 1024
"""Characters of a list."""

_SECONDS: Final = 3600
_ISS: Final = "urn:cn:ecert:region:"
_CLAIMS: Final = {"iss", "iat", "next_update", "chain", "head", "events"}
_UNTOLD: Final = {*JUDGEMENTS, "AccountSet", "ProposalMade", "Voted", "ProposalExecuted"}
_FORM: Final = "trust_list.form"


@dataclass(frozen=True, slots=True)
class TrustList:
    """A list whose signature holds by the key that the reader named; times in Unix seconds."""

    region: int
    iat: int
    next_update: int
    chain: ChainIdentity
    consortium: bytes
    head: Head
    events: tuple[Told, ...]


def issue_trust_list(replica: Replica, *, region: int, signer: Signer, now: int) -> str:
    """Write the list as of the replica's head; Unavailable("signer.unavailable")."""
    header = replica.header
    claims = {
        "iss": f"{_ISS}{region}",
        "iat": now,
        "next_update": now + _SECONDS,
        "chain": {"id": header.chain_id, "genesis": _hex(header.genesis), "consortium": _hex(header.consortium)},
        "head": {"number": header.head.number, "hash": _hex(header.head.hash), "time": header.head.time},
        "events": [_event(told) for told in tell(replica) if _is_told(told)],
    }
    return jws.sign(signer, typ=TYP, claims=claims)


def read_trust_list(text: str, *, kid: str, now: int) -> TrustList:
    """Read a list signed by the key of this name (43 characters).

    Malformed `trust_list.form`, `jws.*`, `json.*`; NotAllowed `trust_list.key`, `trust_list.signature`; Unavailable
    `trust_list.expired`, `trust_list.clock`.
    """
    token = jws.parse(text.strip(), typ=TYP, limit=LIMIT)
    if token.kid != kid:
        raise NotAllowed("trust_list.key", f"signed by {token.kid}")
    read = _parse(token.claims)
    _hold_signature(token, read)
    if read.iat > now + 60:
        raise Unavailable("trust_list.clock", f"{read.iat - now} s ahead")
    if now >= read.next_update:
        raise Unavailable("trust_list.expired", f"{now - read.next_update} s ago")
    return read


def lay_out(told: TrustList, folder: Path) -> None:
    """Write the list as a replica into an empty folder; Conflict("replica.other_chain") where there is another's."""
    genesis = Head(0, told.chain.genesis, 0)
    writer = ReplicaWriter(folder, chain=told.chain, consortium=told.consortium, genesis=genesis)
    try:
        if writer.header.head.number:
            raise Conflict("replica.other_chain", "the folder is not empty")
        for each in told.events:
            event = Event(each.address, "", each.name, each.args, b"", b"")
            writer.add(FinalBlock(each.block, bytes(32), bytes(32), each.time, (event,)))
        writer.add(FinalBlock(told.head.number, told.head.hash, bytes(32), told.head.time, ()))
        writer.commit()
    finally:
        writer.close()


def _is_told(told: Told) -> bool:
    return told.name not in _UNTOLD and not (told.name == "BatchAnchored" and told.args["kind"] == AUDIT)


def _event(told: Told) -> list[object]:
    return [told.block, told.time, _hex(told.address), told.name, to_json(told.args)]


def _hold_signature(token: jws.Jws, read: TrustList) -> None:
    """Verify by the list's own record of the key that the reader named: the name is the key's hash."""
    key = next((told.args for told in read.events if _is_gateway_key(told, token.kid, read.region)), None)
    if key is None:
        raise NotAllowed("trust_list.key", "the key is not a gateway's of the region that issued the list")
    try:
        jws.verify(token, suite_name=key["suite"], spki=key["spki"])
    except VerificationFailed:
        raise NotAllowed("trust_list.signature") from None


def _is_gateway_key(told: Told, kid: str, region: int) -> bool:
    """Tell whether an event adds the key of this name, as a gateway's of this region."""
    if told.name != "KeyAdded":
        return False
    key = told.args
    is_named = b64url_encode(key["keyId"]) == kid and key_id(key["spki"]) == key["keyId"]
    return is_named and key["region"] == region and key["purpose"] == "gateway"


def _parse(claims: Mapping[str, Any]) -> TrustList:
    try:
        if claims.keys() != _CLAIMS:
            raise Malformed(_FORM, "a member is missing or unknown")
        chain, head = claims["chain"], claims["head"]
        return TrustList(
            region=int(claims["iss"].removeprefix(_ISS)),
            iat=_whole(claims["iat"]),
            next_update=_whole(claims["next_update"]),
            chain=ChainIdentity(_whole(chain["id"]), _bytes(chain["genesis"], 32)),
            consortium=_bytes(chain["consortium"], 20),
            head=Head(_whole(head["number"]), _bytes(head["hash"], 32), _whole(head["time"])),
            events=tuple(_told(row) for row in claims["events"]),
        )
    except (LookupError, TypeError, ValueError, AttributeError) as fault:
        raise Malformed(_FORM, type(fault).__name__) from None


def _told(row: Any) -> Told:  # noqa: ANN401 - whatever the list holds
    block, time, address, name, args = row
    told = from_json(name, args)
    if not has_shape(name, told) or not _is_of_status(name, told):
        raise ValueError(name)
    return Told(_bytes(address, 20) if address != "0x" else b"", name, told, _whole(block), _whole(time))


def _is_of_status(name: str, args: Mapping[str, Any]) -> bool:
    """Hold to what the contract holds to: two bits a status, four statuses a byte."""
    match name:
        case "StatusListCreated":
            return bool(args["size"] % 4 == 0)
        case "StatusChanged":
            return args["status"] in set(Status)
        case _:
            return True


def _whole(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError
    return value


def _hex(raw: bytes) -> str:
    return "0x" + raw.hex()


def _bytes(text: str, size: int) -> bytes:
    raw = bytes.fromhex(text.removeprefix("0x"))
    if len(raw) != size:
        raise ValueError(size)
    return raw

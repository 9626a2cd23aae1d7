"""The home region attests certificates inside an offline code: what it found, with the least that the item needs.

A picture never fits and is left out; a list is left out only where the code would otherwise be too large.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ecert.domain import certificate, ids, offline, status
from ecert.domain.catalogue import by_code
from ecert.domain.errors import Conflict, NotAllowed, NotFound
from ecert.domain.items import elements_for
from ecert.domain.strict import b64url_decode
from wallet_codes.gathering import gather

if TYPE_CHECKING:
    from ecert.domain.items import Item
    from wallet_codes.holdings import Held
    from wallet_codes.home import Home
    from wallet_codes.subjects import Subject


def offline_code(home: Home, *, region: int, item: Item, subject: Subject, now: int) -> tuple[str, int]:
    """Gather, attest and sign; return the text and its end. Errors as `mint` lists them."""
    if not item.takes("offline"):
        raise NotAllowed("item.not_offline", item.code)
    gathered = gather(home, region=region, item=item, subject=subject)
    if gathered.missing:
        raise NotFound("offline.missing", ", ".join(gathered.missing))
    nonce, expires_at = ids.random_bytes(offline.NONCE_SIZE), now + home.offline_seconds
    newest = {held.type_code: held for held in reversed(gathered.held)}
    agent = subject.agent
    claims = offline.OfflineClaims(
        region=region,
        iat=now,
        exp=expires_at,
        nonce=nonce,
        item=item.code,
        holder=offline.commitment(subject.holder, nonce=nonce),
        agent=None if agent is None else offline.commitment(agent, nonce=nonce),
        certificates=tuple(_attested(newest[code], item) for code in item.elements if code in newest),
    )
    return _fitting(home, claims), expires_at


def _attested(held: Held, item: Item) -> offline.OfflineCertificate:
    if held.receipt is None:
        raise Conflict("offline.not_anchored")
    read = certificate.parse(held.sd_jwt)
    region, number = status.list_id(read.status.uri)
    kind = by_code(read.type_code)
    pictures = {element.key for element in kind.elements if element.type == "image"}
    wanted = [key for key in elements_for(item, read.type_code) if key not in pictures]
    return offline.OfflineCertificate(
        type_no=kind.no,
        status=offline.StatusPlace(region, number, read.status.index),
        division=read.division,
        authority_key=b64url_decode(read.token.kid),
        nbf=read.nbf,
        exp=read.exp,
        batch=held.receipt.batch,
        fingerprint=read.fingerprint,
        elements={key: read.elements[key] for key in wanted if key in read.elements},
    )


def _fitting(home: Home, claims: offline.OfflineClaims) -> str:
    signer = home.signer(claims.region)
    try:
        return offline.encode(claims, signer)
    except NotAllowed:
        shorter = tuple(replace(each, elements=_without_lists(each)) for each in claims.certificates)
        return offline.encode(replace(claims, certificates=shorter), signer)


def _without_lists(attested: offline.OfflineCertificate) -> dict[str, object]:
    return {key: value for key, value in attested.elements.items() if not isinstance(value, list)}

"""From drafts to certificates that cannot be lost: sign in memory, one transaction (`issue.store`), then acknowledge.

That transaction holds the certificates (sealed), their holders' blind indices, their leaves in the anchoring outbox, a
record each in the region's audit log, and the answer to a repeated request. A fault before its end leaves nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from ecert.domain import certificate, sd_jwt
from ecert.domain.errors import Unavailable
from ecert.domain.signer import Signer
from ecert.domain.status import Status, StatusRef
from issuer.face import Draft
from issuer.idempotency import Once, recall, remember
from issuer.places import Place, draw_places
from issuer.room import Issuer
from issuer.seals import blind_of, open_certificate, seal_certificate, seal_mutable
from issuer.signing_keys import signer_for
from issuer.store import certificates, lists
from issuer.store.certificates import StoredCertificate

__all__ = ["Issued", "sign_and_store"]

_TRIES = 5

Signers = Mapping[tuple[str, str], Signer]
Also = Callable[[Connection, Sequence["Issued"]], None]


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate as its authority gets it: `fingerprint` 32 bytes, `text` the SD-JWT with every disclosure."""

    licence_id: str
    fingerprint: bytes
    status: StatusRef
    text: str = field(repr=False)


def sign_and_store(
    issuer: Issuer,
    make_drafts: Callable[[Connection], Sequence[Draft]],
    *,
    now: int,
    once: Once | None,
    also: Also | None = None,
    held: Sequence[str] = (),
) -> tuple[Issued, ...]:
    """Judge, sign and store, all or nothing; `also` joins the same transaction. Conflict("idempotency.other_request").

    `held` names the certificates that `also` changes: nobody else does while it is stored.

    Where another writer took an index, an identifier or the idempotency key first, everything is judged anew.
    """
    for _ in range(_TRIES):
        with issuer.database.reading() as connection:
            answer = recall(connection, issuer.vault, once)
            if answer is not None:
                return _again(issuer, connection, orjson.loads(answer))
            drafts = make_drafts(connection)
            signers = _signers(issuer, connection, drafts, now)
        signed = _sign(issuer, drafts, signers, now)
        try:
            _store(issuer, signed, now=now, once=once, also=also, held=held)
        except IntegrityError:
            continue
        return tuple(issued for _, _, issued in signed)
    raise Unavailable("issue.contended")


Signed = tuple[Draft, Place, Issued]


def _signers(issuer: Issuer, connection: Connection, drafts: Sequence[Draft], now: int) -> Signers:
    wanted = {(draft.licence.issuer, draft.suite) for draft in drafts}
    return {(uscc, name): signer_for(issuer, connection, uscc, suite_name=name, now=now) for uscc, name in wanted}


def _sign(issuer: Issuer, drafts: Sequence[Draft], signers: Signers, now: int) -> list[Signed]:
    counts = Counter(draft.region for draft in drafts)
    places = {
        region: iter(draw_places(issuer, region=region, count=count, now=now)) for region, count in counts.items()
    }
    signed = []
    for draft in drafts:
        place = next(places[draft.region])
        status = StatusRef(issuer.list_uri(region=place.region, number=place.number), place.index)
        made = certificate.sign(draft.face(status, iat=now), signers[draft.licence.issuer, draft.suite])
        text = str(made)
        sd_jwt.split(text)  # what is too large to be read must not be issued
        signed.append((draft, place, Issued(str(draft.licence), certificate.fingerprint(made.jwt), status, text)))
    return signed


def _store(
    issuer: Issuer, signed: Sequence[Signed], *, now: int, once: Once | None, also: Also | None, held: Sequence[str]
) -> None:
    with issuer.database.transaction() as connection:
        certificates.hold_all(connection, held)  # before the audit log's head, as everybody does
        answer = orjson.dumps([issued.licence_id for _, _, issued in signed])
        remember(connection, issuer.vault, once, answer=answer, now=now)
        certificates.add(connection, [_row(issuer, draft, place, issued, now) for draft, place, issued in signed])
        certificates.add_holders(connection, _holders(issuer, signed))
        for (region, number), count in sorted(Counter((place.region, place.number) for _, place, _ in signed).items()):
            lists.use(connection, region=region, number=number, count=count)
        for region, told in sorted(_by_region(signed).items()):
            leaves = [issued.fingerprint for _, issued in told]
            issuer.anchoring.enqueue(connection, region=region, fingerprints=leaves, now=now)
            records = [_record(draft, issued) for draft, issued in told]
            issuer.audit.record_many(connection, region=region, kind="issue", records=records, now=now)
        if also is not None:
            also(connection, [issued for _, _, issued in signed])


def _by_region(signed: Sequence[Signed]) -> Mapping[int, list[tuple[Draft, Issued]]]:
    told: dict[int, list[tuple[Draft, Issued]]] = defaultdict(list)
    for draft, _, issued in signed:
        told[draft.region].append((draft, issued))
    return told


def _row(issuer: Issuer, draft: Draft, place: Place, issued: Issued, now: int) -> StoredCertificate:
    mutable = {**draft.kept_mutable, **{key: {"value": v, "at": now} for key, v in draft.mutable.items()}}
    return StoredCertificate(
        id=issued.licence_id,
        region=draft.region,
        issuer=draft.licence.issuer,
        type_code=draft.licence.type_code,
        suite=draft.suite,
        sealed=seal_certificate(issuer.vault, issued.licence_id, issued.text),
        mutable_sealed=seal_mutable(issuer.vault, issued.licence_id, mutable) if mutable else None,
        mutable_at=now if mutable else None,
        fingerprint=issued.fingerprint,
        list=place.number,
        idx=place.index,
        status=int(Status.VALID),
        issued_at=now,
        nbf=draft.span.nbf,
        exp=draft.span.exp,
        supersedes=draft.supersedes,
    )


def _holders(issuer: Issuer, signed: Iterable[Signed]) -> Iterable[tuple[str, bytes, int]]:
    for draft, _, issued in signed:
        for ref in {holder.ref for holder in draft.holders}:
            yield issued.licence_id, blind_of(issuer.vault, ref), draft.region


def _record(draft: Draft, issued: Issued) -> dict[str, Any]:
    # A fingerprint names the certificate to its own region and nobody else: not even a serial joins the audit log.
    return {
        "fingerprint": issued.fingerprint.hex(),
        "type": draft.licence.type_code,
        "renews": draft.supersedes is not None,
    }


def _again(issuer: Issuer, connection: Connection, identifiers: Sequence[str]) -> tuple[Issued, ...]:
    found = certificates.find_all(connection, identifiers)
    return tuple(_issued(issuer, found[name]) for name in identifiers)


def _issued(issuer: Issuer, row: StoredCertificate) -> Issued:
    status = StatusRef(issuer.list_uri(region=row.region, number=row.list), row.idx)
    return Issued(row.id, row.fingerprint, status, open_certificate(issuer.vault, row))

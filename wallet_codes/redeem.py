"""A requester redeems a code at its home region, which answers once, signed, with what the item needs and no more.

Steps. (1) An answer given before to the same question is given again, whatever became of the code. (2) A typed
code is refused to a window that erred too often. (3) The code is found: unknown, used, expired, in this order, so
that a code used in time is never called expired. (4) The item is looked up in this region's own release, and is
the one that the holder chose. (5) The issuing regions are asked; if one is away everything fails and the code
stays unused. (6) The answer is signed. (7) ONE transaction, `redeem.commit`: the code is marked used if it still
is unused, and the use, the sealed answer and the audit record are written. Who comes second is told `code.used`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ecert.domain import ids, jws
from ecert.domain.errors import Conflict, NotAllowed, NotFound
from ecert.domain.redeem import LIMIT, TYP, RedeemClaims, response_claims
from ecert.domain.use import Use, use_hash
from wallet_codes import answers, store, subjects, tries, usage
from wallet_codes.codes import OfflineReading, OnlineReading, TypedReading, digest, read
from wallet_codes.gathering import gather
from wallet_codes.mint import blind_typed, released_item
from wallet_codes.showing import elements, show

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ecert.domain.holders import HolderRef
    from wallet_codes.home import Home
    from wallet_codes.subjects import Subject

KIND: Final = "redeem"
"""The kind of the audit record."""


@dataclass(frozen=True, slots=True)
class RedeemRequest:
    """`requester` is the organisation that the answer is for; `holder` the person at hand, where identified.

    `asker` is who was let in to ask (an access key, a partner, a window); a region vouches for its own askers.
    """

    text: str = field(repr=False)
    use: Use
    holder: HolderRef | None
    requester: str
    asker: str
    idempotency_key: str


def redeem(home: Home, request: RedeemRequest, *, now: int) -> str:
    """Return the signed redeem response.

    Malformed `code.*`, `redeem.requester`, `redeem.idempotency_key`; NotFound `code.unknown`, `code.elsewhere`;
    Conflict `code.used`, `code.offline`; NotAllowed `code.expired`, `code.too_many_tries`, `code.other_item`,
    `item.unknown`, `redeem.too_many`; Unavailable from an issuing region, the signer or the database.
    """
    reading = _redeemable(request.text)
    home.hold(reading.region.number)
    attempt = _Attempt(home, request, reading, _question(request, reading), now)
    answered, code = _look(attempt)
    if answered is not None:
        return answered
    usable = _usable(attempt, code)
    subject = subjects.unseal(home.vault, usable.sealed, digest=usable.digest)
    claims = _claims(attempt, subject)
    response = jws.sign(home.signer(usable.region), typ=TYP, claims=response_claims(claims))
    if len(response) > LIMIT:  # what nobody could read must not use the code up
        raise NotAllowed("redeem.too_many", f"{len(response)} characters, at most {LIMIT}")
    return _commit(attempt, usable, subject, Answer(claims, response))


@dataclass(frozen=True, slots=True)
class Answer:
    """What was signed, and the text of it."""

    claims: RedeemClaims
    text: str


@dataclass(frozen=True, slots=True)
class _Attempt:
    home: Home
    request: RedeemRequest
    reading: OnlineReading | TypedReading
    question: answers.Question
    now: int

    @property
    def region(self) -> int:
        return self.reading.region.number


def _redeemable(text: str) -> OnlineReading | TypedReading:
    reading = read(text)
    if isinstance(reading, OfflineReading):
        raise Conflict("code.offline")
    return reading


def _question(request: RedeemRequest, reading: OnlineReading | TypedReading) -> answers.Question:
    key, holder = request.idempotency_key, request.holder
    return answers.parse_question(text=reading.text, requester=request.requester, key=key, holder=holder)


def _look(attempt: _Attempt) -> tuple[str | None, store.StoredCode | None]:
    home, request, now = attempt.home, attempt.request, attempt.now
    with home.database.reading() as connection:
        answered = answers.find(connection, home, attempt.question, now=now)
        if answered is not None or attempt.reading.kind == "online":
            return answered, None if answered else _find(connection, home, attempt.reading)
    # Looked up and counted in one transaction, which later tries of the window wait for: many at once are no way round.
    with home.database.transaction() as connection:
        tries.hold(connection, home, request.use, asker=request.asker, now=now)
        found = _find(connection, home, attempt.reading)
        if found is None:
            tries.count(connection, home, request.use, region=attempt.region, asker=request.asker, now=now)
    return None, found


def _find(connection: Connection, home: Home, reading: OnlineReading | TypedReading) -> store.StoredCode | None:
    region = reading.region.number
    match reading:
        case OnlineReading():
            return store.find_code(connection, region=region, digest=digest(reading.text))
        case TypedReading():
            index = blind_typed(home, region, reading.text)
            return store.find_typed(connection, region=region, typed=index)


def _usable(attempt: _Attempt, code: store.StoredCode | None) -> store.StoredCode:
    if code is None:
        raise NotFound("code.unknown")
    if code.used_at is not None:
        raise Conflict("code.used")
    if code.expires_at <= attempt.now:
        raise NotAllowed("code.expired")
    return code


def _claims(attempt: _Attempt, subject: Subject) -> RedeemClaims:
    request, holder = attempt.request, attempt.request.holder
    item = released_item(request.use.item_code)
    if subject.item not in {None, item.code}:
        raise NotAllowed("code.other_item", item.code)
    gathered = gather(attempt.home, region=attempt.region, item=item, subject=subject)
    match = None if holder is None else subject.is_shown_by(holder)
    return RedeemClaims(
        region=attempt.region,
        iat=attempt.now,
        jti=ids.new_token(128),
        code=digest(attempt.reading.text),
        kind=attempt.reading.kind,
        audience=request.requester,
        use=use_hash(request.use),
        item=item.code,
        holder_match=match,
        # Whoever is not the holder sees that there is a certificate, and nothing that stands on it.
        certificates=tuple(show(held, () if match is False else elements(item, held)) for held in gathered.held),
        missing=gathered.missing,
    )


def _commit(attempt: _Attempt, code: store.StoredCode, subject: Subject, answer: Answer) -> str:
    home, now = attempt.home, attempt.now
    entry = usage.entry(attempt.request.use, answer.claims)
    with home.database.transaction() as connection:
        if not store.mark_used(connection, code.digest, now=now):
            answered = answers.find(connection, home, attempt.question, now=now)
            if answered is None:
                raise Conflict("code.used")
            return answered
        usage.record(connection, home, subject=subject, entry=entry)
        answers.keep(connection, home, attempt.question, region=code.region, response=answer.text, now=now)
        record = usage.wire(entry) | {"asker": attempt.request.asker}
        home.audit(connection, region=code.region, kind=KIND, record=record, now=now)
    return answer.text

"""A holder asks for a code: an unguessable handle that lives a minute, eight digits beside it, or an offline code.

Steps. (1) The holder, or the agent and the organisation, and the purpose are settled. (2) Online: the handle is
drawn; only SHA-256 of the code's text and what is sealed are stored; the typed form is stored under a keyed hash,
because ten million texts can be searched. (3) Offline: the certificates are gathered now and signed into the code;
nothing is stored, and nothing can be used up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from ecert.domain import ids
from ecert.domain.errors import Malformed, NotAllowed, NotFound, Unavailable
from ecert.domain.items import Item, by_item_code
from ecert.runtime.storage import queue_behind
from wallet_codes import store, subjects
from wallet_codes.attesting import offline_code
from wallet_codes.codecs import CODECS
from wallet_codes.codes import digest
from wallet_codes.regions import Region, by_number
from wallet_codes.subjects import Subject

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ecert.domain.holders import HolderRef
    from wallet_codes.home import Home

_TYPED_RANGE: Final = 10**7
_ATTEMPTS: Final = 20


@dataclass(frozen=True, slots=True)
class MintRequest:
    """Who shows what: `agent_for` is the organisation for which the person `holder` acts.

    `item` binds the code to one purpose and is needed offline; `types` are those that the holder chose among the
    item's alternatives; `typed` asks for eight digits beside an online code.
    """

    region: int
    holder: HolderRef
    kind: Literal["online", "offline"] = "online"
    item: str | None = None
    types: tuple[str, ...] = ()
    agent_for: HolderRef | None = None
    typed: bool = False


@dataclass(frozen=True, slots=True)
class MintedCode:
    """The code's text, its typed form where asked for, and when it ends, Unix seconds."""

    text: str
    typed: str | None
    expires_at: int
    region: Region


def mint(home: Home, request: MintRequest, *, now: int) -> MintedCode:
    """Mint a code.

    Malformed `code.holder`, `code.item_needed`, `code.types`; NotAllowed `item.unknown`, `item.not_offline`,
    `offline.too_large`; NotFound `code.region`, `code.elsewhere`, `offline.missing`; Conflict
    `offline.not_anchored`; Unavailable from an issuing region.
    """
    home.hold(request.region)
    region = by_number(request.region)
    item = None if request.item is None else released_item(request.item)
    subject = _subject(request, item)
    match request.kind:
        case "online":
            return _online(home, region, subject, typed=request.typed, now=now)
        case "offline":
            if item is None:
                raise Malformed("code.item_needed")
            text, expires_at = offline_code(home, region=region.number, item=item, subject=subject, now=now)
            return MintedCode(text, None, expires_at, region)


def released_item(code: str) -> Item:
    """Find an item in this region's own copy of the release; NotAllowed `item.unknown`."""
    try:
        return by_item_code(code)
    except NotFound as unknown:
        raise NotAllowed(unknown.code, unknown.detail) from None


def blind_typed(home: Home, region: int, typed: str) -> bytes:
    """Index a typed code in 32 bytes under the deployment's secret."""
    return home.vault.blind(b"wallet typed", f"{region}:{typed}")


def _subject(request: MintRequest, item: Item | None) -> Subject:
    organisation = request.agent_for
    if subjects.is_organisation(request.holder):
        raise Malformed("code.holder", "an organisation shows its certificates by an agent")
    if organisation is not None and not subjects.is_organisation(organisation):
        raise Malformed("code.holder", "an agent acts for an organisation")
    taken = () if item is None else item.elements.keys()
    if not set(request.types) <= set(taken):
        raise Malformed("code.types")
    if organisation is None:
        return Subject(request.holder, None, request.item, request.types)
    return Subject(organisation, request.holder, request.item, request.types)


def _online(home: Home, region: Region, subject: Subject, *, typed: bool, now: int) -> MintedCode:
    codec = CODECS[region.code]
    text = codec.encode(ids.random_bytes(codec.handle_size), minted_at_ms=now * 1000)
    name, expires_at = digest(text), now + home.code_seconds
    sealed = subjects.seal(home.vault, subject, digest=name)
    with home.database.transaction() as connection:
        digits = _free_digits(home, connection, region, now=now) if typed else None
        index = None if digits is None else blind_typed(home, region.number, digits)
        code = store.StoredCode(region.number, name, index, sealed, now, expires_at)
        store.add_code(connection, code)
    return MintedCode(text, digits, expires_at, region)


def _free_digits(home: Home, connection: Connection, region: Region, *, now: int) -> str:
    """Draw eight digits that name no code still living; the first is the region's, seven are random."""
    for _ in range(_ATTEMPTS):
        digits = f"{region.typed_digit}{ids.random_below(_TYPED_RANGE):07d}"
        index = blind_typed(home, region.number, digits)
        queue_behind(connection, f"typed {index.hex()}")
        taken = store.find_typed(connection, region=region.number, typed=index)
        if taken is None or taken.expires_at <= now:
            return digits
    raise Unavailable("code.typed_taken")

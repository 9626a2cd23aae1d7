"""An issuing room to try things in: a real database, keys and vault in a folder, and what a chain would have said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from eth_hash.auto import keccak
from sqlalchemy import text

from ecert.app.migrations import tables
from ecert.domain.catalogue import by_no
from ecert.domain.holders import Holder
from ecert.domain.ids import uscc_check
from ecert.domain.signer import key_id
from ecert.domain.trust import TrustState
from ecert.runtime.keys import open_keys
from ecert.runtime.storage import open_database
from ecert.runtime.vault import Vault
from issuer import Authority, Issuer, IssueRequest, establish
from ledger.anchoring import Anchoring
from ledger.auditing import AuditLog
from ledger.directory import Directory
from ledger.drivers.calls import account
from ledger.replica import open_replica
from ledger.sending import Sending
from tests.databases import POSTGRES, url_of

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.port import Call, Ledger

NOW = 1_800_000_000
DAY = 86_400
LIST_SIZE = 1_024
OFFICE = "1199320500000001"
USCC = f"1{OFFICE}" + uscc_check(f"1{OFFICE}")
OTHER = "11993205000000022" + uscc_check("11993205000000022")
IDENTITY, LICENCE, HOUSEHOLD, CAR, BUSINESS = (by_no(no).code for no in (1, 2, 4, 3, 26))
TYPES = (IDENTITY, LICENCE, HOUSEHOLD, CAR, BUSINESS)
LI = Holder("person", "001", "320599198803070011", "李示例")
WANG = Holder("person", "001", "310199198803070026", "王示例")
DIRECTORY = Directory(*(keccak(name)[:20] for name in (b"consortium", b"trust", b"anchor", b"status")))


@dataclass(frozen=True, slots=True)
class World:
    """The room and its trust, which `tell` extends as if the chain had."""

    room: Issuer
    state: TrustState

    def tell(self, calls: tuple[Call, ...], *, time: int = NOW - DAY) -> None:
        for call in calls:
            for name, args in _events(call):
                self.state.apply(name, args, time=time, block=1)

    def rows(self, table: str) -> list[Any]:
        with self.room.database.reading() as connection:
            return list(connection.execute(text(f"SELECT * FROM {table}")))  # noqa: S608 — the tests' own names

    def counts(self) -> dict[str, int]:
        names = ("issuer_certificate", "issuer_holder", "ledger_leaf", "ledger_audit", "issuer_idempotency")
        return {name: len(self.rows(name)) for name in (*names, "issuer_change", "ledger_transaction")}


def build(folder: Path, ledger: Ledger, *, server: str = POSTGRES) -> World:
    """Open a room for region 32 with one authority, known to the chain since yesterday."""
    database = open_database(url_of(folder / "e.sqlite", server))
    tables().create_all(database.engine)
    keys = open_keys(f"file:{folder}/keys")
    vault = Vault(keys.secret("vault"))
    sending = Sending(database, ledger, lambda name: account(keys.secret(f"chain-{name}")))
    state = TrustState()
    anchoring = Anchoring(database, sending, DIRECTORY, 1, (31, 32), size=1_000, seconds=1)
    room = Issuer(
        database=database,
        vault=vault,
        keys=keys,
        signer=lambda region: keys.signer(f"region-{region}-status-1", suite="ES256"),
        anchoring=anchoring,
        sending=sending,
        directory=DIRECTORY,
        audit=AuditLog(database, vault),
        regions=(31, 32),
        trust=lambda: state,
        followed=lambda: open_replica(folder),
        public_url="https://ecert.example",
        list_size=LIST_SIZE,
    )
    world = World(room, state)
    for uscc in (USCC, OTHER):
        world.tell(establish(room, office(uscc), now=NOW))
    return world


def office(uscc: str = USCC) -> Authority:
    return Authority(uscc, 32, "320509", "示例机关", ("ES256",), TYPES, NOW - 10 * DAY)


def request(type_code: str = HOUSEHOLD, **changes: Any) -> IssueRequest:  # noqa: ANN401 — any field of a request
    elements: dict[str, object] = {"HZXM": "李示例", "ZZ": "示例路一号"} if type_code == HOUSEHOLD else {}
    plain = IssueRequest(USCC, type_code, "320509", (LI,), elements, date(2026, 1, 1))
    return replace(plain, **changes)


def _events(call: Call) -> list[tuple[str, dict[str, Any]]]:
    """Say what the TrustRegistry would emit for a call (docs/contracts.md)."""
    args = call.args
    match call.function:
        case "registerAuthority":
            return [("AuthorityRegistered", dict(zip(("uscc", "division", "name", "notBefore"), args, strict=True)))]
        case "addKey":
            names = ("region", "authority", "suite", "purpose", "spki", "notBefore", "notAfter", "x509Hash")
            event = dict(zip(names, args, strict=True))
            return [("KeyAdded", {**event, "keyId": key_id(event["spki"])})]
        case "revokeKey":
            return [("KeyRevoked", dict(zip(("region", "authority", "keyId", "revokedAt"), args, strict=True)))]
        case "grant":
            return [("TypesGranted", dict(zip(("uscc", "types", "from"), args, strict=True)))]
    raise AssertionError(call.function)

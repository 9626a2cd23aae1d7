"""What a certificate's evidence shows of the real contracts, read by the slots that the checker derives itself."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from ecert.domain import certificate, merkle
from ecert.domain.ids import licence_id, uscc_check
from ecert.domain.sd_jwt import split
from ecert.domain.status import StatusRef
from ledger.evidence import checker
from ledger.evidence.checker import Refused, State
from tests.conformance.ledgers import FAR, Consortium, admin, grant, open_hurried
from tests.unit.domain.issued import FACE, ISSUER, TYPE_CODE, signer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIST = "https://32.example/status-lists/32-1"
OLD = 1_700_000_000
HEIR = (body := "11329900MB0X00022") + uscc_check(body)


class House:
    """An authority of region 32 with a key and a grant, and its certificates anchored one a batch."""

    def __init__(self, consortium: Consortium) -> None:
        self.consortium = consortium
        self.ledger = consortium.ledger
        self.batches = 0
        self.previous = bytes(32)
        self.trust("registerAuthority", ISSUER.encode(), 320509, "示例登记机构", OLD)
        self.trust("grant", ISSUER.encode(), [TYPE_CODE.encode()], OLD)
        self.add_key()
        for role in ("anchor", "status"):
            consortium.do("Consortium", *grant(32, role, consortium.clerk.address), by=admin(32))
        self.status("createList", 1, 1 << 17)

    def trust(self, function: str, *args: object) -> None:
        self.consortium.do("TrustRegistry", function, *args, by=admin(32))

    def add_key(self, *, since: int = OLD, until: int = 0, suite: str = "ES256") -> None:
        self.trust("addKey", 32, ISSUER.encode(), suite, "certificate", signer().spki, since, until, bytes(32))

    def status(self, function: str, *args: object) -> None:
        self.consortium.do("StatusRegistry", function, 32, *args, by=self.consortium.clerk)

    def mark(self, index: int, status: int) -> None:
        self.status("setStatus", 1, [index], status, OLD)

    def now(self) -> int:
        return self.ledger.head().time

    def anchor(self, index: int = 7, **changes: Any) -> tuple[str, dict[str, Any]]:  # noqa: ANN401 - a face's fields
        """Issue and anchor among three; return the JWT and its receipt."""
        jwt = split(issued(index, **changes)).jwt
        tree = merkle.Tree([certificate.fingerprint(jwt), b"\1" * 32, b"\2" * 32])
        self.batches += 1
        batch = (32, 1, self.batches, tree.root, 1, 3, self.previous)
        self.consortium.do("CertificateAnchor", "anchor", *batch, by=self.consortium.clerk)
        (self.previous,) = self.consortium.ask("CertificateAnchor", "batchHash", 32, 1, self.batches)  # type: ignore[assignment] # a bytes32
        path = [node.hex() for node in tree.path(0)]
        contract = self.consortium.contracts["CertificateAnchor"].hex()
        return jwt, {"contract": contract, "batch": self.batches, "index": 0, "size": 3, "path": path}

    def shown(self, jwt: str, receipt: dict[str, object]) -> dict[str, Any]:
        block = self.ledger.head().number
        state = State(self.consortium.contracts["Consortium"], lambda c, s: self.ledger.slot(c, s, block=block))
        return checker.examine(jwt, signer().spki, receipt, state)

    def faults(self, jwt: str, receipt: dict[str, object]) -> list[str]:
        found: list[str] = self.shown(jwt, receipt)["faults"]
        return found

    def succeed(self, role: str, contract: str) -> None:
        """Let a fresh contract take over a role by vote."""
        house = self.consortium
        (count,) = house.ask("Consortium", "proposalCount")
        house._deploy(contract, (house.contracts["Consortium"],))
        house._appoint(int(str(count)) + 1, role, house.contracts[contract])


@cache
def issued(index: int, **changes: Any) -> str:  # noqa: ANN401 - a face's fields
    return str(certificate.sign(replace(FACE, status=StatusRef(LIST, index), **changes), signer()))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    ledger = open_hurried(tmp_path / "chain.sqlite")
    yield House(Consortium.found(ledger))
    ledger.close()


def test_a_certificate_that_stands(house: House) -> None:
    report = house.shown(*house.anchor())

    assert (report["status"], report["signature"], report["faults"]) == ("valid", "good", [])
    assert report["anchor"]["time"] == house.now()


@pytest.mark.parametrize(("status", "shown"), [(1, "revoked"), (2, "suspended"), (3, "superseded")])
def test_each_status_among_others_in_its_word(house: House, status: int, shown: str) -> None:
    told = house.anchor(200)
    house.mark(199, 1)
    assert house.faults(*told) == []
    house.mark(200, status)

    assert house.faults(*told) == [f"status.{shown}"]


def test_a_suspension_that_ended_leaves_no_trace(house: House) -> None:
    told = house.anchor(300)
    house.mark(300, 2)
    house.mark(300, 0)

    assert house.shown(*told)["status"] == "valid"


def test_what_ended_before_the_anchor_counts_and_what_ended_later_does_not(house: House) -> None:
    before = house.anchor(7)
    uscc, key_id, later = ISSUER.encode(), sha256(signer().spki).digest(), house.now() + 1
    house.trust("revokeKey", 32, uscc, key_id, later)
    house.trust("declareCompromised", 32, uscc, key_id, later)
    house.trust("withdrawGrant", uscc, [TYPE_CODE.encode()], later)
    house.trust("registerAuthority", HEIR.encode(), 320509, "示例承继机构", OLD)
    house.trust("dissolveAuthority", uscc, later, HEIR.encode())
    while house.now() < later:
        house.mark(999 + house.now() % 1000, 2)
    after = house.anchor(8)

    assert house.faults(*before) == []
    assert house.faults(*after) == ["authority.dissolved", "authority.not_granted", "key.compromised", "key.revoked"]


def test_a_stolen_key_reaches_back(house: House) -> None:
    told = house.anchor()
    key_id = sha256(signer().spki).digest()
    house.trust("declareCompromised", 32, ISSUER.encode(), key_id, house.now() - 1000)

    assert house.faults(*told) == ["key.compromised"]


def test_a_certificate_of_a_division_that_the_authority_does_not_serve(house: House) -> None:
    assert house.faults(*house.anchor(division="320581")) == ["authority.division"]


def test_a_certificate_of_a_type_never_granted(house: House) -> None:
    licence = licence_id(type_code="11100000000013127D001", issuer=ISSUER, serial="00F1E2D3C4B5A697")

    assert house.faults(*house.anchor(licence=licence)) == ["authority.not_granted"]


def test_an_authority_that_nobody_registered(house: House) -> None:
    licence = licence_id(type_code=TYPE_CODE, issuer=HEIR, serial="00F1E2D3C4B5A697")
    told = house.anchor(licence=licence)

    assert house.faults(*told) == ["authority.not_granted", "authority.unknown", "key.unknown"]


def test_a_status_list_of_another_region_is_no_place(house: House) -> None:
    jwt, receipt = house.anchor()
    far = split(str(certificate.sign(replace(FACE, status=StatusRef(LIST.replace("32-1", "31-1"), 7)), signer()))).jwt

    assert house.faults(jwt, receipt) == []
    with pytest.raises(Refused, match="no such batch"):
        house.shown(far, receipt)


def test_a_place_outside_its_list_is_refused(house: House) -> None:
    for index in (1 << 17, (1 << 32) - 1):
        told = house.anchor(index)
        with pytest.raises(Refused, match="no such place"):
            house.shown(*told)


def test_another_receipt_is_refused(house: House) -> None:
    jwt, receipt = house.anchor()
    house.anchor(8)
    unappointed = {"contract": house.consortium.contracts["StatusRegistry"].hex()}
    changes = ({"batch": 2}, {"batch": 3}, {"batch": 0}, {"index": 1}, {"size": 4}, {"path": []}, unappointed)

    for change in changes:
        with pytest.raises(Refused) as refused:
            house.shown(jwt, {**receipt, **change})
        assert refused.value.code == "evidence.certificate"


def test_contracts_that_were_succeeded_stay_true(house: House) -> None:
    told, revoked = house.anchor(7), house.anchor(8)
    house.mark(8, 1)
    for role, contract in (("anchor", "CertificateAnchor"), ("status", "StatusRegistry"), ("trust", "TrustRegistry")):
        house.succeed(role, contract)

    assert house.faults(*told) == []
    assert house.faults(*revoked) == ["status.revoked"]
    house.status("createList", 1, 1 << 17)
    house.mark(7, 3)
    assert house.faults(*told) == ["status.superseded"]
    assert house.faults(*revoked) == ["status.revoked"]
    house.mark(8, 3)
    assert house.faults(*revoked) == ["status.revoked"]


def test_a_suspension_in_a_succeeded_registry_is_never_taken_for_none(house: House) -> None:
    told, untouched = house.anchor(7), house.anchor(8)
    house.mark(7, 2)
    house.succeed("status", "StatusRegistry")
    assert house.faults(*told) == ["status.suspended"]

    house.status("createList", 1, 1 << 17)
    assert undecided(house, *told)  # opened, not carried over yet
    house.mark(7, 2)
    assert house.faults(*told) == ["status.suspended"]
    house.mark(7, 0)
    assert undecided(house, *told)  # restored: the state alone does not show it
    assert house.faults(*untouched) == []

    house.mark(7, 2)
    house.succeed("status", "StatusRegistry")
    house.status("createList", 1, 1 << 17)
    house.mark(7, 1)
    assert house.faults(*told) == ["status.revoked"]


@pytest.mark.parametrize("statuses", [(1, 2), (1, 3), (3, 1), (3, 2)])
def test_what_was_final_in_a_succeeded_registry_stays_whatever_the_next_says(
    house: House, statuses: tuple[int, int]
) -> None:
    told = house.anchor()
    house.mark(7, statuses[0])
    (shown,) = house.faults(*told)
    house.succeed("status", "StatusRegistry")
    house.status("createList", 1, 1 << 17)
    assert house.faults(*told) == [shown]
    house.mark(7, statuses[1])
    assert house.faults(*told) == [shown]


def undecided(house: House, jwt: str, receipt: dict[str, Any]) -> bool:
    with pytest.raises(Refused) as refused:
        house.shown(jwt, receipt)
    return refused.value.code == "evidence.undecided"


def test_a_signature_of_another_key_is_wrong_though_it_was_anchored(house: House) -> None:
    text = issued(7)
    head, payload, signature = split(text).jwt.split(".")
    flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
    jwt = f"{head}.{payload}.{flipped}"
    tree = merkle.Tree([certificate.fingerprint(jwt)])
    house.consortium.do("CertificateAnchor", "anchor", 32, 1, 1, tree.root, 1, 1, bytes(32), by=house.consortium.clerk)
    contract = house.consortium.contracts["CertificateAnchor"].hex()
    report = house.shown(jwt, {"contract": contract, "batch": 1, "index": 0, "size": 1, "path": []})

    assert (report["signature"], report["faults"]) == ("wrong", ["signature.wrong"])


def test_a_batch_older_than_its_certificate_says_is_told(house: House) -> None:
    told = house.anchor(iat=FAR, nbf=FAR)

    assert house.faults(*told) == ["anchor.time"]


def test_one_of_a_key_registered_for_another_suite_is_told(house: House) -> None:
    house.trust("registerAuthority", HEIR.encode(), 320509, "示例承继机构", OLD)
    house.trust("grant", HEIR.encode(), [TYPE_CODE.encode()], OLD)
    house.trust("addKey", 32, HEIR.encode(), "SM2-SM3", "certificate", signer().spki, FAR, 0, bytes(32))
    licence = licence_id(type_code=TYPE_CODE, issuer=HEIR, serial="00F1E2D3C4B5A697")

    assert house.faults(*house.anchor(licence=licence)) == ["key.not_yet", "key.purpose"]

"""A sponsor with its sponsored partner, standing and furnished: what the tests of partners begin with."""

from __future__ import annotations

import json
import runpy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from ecert.app.demo.acts import queue
from ecert.app.region_keys import region_signer
from ecert.domain.receipt import format_container
from issuer import Change, change_many
from issuer.kept import read
from ledger import acts
from tests.delta import LI, WANTS, furnish, new_key, standing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecert.app.delta import Delta

__all__ = ["CLIENT", "HOLDER", "NAME", "USCC", "Place", "place"]

CLIENT = Path(__file__).parents[1] / "docs/partners/client.py"
USCC, NAME, ITEMS = "91350100M000100Y43", "示例江西省数据共享平台", ("EC-0001", "EC-0101")
HOLDER = {"id_type": LI.ref.id_type, "id": LI.id}


@dataclass
class Place:
    """A sponsor with a sponsored partner, the partner's client, and Mr Li's identity card."""

    delta: Delta
    client: dict[str, Any]
    partner: Any
    container: dict[str, Any]
    licence: str
    key_file: Path

    def sponsor(self, *, end: bool = False) -> None:
        spki = self.partner.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        d = self.delta.of(31).directory
        call = (
            acts.end_sponsorship(d, region=31, uscc=USCC)
            if end
            else acts.sponsor_partner(d, region=31, uscc=USCC, name=NAME, gateway_key=spki, items=ITEMS, until=None)
        )
        queue(self.delta, [(31, call)])
        self.delta.settle()

    def change(self, action: str, ground: str) -> None:
        """Let the card's authority change its status, and the chain tell everybody."""
        issuer, uscc = self.delta.of(32).issuer, WANTS[0].seat.uscc
        change_many(issuer, [Change(self.licence, action, ground)], authority=uscc, now=self.delta.of(32).floor.now())
        self.delta.settle()

    def stranger(self) -> Any:  # noqa: ANN401 - a class of the client's file
        key = self.client["make_key"](self.key_file.with_name(f"{new_key()}.pem"))
        return self.client["Partner"](self.partner.url, key, self.partner.sponsor)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("partner")
    # The client asks the machine's clock, so the deployments do too.
    with standing(tmp_path_factory.getbasetemp(), folder / "var", is_real=True, ECERT_DEMO="1") as delta:
        licences = furnish(delta)
        kept = read(delta.of(32).issuer, licences[1], authority=WANTS[0].seat.uscc)
        client = runpy.run_path(str(CLIENT))
        house = delta.of(31)
        sponsor = load_der_public_key(region_signer(house.floor.keys, 31, "gateway").spki)
        key = client["make_key"](folder / "partner.pem")
        (folder / "sponsor.pem").write_bytes(sponsor.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        partner = client["Partner"](house.floor.settings.public_url, key, sponsor, 60.0)
        container = json.loads(format_container(kept.container))
        made = Place(delta, client, partner, container, licences[1], folder / "partner.pem")
        made.sponsor()
        yield made

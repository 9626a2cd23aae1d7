"""Make the vectors of docs/spec/evidence.md: a network of four, the real contracts, five certificates, their bundles.

    VALIDATOR_BINARY=build/validator/ecertd .venv/bin/python -m tests.vectors.evidence.make

writes genesis.json, cases.json, one file a bundle and recorded.json beside this file; every key is drawn anew.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ecert.domain import certificate, merkle, suites
from ecert.domain.ids import licence_id
from ecert.domain.receipt import AnchorReceipt, Container, format_container
from ecert.domain.sd_jwt import split
from ecert.domain.status import StatusRef
from ledger.drivers import calls
from ledger.evidence.checker import read_genesis
from ledger.gathering import collect
from ledger.port import Account
from tests.conformance.ledgers import FAR, REGIONS, Consortium, admin, grant
from tests.signed_chain import validator
from tests.unit.domain.issued import FACE, ISSUER, TYPE_CODE
from tests.vectors.evidence.network import CHAIN_ID, Door, Network, Source

HERE = Path(__file__).parent
OTHER_TYPE = "11100000000013127D001"
SIZE = 1 << 17
PROPOSALS_SLOT = 8  # of the Consortium: how many proposals were made
CASES = {
    "untouched": ("ES256", TYPE_CODE, 70_123, 0),
    "valid": ("ES256", TYPE_CODE, 7, 0),
    "revoked": ("ES256", TYPE_CODE, 8, 1),
    "sm2": ("SM2-SM3", TYPE_CODE, 9, 0),
    "not_granted": ("ES256", OTHER_TYPE, 10, 0),
}
"""Of each certificate: suite, type, place in the status list, status."""


@dataclass
class Founded(Consortium):
    """A consortium whose contracts a member creates: nobody else may, once the Consortium stands."""

    stranger: Account = field(default_factory=lambda: admin(31))


def main() -> int:
    """Make all; the network stands only while this runs."""
    with tempfile.TemporaryDirectory() as home:
        network = Network(Path(os.environ["VALIDATOR_BINARY"]), Path(home), admin(31).address)
        try:
            network.start()
            _write(network, Founded.found(Door(network)))  # type: ignore[arg-type] # as much of a ledger as founding needs
        finally:
            network.stop()
    return 0


def _write(network: Network, house: Consortium) -> None:
    signers = {name: suites.load_signer(name, suites.generate(name)) for name in ("ES256", "SM2-SM3")}
    _trust(house, signers)
    containers = _anchored(house, signers)
    source = Source(network)
    genesis = _slim(network.genesis, house.contracts["Consortium"])
    (HERE / "genesis.json").write_bytes(genesis)
    report: dict[str, Any] = {}

    def keep(name: str, case: str) -> None:
        height = network.height()
        network.reach(height + 2)
        spki = signers[CASES[case][0]].spki
        bundle = collect(
            source,
            genesis=genesis,
            certificate=containers[case],
            spki=spki,
            height=height,
            now=time.time(),
        )
        (HERE / f"{name}.bundle.json").write_bytes(bundle.content)
        report[name] = bundle.report

    keep("untouched", "untouched")
    first_heard = dict(source.heard)
    for case in list(CASES)[1:]:
        keep(case, case)
    network.stop(3)
    network.reach(network.height() + 4)
    keep("three_of_four", "valid")
    network.start_one(3)
    first = network.height()
    a, b, c, d = (each.key for each in read_genesis(network.genesis).validators)
    _change(network, house, (a, b, c, validator(5).key))
    _change(network, house, (a, b, d, validator(5).key))
    keep("changed", "untouched")
    container = format_container(containers["untouched"]).decode()
    cases = {"source": "tests/vectors/evidence/make.py", "container": container, "reports": report}
    (HERE / "cases.json").write_text(json.dumps(cases, indent=1) + "\n", "utf-8")
    _record(network, source, first_heard, range(1, 4), range(first, network.height() - 1))


def _trust(house: Consortium, signers: dict[str, Any]) -> None:
    uscc, own = ISSUER.encode(), admin(32)
    house.do("TrustRegistry", "registerAuthority", uscc, 320509, "示例登记机构", 1_700_000_000, by=own)
    for name, signer in signers.items():
        key = (32, uscc, name, "certificate", signer.spki, 1_700_000_000, 0, bytes(32))
        house.do("TrustRegistry", "addKey", *key, by=own)
    house.do("TrustRegistry", "grant", uscc, [TYPE_CODE.encode()], 1_700_000_000, by=own)
    for role in ("anchor", "status"):
        house.do("Consortium", *grant(32, role, house.clerk.address), by=own)


def _anchored(house: Consortium, signers: dict[str, Any]) -> dict[str, Container]:
    """Sign, anchor in one batch, and set each status."""
    signed = {}
    for name, (suite, kind, index, _) in CASES.items():
        licence = licence_id(type_code=kind, issuer=ISSUER, serial=f"{index:016X}")
        face = replace(FACE, licence=licence, status=StatusRef("https://32.example/status-lists/32-1", index))
        signed[name] = str(certificate.sign(face, signers[suite]))
    tree = merkle.Tree([certificate.fingerprint(split(text).jwt) for text in signed.values()])
    house.do("CertificateAnchor", "anchor", 32, 1, 1, tree.root, 1, len(signed), bytes(32), by=house.clerk)
    house.do("StatusRegistry", "createList", 32, 1, SIZE, by=house.clerk)
    for _, _, index, status in CASES.values():
        if status:
            house.do("StatusRegistry", "setStatus", 32, 1, [index], status, 1_790_000_000, by=house.clerk)
    contract = "0x" + house.contracts["CertificateAnchor"].hex()
    return {
        name: Container(text, AnchorReceipt(CHAIN_ID, contract, 1, at, len(signed), tuple(tree.path(at))))
        for at, (name, text) in enumerate(signed.items())
    }


def _change(network: Network, house: Consortium, keys: tuple[bytes, ...]) -> None:
    """Vote for other validators, and wait until they sign."""
    (count,) = (int(network.eth("eth_getStorageAt", *_at(house, PROPOSALS_SLOT)), 16),)
    action = calls.encode_call(house.call("Consortium", "setValidators", list(REGIONS), list(keys)))
    house.do("Consortium", "propose", action, FAR, by=admin(31))
    for region in REGIONS[:3]:
        house.do("Consortium", "vote", count + 1, by=admin(region))
    house.do("Consortium", "execute", count + 1, by=admin(34))
    network.reach(network.height() + 5)


def _at(house: Consortium, slot: int) -> tuple[str, str, str]:
    return f"0x{house.contracts['Consortium'].hex()}", hex(slot), "latest"


def _record(network: Network, source: Source, heard: dict[str, Any], *heights: range) -> None:
    """Keep what the consensus RPC answered for the first bundle, and about some blocks for the light client."""
    for height in (each for some in heights for each in some):
        source.commit(height)
        source.validators(height)
    told = {key: answer for key, answer in source.heard.items() if key in heard or not key.startswith("abci_query")}
    low, high = heights[1].start, heights[1].stop - 1
    told["blockchain"] = network.tell("blockchain", minHeight=str(low), maxHeight=str(min(high, low + 15)))
    (HERE / "recorded.json").write_text(json.dumps(told, separators=(",", ":")) + "\n", "utf-8")


def _slim(genesis: bytes, consortium: bytes) -> bytes:
    """Keep what a checker reads of a genesis file."""
    told = json.loads(genesis)
    if told["app_state"]["consortium"]["consortium"].lower() != f"0x{consortium.hex()}":
        raise ValueError("the genesis file names another Consortium")
    kept = {name: told[name] for name in ("genesis_time", "chain_id", "initial_height")}
    kept["consensus"] = {"validators": told["consensus"]["validators"]}
    kept["app_state"] = {"consortium": told["app_state"]["consortium"]}
    return json.dumps(kept, indent=1).encode() + b"\n"


if __name__ == "__main__":
    sys.exit(main())

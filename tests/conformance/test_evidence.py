"""Evidence gathered from live validators through the driver: the whole way from a certificate to their signatures."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ecert.domain.errors import Conflict
from ecert.domain.receipt import AnchorReceipt, Container
from ledger.evidence import checker
from ledger.gathering import Bundle, collect
from tests.conformance.ledgers import Consortium
from tests.unit.domain.issued import signer
from tests.unit.ledger.test_evidence_examined import House, issued

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.validators import Network

pytestmark = pytest.mark.network


def test_evidence_is_gathered_from_live_validators(networks: Callable[[str], Network], tmp_path: Path) -> None:
    network = networks("one")
    ledger = network.open(tmp_path / "light")
    house = House(Consortium.found(ledger))
    genesis = network.genesis.read_bytes()
    _, receipt = house.anchor(70_123)
    contract, path = f"0x{receipt['contract']}", tuple(map(bytes.fromhex, receipt["path"]))
    anchored = AnchorReceipt(ledger.identity().chain_id, contract, house.batches, 0, 3, path)

    def gathered(receipt: AnchorReceipt) -> Bundle:
        certificate = Container(issued(70_123), receipt)
        return ledger.witness(
            lambda witness: collect(
                witness, genesis=genesis, certificate=certificate, spki=signer().spki, height=None, now=time.time()
            )
        )

    untouched = gathered(anchored)
    house.mark(70_123, 1)
    revoked = gathered(anchored)
    with pytest.raises(Conflict, match=r"evidence\.certificate"):
        gathered(AnchorReceipt(anchored.chain_id, contract, house.batches + 1, 0, 3, path))
    ledger.close()

    assert (untouched.report["status"], untouched.report["stands"]) == ("valid", True)
    assert (revoked.report["status"], revoked.report["faults"]) == ("revoked", ["status.revoked"])
    assert _end_of_the_program(revoked.content, network.genesis, tmp_path) == 1
    assert _end_of_the_program(untouched.content, network.genesis, tmp_path) == 0


def _end_of_the_program(content: bytes, genesis: Path, folder: Path) -> int:
    bundle = folder / "bundle.json"
    bundle.write_bytes(content)
    command = [sys.executable, "-I", checker.__file__, str(bundle), "--genesis", str(genesis)]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode

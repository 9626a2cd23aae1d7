"""What a run's houses are copied from: a founded house on its own chain, or one with the network that it stands on.

The validators' homes lie inside the house's, so one copy holds both at one moment. A network's doors are written into
its homes, so houses of one ground follow one another.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ecert.runtime.keys import open_keys
from ledger.drivers import calls
from tests.crash.housing import DOORS, copy_home, found
from tests.crash.processes import in_a_process
from tests.databases import remove_home
from tests.validators import Network, start_network

__all__ = ["Ground", "embedded_ground", "network_ground"]

VALIDATORS = "validators"
FIRST_PORT = 24_000
_EACH = 1_000


@dataclass(slots=True)
class Ground:
    """`template` is the founded home, `bare` one whose chain is not founded yet; `network` the one that runs now."""

    template: Path
    bare: Path | None = None
    network: Network | None = None

    def lay(self, home: Path, *, is_founded: bool = True) -> None:
        """Make `home` a copy, and let its validators run."""
        self.clear(home)
        source = self.template if is_founded else self.bare
        if source is not None:
            copy_home(source, home)
        if self.network is not None:
            self.network = replace(self.network, root=home / VALIDATORS, running={})
            for number in range(len(self.network.names)):
                self.network.start(number)
            for number in self.network.running:
                self.network.wait(number, 1)

    def rest(self) -> None:
        """End the validators as one should, so that what they wrote can be copied."""
        if self.network is not None:
            self.network.stop()

    def clear(self, home: Path) -> None:
        """Take a home away, and its validators at once."""
        if self.network is not None:
            for number in list(self.network.running):
                self.network.kill(number)
        remove_home(home)


def embedded_ground(folder: Path) -> Ground:
    """Found a house on a chain of its own; RuntimeError where that fails."""
    ground = Ground(folder / "founded")
    _found(ground.template, found)
    return ground


def network_ground(
    folder: Path, *, commit_wait: str, heartbeat: str, lane: int = 0, found: Callable[[Path], object] = found
) -> Ground:
    """Begin a network of four and let `found` found a house on it; RuntimeError where that fails.

    Each `lane` has doors of its own, for they stay free while a ground's validators rest.
    """
    ground = Ground(folder / "founded", folder / "bare")
    bare = folder / "bare"
    bare.mkdir(mode=0o700, parents=True)
    founder = calls.account(open_keys(f"file:{bare}/keys").secret("chain-31-admin"))
    first_port = FIRST_PORT + _EACH * lane
    ground.network = start_network(
        bare / VALIDATORS, [founder.address], first_port=first_port, commit_wait=commit_wait, heartbeat=heartbeat
    )
    try:
        shutil.copy(ground.network.genesis, bare / "genesis.json")
        (bare / DOORS).write_text(json.dumps(ground.network.settings))
        ground.rest()
        ground.lay(ground.template, is_founded=False)
        _found(ground.template, found)
    finally:
        ground.rest()
    return ground


def _found(home: Path, found: Callable[[Path], object]) -> None:
    if in_a_process(lambda: found(home)) != 0:
        message = "the house could not be founded"
        raise RuntimeError(message)

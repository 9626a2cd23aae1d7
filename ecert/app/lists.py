"""The shared lists by which this deployment works, and whether they are those that the members released by vote."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files

from ecert.domain.catalogue import CATALOGUE
from ecert.domain.items import ITEMS
from ecert.domain.trust import TrustState

__all__ = ["released", "shared_lists"]


def shared_lists() -> Mapping[str, bytes]:
    """Give the SHA-256 of each list as this deployment has it, by the name under which it is released."""
    recognition = sha256((files("verifier") / "recognition.toml").read_bytes()).digest()
    return {"catalogue": CATALOGUE.sha256, "items": ITEMS.sha256, "recognition": recognition}


def released(trust: TrustState, *, now: int) -> Mapping[str, bytes]:
    """Give the SHA-256 of each list in force at `now` by its name: of the begun ones, the one that began last."""
    begun = [release for release in trust.releases if release.effective_from.when <= now]
    return {release.name: release.sha256 for release in sorted(begun, key=lambda r: r.effective_from.when)}

"""What a code's home region asks of an issuing region: which certificates of some types a holder has.

Data stays at home: the answer is used for one redeem and not kept. The wiring supplies one `Holdings` for each
region: a call in one process, or a signed request to another deployment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ecert.domain.holders import HolderRef
    from ecert.domain.receipt import AnchorReceipt


@dataclass(frozen=True, slots=True)
class HoldingsRequest:
    """One holder and the type codes that one item needs."""

    holder: HolderRef
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """One certificate with all its disclosures, its receipt once anchored, and what is never signed.

    `mutable` maps an element's key to (value, Unix seconds when it was so); `status_reason` is a reason's code
    where the certificate is suspended or revoked.
    """

    type_code: str
    sd_jwt: str = field(repr=False)
    receipt: AnchorReceipt | None
    mutable: Mapping[str, tuple[object, int]] = field(repr=False)
    status_reason: str | None


class Holdings(Protocol):
    """One issuing region, wherever it runs."""

    def held(self, request: HoldingsRequest) -> tuple[Held, ...]:
        """Return what the holder has of the types, newest first; nothing for a holder that is unknown here.

        Raises Unavailable where the region cannot be asked just now; asking again is harmless.
        """

"""Whose code it is: a person, or an organisation with the agent who shows it; sealed wherever it is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from ecert.domain.holders import ORGANISATION, HolderRef, parse_holder_ref

if TYPE_CHECKING:
    from ecert.domain.catalogue import CertificateType
    from ecert.runtime.vault import Vault


@dataclass(frozen=True, slots=True)
class Subject:
    """The holder, for an organisation the agent, and the purpose: an item, and the types that the holder chose."""

    holder: HolderRef
    agent: HolderRef | None
    item: str | None
    types: tuple[str, ...]

    def is_shown_by(self, ref: HolderRef) -> bool:
        """Tell whether `ref` is the holder or the agent."""
        return ref in {self.holder, self.agent}

    def holder_of(self, kind: CertificateType) -> HolderRef:
        """Tell who of the two holds certificates of a type: the agent what only persons hold."""
        if self.agent is not None and "organisation" not in kind.holder_kinds:
            return self.agent
        return self.holder


def is_organisation(ref: HolderRef) -> bool:
    """Tell whether `ref` names an organisation, which shows nothing without an agent."""
    return ref.id_type == ORGANISATION


def blind(vault: Vault, ref: HolderRef) -> bytes:
    """Index a holder in 32 bytes, so that uses are found by a number which is not stored."""
    return vault.blind(b"wallet holder", str(ref))


def seal(vault: Vault, subject: Subject, *, digest: bytes) -> bytes:
    """Seal a subject for the row of the code with this digest."""
    agent = None if subject.agent is None else str(subject.agent)
    body = [str(subject.holder), agent, subject.item, subject.types]
    return vault.seal(orjson.dumps(body), context=b"wallet code" + digest)


def unseal(vault: Vault, sealed: bytes, *, digest: bytes) -> Subject:
    """Open what `seal` sealed; Unavailable `vault.unreadable`."""
    holder, agent, item, types = orjson.loads(vault.open(sealed, context=b"wallet code" + digest))
    showing = None if agent is None else parse_holder_ref(agent)
    return Subject(parse_holder_ref(holder), showing, item, tuple(types))

"""The records of trust; each fact keeps its legal time and the block's that told it (docs/contracts.md)."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Authority", "Fact", "KeyRecord", "Member", "Partner", "Proposal", "Release"]


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that holds from `when` (legal time), recorded in a block of time `known`."""

    when: int
    known: int

    def holds(self, *, at: int, known_at: int) -> bool:
        """Tell whether it had begun at `at`, by what was recorded at `known_at`."""
        return self.known <= known_at and self.when <= at


@dataclass(frozen=True, slots=True)
class Authority:
    """An issuing authority: USCC, the division it serves, and its end where it was dissolved."""

    uscc: str
    division: str
    name: str
    not_before: Fact
    dissolved: Fact | None = None
    successor: str | None = None

    def in_force(self, *, at: int, known_at: int) -> bool:
        """Tell whether it existed at `at`, by what was recorded at `known_at`."""
        ended = self.dissolved is not None and self.dissolved.holds(at=at, known_at=known_at)
        return self.not_before.holds(at=at, known_at=known_at) and not ended


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A public key of an authority (purpose `certificate`) or, `owner` None, of a region itself.

    A revocation or a compromise may be told again with an earlier time; every telling is kept.
    """

    region: int
    owner: str | None
    key_id: bytes
    suite: str
    purpose: str
    spki: bytes
    not_before: Fact
    not_after: int | None
    x509_hash: bytes | None = None
    revoked: tuple[Fact, ...] = ()
    compromised: tuple[Fact, ...] = ()

    def is_known(self, known_at: int) -> bool:
        """Tell whether it had been recorded."""
        return self.not_before.known <= known_at

    def in_period(self, at: int) -> bool:
        """Tell whether `at` lies between not before and not after."""
        return self.not_before.when <= at and (self.not_after is None or at < self.not_after)

    def is_revoked(self, *, at: int, known_at: int) -> bool:
        """Tell whether it was revoked at or before `at`."""
        return any(fact.holds(at=at, known_at=known_at) for fact in self.revoked)

    def is_compromised(self, *, at: int, known_at: int) -> bool:
        """Tell whether somebody else may have signed with it at `at`."""
        return any(fact.holds(at=at, known_at=known_at) for fact in self.compromised)


@dataclass(frozen=True, slots=True)
class Member:
    """A region of the consortium; `removed` is the block's time of its removal."""

    region: int
    name: str
    admin: bytes
    admitted: int
    removed: int | None = None


@dataclass(frozen=True, slots=True)
class Partner:
    """A partner sponsored by a member: its gateway's key (SPKI DER), the items it may use, and until when."""

    region: int
    uscc: str
    name: str
    gateway_key: bytes
    items: tuple[str, ...]
    until: int | None
    known: int
    ended: int | None = None

    def in_force(self, at: int) -> bool:
        """Tell whether the sponsorship stands at `at`."""
        return self.ended is None and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Release:
    """A shared list that the members released by vote: its name, version and SHA-256."""

    name: str
    version: str
    sha256: bytes
    effective_from: Fact


@dataclass(frozen=True, slots=True)
class Proposal:
    """A vote of the consortium: the encoded call, its end (that second included), and the regions that voted for it."""

    id: int
    region: int
    action: bytes
    expires_at: int
    votes: frozenset[int] = frozenset()
    executed: bool = False

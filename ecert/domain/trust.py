"""The trust state: who may sign what, where and since when, as the chain's events say; pure, with two times.

Rules. (1) State changes by `TrustState.apply` alone, one event after another in the chain's order. (2) Nothing is ever
deleted: a fact has a legal time (from, until, since) and a chain time, the block's, and a question may fix both. (3)
`at` asks what was in force then, `known_at` what had been recorded by then. (4) A record of another region's
authority never collides: keys are named by (region, owner, key id). (5) Where several recognitions fit, the narrowest
accepting division wins, then the narrowest issuing one, then the latest recorded. Events and their meaning:
docs/contracts.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ecert.domain.ids import division_covers, division_from_int

__all__ = ["Authority", "Fact", "KeyRecord", "Member", "Partner", "Release", "TrustState"]

FOREVER = 2**63


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that holds from `when` (legal time), recorded in a block of time `known`."""

    when: int
    known: int


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
        begun = self.not_before.known <= known_at and self.not_before.when <= at
        return begun and not _ended(self.dissolved, at=at, known_at=known_at)


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A public key of an authority (purpose `certificate`) or, `owner` None, of a region itself."""

    region: int
    owner: str | None
    key_id: bytes
    suite: str
    purpose: str
    spki: bytes
    not_before: Fact
    not_after: int | None
    x509_hash: bytes | None = None
    revoked: Fact | None = None
    compromised: tuple[Fact, ...] = ()

    def is_known(self, known_at: int) -> bool:
        """Tell whether it had been recorded."""
        return self.not_before.known <= known_at

    def in_period(self, at: int) -> bool:
        """Tell whether `at` lies between not before and not after."""
        return self.not_before.when <= at and (self.not_after is None or at < self.not_after)

    def is_revoked(self, *, at: int, known_at: int) -> bool:
        """Tell whether it was revoked at or before `at`."""
        return _ended(self.revoked, at=at, known_at=known_at)

    def is_compromised(self, *, at: int, known_at: int) -> bool:
        """Tell whether somebody else may have signed with it at `at`."""
        return any(_ended(fact, at=at, known_at=known_at) for fact in self.compromised)


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


@dataclass(frozen=True, slots=True)
class Release:
    """A shared list that the members released by vote: its name, version and SHA-256."""

    name: str
    version: str
    sha256: bytes
    effective_from: Fact


@dataclass(frozen=True, slots=True)
class _Recognition:
    accepting: str
    issuing: str
    accepted: bool
    since: Fact
    order: int


@dataclass(slots=True)
class TrustState:
    """All that the chain has said about trust. One writer applies; any number of readers ask."""

    members: dict[int, Member] = field(default_factory=dict)
    authorities: dict[str, Authority] = field(default_factory=dict)
    keys: dict[tuple[int, str | None, bytes], KeyRecord] = field(default_factory=dict)
    partners: dict[str, Partner] = field(default_factory=dict)
    releases: list[Release] = field(default_factory=list)
    directory: list[tuple[bytes, bytes, int]] = field(default_factory=list)
    _grants: dict[tuple[str, str], list[tuple[bool, Fact]]] = field(default_factory=dict)
    _recognitions: dict[str, list[_Recognition]] = field(default_factory=dict)
    _by_key_id: dict[bytes, list[tuple[int, str | None, bytes]]] = field(default_factory=dict)

    def apply(  # noqa: C901, PLR0912 — one arm an event
        self, name: str, args: Mapping[str, Any], *, time: int, block: int
    ) -> None:
        """Take in one event of the Consortium or the TrustRegistry; an event of no concern to trust changes nothing."""
        match name:
            case "MemberAdmitted":
                region = args["region"]
                self.members[region] = Member(region, args["name"], args["admin"], time)
            case "MemberRemoved":
                self.members[args["region"]] = replace(self.members[args["region"]], removed=time)
            case "AdminChanged":
                self.members[args["region"]] = replace(self.members[args["region"]], admin=args["admin"])
            case "ContractAppointed":
                self.directory.append((args["role"], args["contractAddress"], block))
            case "ReleasePublished":
                since = Fact(args["effectiveFrom"], time)
                self.releases.append(Release(args["name"], args["version"], args["sha256Digest"], since))
            case "AuthorityRegistered":
                uscc, division = _ascii(args["uscc"]), division_from_int(args["division"])
                self.authorities[uscc] = Authority(uscc, division, args["name"], Fact(args["notBefore"], time))
            case "AuthorityDissolved":
                uscc = _ascii(args["uscc"])
                self.authorities[uscc] = replace(
                    self.authorities[uscc],
                    dissolved=Fact(args["dissolvedAt"], time),
                    successor=_ascii(args["successor"]) or None,
                )
            case "KeyAdded":
                self._add_key(args, time)
            case "KeyRevoked":
                key = _key_name(args)
                self.keys[key] = replace(self.keys[key], revoked=Fact(args["revokedAt"], time))
            case "KeyCompromised":
                key = _key_name(args)
                facts = (*self.keys[key].compromised, Fact(args["since"], time))
                self.keys[key] = replace(self.keys[key], compromised=facts)
            case "TypesGranted":
                self._grant(args, accepted=True, when=args["from"], time=time)
            case "GrantWithdrawn":
                self._grant(args, accepted=False, when=args["until"], time=time)
            case "RecognitionSet":
                self._recognise(args, time)
            case "PartnerSponsored":
                uscc = _ascii(args["uscc"])
                self.partners[uscc] = Partner(
                    args["region"],
                    uscc,
                    args["name"],
                    args["gatewayKey"],
                    tuple(args["items"]),
                    args["until"] or None,
                    time,
                )
            case "PartnerEnded":
                uscc = _ascii(args["uscc"])
                self.partners[uscc] = replace(self.partners[uscc], ended=time)

    def key(self, *, region: int, owner: str | None, key_id: bytes) -> KeyRecord | None:
        """Find a key by its whole name."""
        return self.keys.get((region, owner, key_id))

    def keys_of(self, key_id: bytes) -> tuple[KeyRecord, ...]:
        """Find every owner's record of one public key."""
        return tuple(self.keys[name] for name in self._by_key_id.get(key_id, ()))

    def may_issue(self, uscc: str, type_code: str, *, at: int, known_at: int) -> bool:
        """Tell whether the authority was granted the type at `at`: the latest recorded fact in force decides."""
        granted = False
        for is_grant, fact in self._grants.get((uscc, type_code), ()):
            if fact.known <= known_at and fact.when <= at:
                granted = is_grant
        return granted

    def recognises(self, *, accepting: str, type_code: str, issuing: str, at: int, known_at: int) -> bool | None:
        """Tell whether the accepting division takes this type from that one; None where nothing was ever said."""
        fitting = [
            r
            for r in self._recognitions.get(type_code, ())
            if r.since.known <= known_at
            and r.since.when <= at
            and division_covers(outer=r.accepting, inner=accepting)
            and division_covers(outer=r.issuing, inner=issuing)
        ]
        best = max(fitting, key=lambda r: (len(r.accepting), len(r.issuing), r.order), default=None)
        return None if best is None else best.accepted

    def contracts(self, role: bytes) -> Iterable[tuple[bytes, int]]:
        """Yield (address, first block) of every contract that ever held the role, in order."""
        return [(address, block) for held, address, block in self.directory if held == role]

    def _add_key(self, args: Mapping[str, Any], time: int) -> None:
        name = _key_name(args)
        x509 = args["x509Hash"]
        self.keys[name] = KeyRecord(
            *name,
            suite=args["suite"],
            purpose=args["purpose"],
            spki=args["spki"],
            not_before=Fact(args["notBefore"], time),
            not_after=args["notAfter"] or None,
            x509_hash=x509 if any(x509) else None,
        )
        self._by_key_id.setdefault(name[2], []).append(name)

    def _grant(self, args: Mapping[str, Any], *, accepted: bool, when: int, time: int) -> None:
        uscc = _ascii(args["uscc"])
        for type_code in args["types"]:
            facts = self._grants.setdefault((uscc, _ascii(type_code)), [])
            facts.append((accepted, Fact(when, time)))

    def _recognise(self, args: Mapping[str, Any], time: int) -> None:
        accepting = division_from_int(args["accepting"])
        cells = zip(args["types"], args["issuing"], args["accepted"], strict=True)
        for type_code, issuing, accepted in cells:
            known = self._recognitions.setdefault(_ascii(type_code), [])
            since = Fact(args["from"], time)
            known.append(_Recognition(accepting, division_from_int(issuing), accepted, since, len(known)))


def _ended(fact: Fact | None, *, at: int, known_at: int) -> bool:
    return fact is not None and fact.known <= known_at and fact.when <= at


def _key_name(args: Mapping[str, Any]) -> tuple[int, str | None, bytes]:
    return args["region"], _ascii(args["authority"]) or None, args["keyId"]


def _ascii(raw: bytes) -> str:
    return raw.rstrip(b"\0").decode("ascii")

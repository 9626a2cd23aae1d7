"""The trust state: who may sign what, where and since when, as the chain's events say; pure, with two times.

Rules. (1) State changes by `TrustState.apply` alone, one event after another in the chain's order. (2) Nothing is ever
deleted: a fact has a legal time (from, until, since) and a chain time, the block's, and a question may fix both. (3)
`at` asks what was in force then, `known_at` what had been recorded by then. (4) A record of another region's authority
never collides: keys are named by (region, owner, key id), partners by (region, credit code). (5) Where several
recognitions fit, the narrowest accepting division wins, then the narrowest issuing one, then the latest recorded. (6)
A registry that succeeds another begins empty and repeats what still counts: a second registration of an authority or a
key changes nothing, so that no repetition washes away an end, a revocation or a compromise. (7) An event about what was
never registered, which the contracts forbid, changes nothing and stops nobody. Events: docs/contracts.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, NamedTuple, TypeAlias, TypeVar

from ecert.domain.ids import division_from_int
from ecert.domain.trust_records import Authority, Fact, KeyRecord, Member, Partner, Proposal, Release

__all__ = ["Authority", "Fact", "KeyRecord", "Member", "Partner", "Proposal", "Release", "TrustState"]

FOREVER = 2**63

K = TypeVar("K")
V = TypeVar("V")
R = TypeVar("R", Member, Proposal, Partner)
_Args: TypeAlias = Mapping[str, Any]


class _When(NamedTuple):
    time: int
    block: int


@dataclass(slots=True)
class TrustState:
    """All that the chain has said about trust. One writer applies; any number of readers ask.

    `accounts` are those that act now for (region, role), where role is keccak256 of anchor, audit or status;
    `directory` holds (role, address, first block) in the order of appointment.
    """

    members: dict[int, Member] = field(default_factory=dict)
    accounts: dict[tuple[int, bytes], frozenset[bytes]] = field(default_factory=dict)
    proposals: dict[int, Proposal] = field(default_factory=dict)
    authorities: dict[str, Authority] = field(default_factory=dict)
    keys: dict[tuple[int, str | None, bytes], KeyRecord] = field(default_factory=dict)
    partners: dict[tuple[int, str], Partner] = field(default_factory=dict)
    releases: list[Release] = field(default_factory=list)
    directory: list[tuple[bytes, bytes, int]] = field(default_factory=list)
    _grants: dict[tuple[str, str], list[tuple[bool, Fact]]] = field(default_factory=dict)
    _recognitions: dict[str, dict[str, dict[str, list[tuple[bool, Fact]]]]] = field(default_factory=dict)
    _by_key_id: dict[bytes, list[tuple[int, str | None, bytes]]] = field(default_factory=dict)

    def apply(self, name: str, args: Mapping[str, Any], *, time: int, block: int) -> None:
        """Take in one event of the Consortium or the TrustRegistry; any other event changes nothing."""
        take = self._EVENTS.get(name)
        if take is not None:
            take(self, args, _When(time, block))

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
            if fact.holds(at=at, known_at=known_at):
                granted = is_grant
        return granted

    def recognises(self, *, accepting: str, type_code: str, issuing: str, at: int, known_at: int) -> bool | None:
        """Tell whether the accepting division takes this type from that one; None where nothing was ever said."""
        cells = self._recognitions.get(type_code, {})
        for row in _known_levels(accepting, cells):
            for told in _known_levels(issuing, row):
                for accepted, since in reversed(told):
                    if since.holds(at=at, known_at=known_at):
                        return accepted
        return None

    def contracts(self, role: bytes) -> list[tuple[bytes, int]]:
        """List (address, first block) of every contract that ever held the role, in order."""
        return [(address, block) for held, address, block in self.directory if held == role]

    def _admit(self, args: _Args, when: _When) -> None:
        self.members[args["region"]] = Member(args["region"], args["name"], args["admin"], when.time)

    def _remove(self, args: _Args, when: _When) -> None:
        region = args["region"]
        _amend(self.members, region, removed=when.time)
        # Its accounts lose their powers with it, and coming back does not revive them.
        self.accounts = {name: held for name, held in self.accounts.items() if name[0] != region}

    def _change_admin(self, args: _Args, _when: _When) -> None:
        _amend(self.members, args["region"], admin=args["admin"])

    def _set_account(self, args: _Args, _when: _When) -> None:
        name, account = (args["region"], args["role"]), frozenset({args["account"]})
        held = self.accounts.get(name, frozenset())
        self.accounts[name] = held | account if args["allowed"] else held - account

    def _propose(self, args: _Args, _when: _When) -> None:
        number = args["id"]
        self.proposals[number] = Proposal(number, args["region"], args["action"], args["expiresAt"])

    def _vote(self, args: _Args, _when: _When) -> None:
        proposal = self.proposals.get(args["id"])
        if proposal is not None:
            self.proposals[proposal.id] = replace(proposal, votes=proposal.votes | {args["region"]})

    def _execute(self, args: _Args, _when: _When) -> None:
        _amend(self.proposals, args["id"], executed=True)

    def _appoint(self, args: _Args, when: _When) -> None:
        self.directory.append((args["role"], args["contractAddress"], when.block))

    def _release(self, args: _Args, when: _When) -> None:
        since = Fact(args["effectiveFrom"], when.time)
        self.releases.append(Release(args["name"], args["version"], args["sha256Digest"], since))

    def _register(self, args: _Args, when: _When) -> None:
        uscc, division = _ascii(args["uscc"]), division_from_int(args["division"])
        self.authorities.setdefault(uscc, Authority(uscc, division, args["name"], Fact(args["notBefore"], when.time)))

    def _dissolve(self, args: _Args, when: _When) -> None:
        known = self.authorities.get(_ascii(args["uscc"]))
        if known is not None and known.dissolved is None:
            end, successor = Fact(args["dissolvedAt"], when.time), _ascii(args["successor"]) or None
            self.authorities[known.uscc] = replace(known, dissolved=end, successor=successor)

    def _add_key(self, args: _Args, when: _When) -> None:
        name, x509 = _key_name(args), args["x509Hash"]
        if name in self.keys:
            return
        self.keys[name] = KeyRecord(
            *name,
            suite=args["suite"],
            purpose=args["purpose"],
            spki=args["spki"],
            not_before=Fact(args["notBefore"], when.time),
            not_after=args["notAfter"] or None,
            x509_hash=x509 if any(x509) else None,
        )
        self._by_key_id.setdefault(name[2], []).append(name)

    def _revoke_key(self, args: _Args, when: _When) -> None:
        key = self.keys.get(_key_name(args))
        if key is not None:
            fact = Fact(args["revokedAt"], when.time)
            self.keys[_key_name(args)] = replace(key, revoked=(*key.revoked, fact))

    def _compromise_key(self, args: _Args, when: _When) -> None:
        key = self.keys.get(_key_name(args))
        if key is not None:
            fact = Fact(args["since"], when.time)
            self.keys[_key_name(args)] = replace(key, compromised=(*key.compromised, fact))

    def _grant(self, args: _Args, when: _When) -> None:
        self._note_grants(args, Fact(args["from"], when.time), is_grant=True)

    def _withdraw(self, args: _Args, when: _When) -> None:
        self._note_grants(args, Fact(args["until"], when.time), is_grant=False)

    def _note_grants(self, args: _Args, fact: Fact, *, is_grant: bool) -> None:
        for type_code in args["types"]:
            self._grants.setdefault((_ascii(args["uscc"]), _ascii(type_code)), []).append((is_grant, fact))

    def _recognise(self, args: _Args, when: _When) -> None:
        accepting, since = division_from_int(args["accepting"]), Fact(args["from"], when.time)
        for type_code, issuing, accepted in zip(args["types"], args["issuing"], args["accepted"], strict=True):
            row = self._recognitions.setdefault(_ascii(type_code), {}).setdefault(accepting, {})
            row.setdefault(division_from_int(issuing), []).append((accepted, since))

    def _sponsor(self, args: _Args, when: _When) -> None:
        region, uscc, until = args["region"], _ascii(args["uscc"]), args["until"] or None
        items = tuple(args["items"])
        self.partners[region, uscc] = Partner(region, uscc, args["name"], args["gatewayKey"], items, until, when.time)

    def _end_sponsorship(self, args: _Args, when: _When) -> None:
        _amend(self.partners, (args["region"], _ascii(args["uscc"])), ended=when.time)

    _EVENTS: ClassVar[Mapping[str, Callable[[TrustState, _Args, _When], None]]] = {
        "MemberAdmitted": _admit,
        "MemberRemoved": _remove,
        "AdminChanged": _change_admin,
        "AccountSet": _set_account,
        "ProposalMade": _propose,
        "Voted": _vote,
        "ProposalExecuted": _execute,
        "ContractAppointed": _appoint,
        "ReleasePublished": _release,
        "AuthorityRegistered": _register,
        "AuthorityDissolved": _dissolve,
        "KeyAdded": _add_key,
        "KeyRevoked": _revoke_key,
        "KeyCompromised": _compromise_key,
        "TypesGranted": _grant,
        "GrantWithdrawn": _withdraw,
        "RecognitionSet": _recognise,
        "PartnerSponsored": _sponsor,
        "PartnerEnded": _end_sponsorship,
    }


def _known_levels(division: str, cells: Mapping[str, V]) -> Iterator[V]:
    """Yield what is known for a parsed division and those that contain it, the narrowest first."""
    for digits in range(len(division), 0, -2):
        if division[:digits] in cells:
            yield cells[division[:digits]]


def _amend(records: dict[K, R], name: K, **changes: Any) -> None:  # noqa: ANN401 - any of its fields
    """Replace fields of a record; a name that nobody registered changes nothing (rule 7)."""
    if name in records:
        records[name] = replace(records[name], **changes)


def _key_name(args: _Args) -> tuple[int, str | None, bytes]:
    return args["region"], _ascii(args["authority"]) or None, args["keyId"]


def _ascii(raw: bytes) -> str:
    # The contracts do not look into a code's bytes; one that is no ASCII equals no code that was ever parsed.
    return raw.rstrip(b"\0").decode("latin-1")

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsortium} from "../../src/IConsortium.sol";
import {Cast} from "./Cast.sol";
import {Roll} from "./Roll.sol";

/// @title What is put to the vote, what it would do, and what it did, by this book and not the Consortium's
abstract contract Motions is Roll {
    enum Kind {
        Admit,
        Remove,
        Heal,
        Appoint,
        Publish
    }

    struct Motion {
        Kind kind;
        uint32 region;
        address party;
        bytes32 role;
        uint64 expiresAt;
        bool executed;
    }

    /// @dev Three contracts for each role: the first is appointed at the founding, the others may succeed it.
    uint256 internal constant GENERATIONS = 3;

    address[] internal trusts;
    address[] internal anchors;
    address[] internal statuses;
    uint256 internal motionCount;
    mapping(uint256 id => Motion) internal motions;
    mapping(uint256 id => mapping(uint32 region => uint64 term)) internal votedInTerm;
    mapping(address contractAddress => bool) private _everAppointed;
    mapping(uint32 version => bool) private _published;

    /// @dev Three times in four something that can be done, if there is such a thing.
    function _drawMotion(uint256 kind, uint256 a, uint256 b) internal view returns (Motion memory m) {
        m.kind = Kind(kind % 5);
        m.region = Cast.region(a);
        m.party = Cast.named(b);
        if (m.kind == Kind.Appoint) (m.role, m.party) = _drawAppointment(a, b);
        if (b % 4 == 0) return m;
        if (m.kind == Kind.Admit) m.region = _outside(a);
        if (m.kind == Kind.Admit || m.kind == Kind.Heal) m.party = _free(b);
    }

    function _action(Motion memory m) internal pure returns (bytes memory) {
        if (m.kind == Kind.Admit) return abi.encodeCall(IConsortium.admitMember, (m.region, "a province", m.party));
        if (m.kind == Kind.Remove) return abi.encodeCall(IConsortium.removeMember, (m.region));
        if (m.kind == Kind.Heal) return abi.encodeCall(IConsortium.healAdmin, (m.region, m.party));
        if (m.kind == Kind.Appoint) return abi.encodeCall(IConsortium.appointContract, (m.role, m.party));
        string memory version = string(abi.encodePacked(m.region));
        return abi.encodeCall(IConsortium.publishRelease, ("items", version, keccak256(abi.encode(m.party)), 0));
    }

    /// @dev True where the Consortium must do it, were it voted for.
    function _isDoable(Motion memory m) internal view returns (bool) {
        bool member = seats[m.region].admin != address(0);
        bool free = _regionOf(m.party) == 0;
        if (m.kind == Kind.Admit) return !member && free;
        if (m.kind == Kind.Remove) return member && memberCount > 1;
        if (m.kind == Kind.Heal) return member && free;
        if (m.kind == Kind.Appoint) return !_everAppointed[m.party];
        return !_published[m.region];
    }

    function _carryOut(Motion memory m) internal {
        if (m.kind == Kind.Admit) {
            ++memberCount;
            ++seats[m.region].term;
            _seat(m.region, m.party);
        } else if (m.kind == Kind.Remove) {
            --memberCount;
            seats[m.region].admin = address(0);
        } else if (m.kind == Kind.Heal) {
            _seat(m.region, m.party);
        } else if (m.kind == Kind.Appoint) {
            current[m.role] = m.party;
            _everAppointed[m.party] = true;
        } else {
            _published[m.region] = true;
        }
    }

    /// @dev Votes of present members, cast in their present terms.
    function _votes(uint256 id) internal view returns (uint256 votes) {
        for (uint256 i = 0; i < Cast.REGIONS; ++i) {
            if (_hasVoted(id, Cast.region(i))) ++votes;
        }
    }

    function _hasVoted(uint256 id, uint32 region) internal view returns (bool) {
        return seats[region].admin != address(0) && votedInTerm[id][region] == seats[region].term;
    }

    function _isOpen(uint256 id) internal view returns (bool) {
        return id > 0 && id <= motionCount && !motions[id].executed && clock <= motions[id].expiresAt;
    }

    /// @dev Every second time the appointed one, if it is of this kind; else any of the kind.
    function _target(uint256 seed, address[] storage pool, bytes32 role) internal view returns (address) {
        for (uint256 i = 0; i < pool.length; ++i) {
            if (seed % 2 == 0 && pool[i] == current[role]) return pool[i];
        }
        return pool[seed / 2 % pool.length];
    }

    function _outside(uint256 seed) private view returns (uint32 region) {
        region = Cast.region(seed);
        for (uint256 i = 0; i < Cast.REGIONS && seats[region].admin != address(0); ++i) {
            region = Cast.region(seed % Cast.REGIONS + i);
        }
    }

    function _free(uint256 seed) private view returns (address party) {
        party = Cast.named(seed);
        for (uint256 i = 0; i < Cast.NAMED && _regionOf(party) != 0; ++i) {
            party = Cast.named(seed % Cast.NAMED + i);
        }
    }

    /// @dev One time in eight under a role that is not the contract's own.
    function _drawAppointment(uint256 a, uint256 b) private view returns (bytes32 role, address party) {
        uint256 which = a % 3;
        party = [trusts, anchors, statuses][which][b % GENERATIONS];
        if (b % 8 == 0) ++which;
        role = [Cast.TRUST, Cast.ANCHOR, Cast.STATUS][which % 3];
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsortium} from "../../src/IConsortium.sol";
import {Cast} from "./Cast.sol";
import {Motions} from "./Motions.sol";

/// @title What anybody may try with the Consortium, each try judged by the roll
abstract contract ConsortiumActs is Motions {
    /// @dev Four founders, an account for each role, and the three contracts appointed by vote.
    constructor() {
        (uint32[] memory regions, string[] memory names, address[] memory admins) = _founders();
        consortium = IConsortium(_deploy("Consortium", abi.encode(regions, names, admins)));
        for (uint256 i = 0; i < GENERATIONS; ++i) {
            trusts.push(_deploy("TrustRegistry", abi.encode(consortium)));
            anchors.push(_deploy("CertificateAnchor", abi.encode(consortium)));
            statuses.push(_deploy("StatusRegistry", abi.encode(consortium)));
        }
        _found();
    }

    /// @notice A member puts a change to the vote.
    function propose(uint256 who, uint256 kind, uint256 a, uint256 b, uint16 life) external atPresent {
        _propose(_actor(who, _admin(a)), _drawMotion(kind, a, b), clock + life);
    }

    /// @notice A member votes, for one of the last four motions.
    function vote(uint256 who, uint256 id, uint256 region) external atPresent {
        _vote(_actor(who, _admin(region)), _recent(id));
    }

    /// @notice A member runs one of the last four motions.
    function execute(uint256 who, uint256 id, uint256 region) external atPresent {
        _execute(_actor(who, _admin(region)), _recent(id));
    }

    /// @notice One proposes, so many vote (every second time all), and somebody executes.
    function decide(uint256 kind, uint256 a, uint256 b, uint256 votes, uint256 who) external atPresent {
        votes = votes % 2 == 0 ? memberCount : votes / 2 % (memberCount + 1);
        _decide(_drawMotion(kind, a, b), votes, _actor(who, _anyAdmin()));
    }

    /// @notice Somebody calls, without any vote, what only a vote may do.
    function decree(uint256 who, uint256 kind, uint256 a, uint256 b) external atPresent {
        Motion memory motion = _drawMotion(kind, a, b);
        bool done = _call(_actor(who, _admin(a)), address(consortium), _action(motion));
        _require(!done, Law.OnlyVotesDecide);
    }

    /// @notice An admin hands over.
    function transferAdmin(uint256 who, uint256 region, uint256 to) external atPresent {
        (address actor, address heir) = (_actor(who, _admin(region)), Cast.named(to));
        uint32 own = _regionOf(actor);
        bool right = own != 0 && _regionOf(heir) == 0;
        bool done = _call(actor, address(consortium), abi.encodeCall(IConsortium.transferAdmin, (heir)));
        _require(done || !right, Law.WhatIsRightIsDone);
        if (!done) return;
        _requireMember(actor);
        _seat(own, heir);
    }

    /// @notice An admin allows or forbids an account.
    function setAccount(uint256 who, uint256 region, uint256 role, uint256 account, bool may) external atPresent {
        _setAccount(_actor(who, _admin(region)), Cast.region(region), Cast.role(role), Cast.named(account), may);
    }

    /// @notice Every vote stands where it was cast, and nowhere else.
    function votesAreAsCast() external view returns (bool) {
        if (consortium.proposalCount() != motionCount) return false;
        for (uint256 id = 1; id <= motionCount; ++id) {
            IConsortium.Proposal memory standing = consortium.proposal(id);
            if (standing.votes != _votes(id) || standing.executed != motions[id].executed) return false;
            if (keccak256(standing.action) != keccak256(_action(motions[id]))) return false;
        }
        return true;
    }

    function _found() private atPresent {
        bytes32[3] memory roles = [Cast.TRUST, Cast.ANCHOR, Cast.STATUS];
        address[3] memory first = [trusts[0], anchors[0], statuses[0]];
        for (uint256 i = 0; i < 3; ++i) {
            _decide(Motion(Kind.Appoint, 0, first[i], roles[i], 0, false), Cast.FOUNDERS, _anyAdmin());
        }
        for (uint256 i = 0; i < Cast.FOUNDERS; ++i) {
            for (uint256 r = 0; r < 3; ++r) {
                _setAccount(_admin(i), Cast.region(i), Cast.role(r), Cast.named(6 + i), true);
            }
        }
    }

    function _decide(Motion memory motion, uint256 votes, address executor) private {
        uint256 id = _propose(_anyAdmin(), motion, clock + 10_000);
        for (uint256 i = 0; i < Cast.REGIONS && votes > 0; ++i) {
            if (_admin(i) == address(0)) continue;
            _vote(_admin(i), id);
            --votes;
        }
        _execute(executor, id);
    }

    function _propose(address actor, Motion memory motion, uint64 expiresAt) private returns (uint256) {
        bool right = _regionOf(actor) != 0 && expiresAt > clock;
        bytes memory call = abi.encodeCall(IConsortium.propose, (_action(motion), expiresAt));
        bool done = _call(actor, address(consortium), call);
        _require(done || !right, Law.WhatIsRightIsDone);
        if (!done) return 0;
        _requireMember(actor);
        motion.expiresAt = expiresAt;
        motions[++motionCount] = motion;
        return motionCount;
    }

    function _vote(address actor, uint256 id) private {
        uint32 region = _regionOf(actor);
        bool fresh = _isOpen(id) && !_hasVoted(id, region);
        bool done = _call(actor, address(consortium), abi.encodeCall(IConsortium.vote, (id)));
        _require(done || region == 0 || !fresh, Law.WhatIsRightIsDone);
        if (!done) return;
        _requireMember(actor);
        _require(fresh, Law.NothingPassesTwiceOrLate);
        votedInTerm[id][region] = seats[region].term;
    }

    function _execute(address actor, uint256 id) private {
        bool open = _isOpen(id);
        bool enough = 3 * _votes(id) > 2 * memberCount;
        bool doable = _isDoable(motions[id]);
        bool right = _regionOf(actor) != 0 && open && enough && doable;
        bool done = _call(actor, address(consortium), abi.encodeCall(IConsortium.execute, (id)));
        _require(done || !right, Law.WhatIsRightIsDone);
        if (!done) return;
        _requireMember(actor);
        _require(open, Law.NothingPassesTwiceOrLate);
        _require(enough, Law.NothingPassesBelowItsThreshold);
        _require(doable, motions[id].kind == Kind.Appoint ? Law.WhatIsSucceededNeverReturns : Law.OnlyVotesDecide);
        motions[id].executed = true;
        _carryOut(motions[id]);
    }

    function _setAccount(address actor, uint32 region, bytes32 role, address account, bool may) private {
        bool right = _isAdmin(region, actor);
        bytes memory call = abi.encodeCall(IConsortium.setAccount, (region, role, account, may));
        bool done = _call(actor, address(consortium), call);
        _require(done || !right, Law.WhatIsRightIsDone);
        if (!done) return;
        _requirePower(right, region, actor);
        _allow(region, role, account, may);
    }

    function _founders() private returns (uint32[] memory regions, string[] memory names, address[] memory admins) {
        regions = new uint32[](Cast.FOUNDERS);
        names = new string[](Cast.FOUNDERS);
        admins = new address[](Cast.FOUNDERS);
        for (uint256 i = 0; i < Cast.FOUNDERS; ++i) {
            (regions[i], names[i], admins[i]) = (Cast.region(i), "a province", Cast.named(i));
            ++seats[regions[i]].term;
            _seat(regions[i], admins[i]);
            ++memberCount;
        }
    }

    function _admin(uint256 region) private view returns (address) {
        return seats[Cast.region(region)].admin;
    }

    function _anyAdmin() private view returns (address admin) {
        for (uint256 i = 0; admin == address(0); ++i) {
            admin = _admin(i);
        }
    }

    function _recent(uint256 seed) private view returns (uint256) {
        return motionCount - seed % 4;
    }
}

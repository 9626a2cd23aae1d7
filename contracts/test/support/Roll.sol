// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsortium} from "../../src/IConsortium.sol";
import {Cast} from "./Cast.sol";
import {Witness} from "./Witness.sol";

/// @title Who is a member and who may act, kept apart from the Consortium and never read from it
/// @dev Every call of a campaign is judged by this: what was done without right is a breach, and so is a right refused.
abstract contract Roll is Witness {
    enum Law {
        StrangersDoNothing,
        RemovedMembersDoNothing,
        SucceededContractsAcceptNothing,
        WhatIsSucceededNeverReturns,
        NothingPassesBelowItsThreshold,
        NothingPassesTwiceOrLate,
        OnlyVotesDecide,
        BatchesNeverFork,
        TheAuditLogNeverShrinks,
        StatusMovesOnlyAsAllowed,
        FactsMoveOnlyAsAllowed,
        WhatIsRightIsDone
    }

    struct Seat {
        address admin;
        uint64 term;
    }

    /// @notice How often each law was broken.
    mapping(Law law => uint256) public breaches;

    IConsortium internal consortium;
    uint256 internal memberCount;
    mapping(uint32 region => Seat) internal seats;
    mapping(bytes32 role => address) internal current;
    mapping(uint32 region => mapping(uint64 term => mapping(bytes32 role => mapping(address account => bool)))) internal
        allowed;
    mapping(address admin => uint32 region) private _lastRegion;
    mapping(uint32 region => mapping(address account => bool)) private _hadPower;

    /// @notice The Consortium's members, admins, accounts and appointed contracts are those of this roll.
    function theConsortiumIsAsDecided() external view returns (bool) {
        if (consortium.members().length != memberCount || memberCount == 0) return false;
        for (uint32 i = 0; i < Cast.REGIONS; ++i) {
            uint32 region = Cast.region(i);
            if (consortium.adminOf(region) != seats[region].admin || !_accountsAgree(region)) return false;
        }
        for (uint256 i = 0; i < Cast.NAMED; ++i) {
            if (consortium.regionOf(Cast.named(i)) != _regionOf(Cast.named(i))) return false;
        }
        return _appointed(Cast.TRUST) && _appointed(Cast.ANCHOR) && _appointed(Cast.STATUS);
    }

    function _seat(uint32 region, address admin) internal {
        seats[region].admin = admin;
        _lastRegion[admin] = region;
        _hadPower[region][admin] = true;
    }

    function _allow(uint32 region, bytes32 role, address account, bool may) internal {
        allowed[region][seats[region].term][role][account] = may;
        if (may) _hadPower[region][account] = true;
    }

    function _mayAct(uint32 region, bytes32 role, address account) internal view returns (bool) {
        Seat storage seat = seats[region];
        return seat.admin != address(0) && allowed[region][seat.term][role][account];
    }

    function _isAdmin(uint32 region, address account) internal view returns (bool) {
        return account != address(0) && seats[region].admin == account;
    }

    function _regionOf(address admin) internal view returns (uint32) {
        for (uint256 i = 0; i < Cast.REGIONS; ++i) {
            if (_isAdmin(Cast.region(i), admin)) return Cast.region(i);
        }
        return 0;
    }

    /// @dev Three times in four somebody who has the right, if there is one; else anybody.
    function _actor(uint256 seed, address rightful) internal pure returns (address) {
        return seed % 4 != 0 && rightful != address(0) ? rightful : Cast.anyone(seed / 4);
    }

    function _account(uint32 region, bytes32 role) internal view returns (address) {
        for (uint256 i = 0; i < Cast.NAMED; ++i) {
            if (_mayAct(region, role, Cast.named(i))) return Cast.named(i);
        }
        return address(0);
    }

    function _require(bool held, Law law) internal {
        if (!held) ++breaches[law];
    }

    /// @dev A write for a region was done: the actor must have had the power, and the contract the role.
    function _requirePower(bool held, uint32 region, address actor) internal {
        bool removed = seats[region].admin == address(0) && _hadPower[region][actor];
        _require(held, removed ? Law.RemovedMembersDoNothing : Law.StrangersDoNothing);
    }

    function _requireMember(address actor) internal {
        uint32 last = _lastRegion[actor];
        bool removed = last != 0 && seats[last].admin == address(0);
        _require(_regionOf(actor) != 0, removed ? Law.RemovedMembersDoNothing : Law.StrangersDoNothing);
    }

    function _accountsAgree(uint32 region) private view returns (bool) {
        for (uint256 i = 0; i < 3 * Cast.NAMED; ++i) {
            (bytes32 role, address account) = (Cast.role(i), Cast.named(i / 3));
            if (consortium.mayAct(region, role, account) != _mayAct(region, role, account)) return false;
        }
        return true;
    }

    /// @dev The directory names what was decided last, and its entries meet without gap or overlap.
    function _appointed(bytes32 role) private view returns (bool) {
        IConsortium.Entry[] memory entries = consortium.directory(role);
        address last = entries.length == 0 ? address(0) : entries[entries.length - 1].contractAddress;
        if (last != current[role] || consortium.current(role) != last) return false;
        for (uint256 i = 0; i < entries.length; ++i) {
            uint64 until = i + 1 < entries.length ? entries[i + 1].fromBlock : 0;
            if (entries[i].untilBlock != until) return false;
        }
        return true;
    }
}

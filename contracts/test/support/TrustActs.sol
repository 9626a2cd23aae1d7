// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Cast} from "./Cast.sol";
import {ConsortiumActs} from "./ConsortiumActs.sol";

/// @title What all acts on the trust registries share: whom they concern, and how each try is judged
abstract contract TrustActs is ConsortiumActs {
    uint256 internal constant AUTHORITIES = 3;

    /// @dev Which registry, which authority, and the region whose admin alone may write.
    struct Subject {
        address by;
        bytes18 uscc;
        uint32 region;
    }

    /// @dev Divisions of the five regions, each beside the region that it lies in.
    function _division(uint256 seed) internal pure returns (uint32 division, uint32 region) {
        uint32[8] memory divisions = [uint32(31), 3101, 310_118, 320_509, 33, 3304, 340_100, 350_000];
        uint32[8] memory regions = [uint32(31), 31, 31, 32, 33, 33, 34, 35];
        return (divisions[seed % 8], regions[seed % 8]);
    }

    function _registry(uint256 which) internal view returns (address) {
        return _target(which, trusts, Cast.TRUST);
    }

    function _uscc(uint256 seed) internal pure returns (bytes18) {
        return bytes18(keccak256(abi.encode("authority", seed % AUTHORITIES)));
    }

    function _types(uint256 seed) internal pure returns (bytes21[] memory types) {
        types = new bytes21[](1 + seed % 2);
        for (uint256 i = 0; i < types.length; ++i) {
            types[i] = bytes21(keccak256(abi.encode("type", (seed / 2 + i) % 3)));
        }
    }

    /// @dev A time near now: never 0, which means none.
    function _time(uint256 seed) internal view returns (uint64) {
        return clock - 100 + uint64(seed % 200);
    }

    function _writer(uint256 who, uint32 region) internal view returns (address) {
        return _actor(who, seats[region].admin);
    }

    /// @dev Sends a write; `sound` is that the facts allow it, whoever writes.
    function _write(address actor, Subject memory s, bytes memory call, bool sound) internal returns (bool done) {
        bool appointed = current[Cast.TRUST] == s.by;
        bool powered = _isAdmin(s.region, actor);
        done = _call(actor, s.by, call);
        _require(done || !(sound && appointed && powered), Law.WhatIsRightIsDone);
        if (!done) return false;
        _requirePower(powered, s.region, actor);
        _require(appointed, Law.SucceededContractsAcceptNothing);
        _require(sound, Law.FactsMoveOnlyAsAllowed);
    }
}

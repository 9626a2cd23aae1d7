// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStatusRegistry} from "../../src/IStatusRegistry.sol";
import {Cast} from "./Cast.sol";
import {ConsortiumActs} from "./ConsortiumActs.sol";

/// @title What anybody may try with the status lists
abstract contract StatusActs is ConsortiumActs {
    uint32 private constant SIZE = 1024;

    struct Change {
        address by;
        uint32 region;
        uint64 list;
        uint32[] indices;
        uint8 status;
        uint64 effectiveAt;
    }

    mapping(address registry => mapping(uint32 region => uint64)) private _lists;
    mapping(address registry => mapping(uint32 region => mapping(uint64 list => uint8[SIZE]))) private _statuses;

    /// @dev One list stands from the start, so that a campaign comes to its statuses.
    constructor() atPresent {
        bytes memory call = abi.encodeCall(IStatusRegistry.createList, (Cast.FIRST_REGION, 1, SIZE));
        address account = _account(Cast.FIRST_REGION, Cast.STATUS);
        if (_try(account, statuses[0], Cast.FIRST_REGION, call, true)) ++_lists[statuses[0]][Cast.FIRST_REGION];
    }

    /// @notice Somebody opens a region's next list, or one out of turn, or of a wrong size.
    function createList(uint256 who, uint256 which, uint256 regionSeed, uint256 fault) external atPresent {
        (address by, uint32 region) = (_target(which, statuses, Cast.STATUS), Cast.favoured(regionSeed));
        bool sound = fault % 3 != 0;
        uint64 list = _lists[by][region] + (fault % 6 == 3 ? 2 : 1);
        uint32 size = fault % 6 == 0 ? SIZE + 1 : SIZE;
        address actor = _actor(who, _account(region, Cast.STATUS));
        bytes memory call = abi.encodeCall(IStatusRegistry.createList, (region, list, size));
        if (_try(actor, by, region, call, sound)) ++_lists[by][region];
    }

    /// @notice Somebody gives a status to certificates at the edges of words, every second time to lawful ones alone.
    function setStatus(uint256 who, uint256 which, uint256 region, uint256 picks, uint8 status, uint256 fault)
        external
        atPresent
    {
        Change memory c;
        (c.by, c.region) = (_target(which, statuses, Cast.STATUS), Cast.favoured(region));
        c.list = 1 + uint64(picks % 5) / 4;
        c.indices = picks % 2 == 0 ? _one(picks / 2) : picks % 16 == 1 ? _run(picks / 16) : _edges(picks / 16);
        c.status = fault % 16 == 0 ? 4 + status % 4 : status % 4;
        c.effectiveAt = fault % 16 == 1 ? clock + 1 : clock - uint64(fault % 3);
        if (fault % 2 == 1) _keepLawful(c);
        if (fault % 8 == 2 && c.indices.length > 1) (c.indices[0], c.indices[1]) = (c.indices[1], c.indices[0]);
        if (fault % 16 == 6 && c.indices.length > 1) c.indices[1] = c.indices[0];
        if (fault % 16 == 4 && c.indices.length > 0) c.indices[c.indices.length - 1] = SIZE;
        _setStatus(_actor(who, _account(c.region, Cast.STATUS)), c);
    }

    /// @notice Every status of every list is what the allowed changes made it, and no bit beside them is set.
    function statusesAreAsSet() external view returns (bool) {
        for (uint256 i = 0; i < GENERATIONS * Cast.REGIONS; ++i) {
            (address by, uint32 region) = (statuses[i % GENERATIONS], Cast.region(i / GENERATIONS));
            if (IStatusRegistry(by).listCount(region) != _lists[by][region]) return false;
            for (uint64 list = 1; list <= _lists[by][region]; ++list) {
                if (!_isAsSet(IStatusRegistry(by), region, list)) return false;
            }
        }
        return true;
    }

    function _setStatus(address actor, Change memory c) private {
        bool lawful = _isLawful(c);
        bytes memory call =
            abi.encodeCall(IStatusRegistry.setStatus, (c.region, c.list, c.indices, c.status, c.effectiveAt));
        if (!_try(actor, c.by, c.region, call, lawful && c.effectiveAt <= clock)) return;
        _require(lawful && c.effectiveAt <= clock, Law.StatusMovesOnlyAsAllowed);
        for (uint256 i = 0; i < c.indices.length; ++i) {
            if (c.indices[i] < SIZE) _statuses[c.by][c.region][c.list][c.indices[i]] = c.status;
        }
    }

    function _try(address actor, address by, uint32 region, bytes memory call, bool sound) private returns (bool done) {
        bool appointed = current[Cast.STATUS] == by;
        bool powered = _mayAct(region, Cast.STATUS, actor);
        done = _call(actor, by, call);
        _require(done || !(sound && appointed && powered), Law.WhatIsRightIsDone);
        if (!done) return false;
        _requirePower(powered, region, actor);
        _require(appointed, Law.SucceededContractsAcceptNothing);
    }

    function _isLawful(Change memory c) private view returns (bool) {
        if (c.list > _lists[c.by][c.region] || c.indices.length == 0) return false;
        for (uint256 i = 0; i < c.indices.length; ++i) {
            if (c.indices[i] >= SIZE || i > 0 && c.indices[i] <= c.indices[i - 1]) return false;
            if (!_isMove(_statuses[c.by][c.region][c.list][c.indices[i]], c.status)) return false;
        }
        return true;
    }

    /// @dev The six moves written out, so that no trick with bits is shared with the contract.
    function _isMove(uint8 from, uint8 to) private pure returns (bool) {
        if (from == 0) return to == 1 || to == 2 || to == 3;
        if (from == 2) return to == 0 || to == 1 || to == 3;
        return false;
    }

    function _keepLawful(Change memory c) private view {
        uint256 kept;
        for (uint256 i = 0; i < c.indices.length; ++i) {
            uint8 from = _statuses[c.by][c.region][c.list][c.indices[i]];
            if (_isMove(from, c.status)) c.indices[kept++] = c.indices[i];
        }
        _cut(c.indices, kept);
    }

    function _isAsSet(IStatusRegistry standing, uint32 region, uint64 list) private view returns (bool) {
        if (standing.listSize(region, list) != SIZE) return false;
        uint8[SIZE] storage expected = _statuses[address(standing)][region][list];
        uint32[8] memory edges = _allEdges();
        for (uint256 i = 0; i < edges.length; ++i) {
            if (standing.statusOf(region, list, edges[i]) != expected[edges[i]]) return false;
        }
        for (uint32 w = 0; w < SIZE / 128; ++w) {
            if (standing.word(region, list, w) != _word(expected, w)) return false;
        }
        return true;
    }

    function _word(uint8[SIZE] storage expected, uint32 w) private view returns (uint256 bits) {
        for (uint256 i = 128; i > 0; --i) {
            bits = bits * 4 + expected[w * 128 + i - 1];
        }
    }

    function _edges(uint256 picks) private pure returns (uint32[] memory chosen) {
        uint32[8] memory all = _allEdges();
        uint256 count;
        chosen = new uint32[](all.length);
        for (uint256 i = 0; i < all.length; ++i) {
            if (picks >> (2 * i) & 3 == 0) chosen[count++] = all[i];
        }
        _cut(chosen, count);
    }

    /// @dev One time in four any edge, else one of two, so that statuses move on and on.
    function _one(uint256 pick) private pure returns (uint32[] memory chosen) {
        chosen = new uint32[](1);
        chosen[0] = _allEdges()[pick % 4 == 0 ? pick / 4 % 8 : 3 + pick % 2];
    }

    function _cut(uint32[] memory list, uint256 length) private pure {
        assembly ("memory-safe") {
            mstore(list, length)
        }
    }

    function _run(uint256 seed) private pure returns (uint32[] memory chosen) {
        chosen = new uint32[](1 + seed % 40);
        for (uint32 i = 0; i < chosen.length; ++i) {
            chosen[i] = uint32(seed / 40 % 900) + 3 * i;
        }
    }

    function _allEdges() private pure returns (uint32[8] memory) {
        return [uint32(0), 63, 64, 127, 128, 640, 1022, 1023];
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICertificateAnchor} from "../../src/ICertificateAnchor.sol";
import {Cast} from "./Cast.sol";
import {ConsortiumActs} from "./ConsortiumActs.sol";

/// @title What anybody may try with the anchors, the appointed one and its successors
abstract contract AnchorActs is ConsortiumActs {
    uint8 private constant AUDIT_LOG = 2;

    struct Anchored {
        address by;
        uint32 region;
        uint8 kind;
        uint64 number;
        ICertificateAnchor.Batch batch;
    }

    struct Chain {
        uint64 count;
        uint64 size;
        bytes32 last;
    }

    Anchored[] private _anchored;
    mapping(address anchor => mapping(uint32 region => mapping(uint8 kind => Chain))) private _chains;

    /// @notice Somebody anchors the next batch, or half of the time something near it that must be refused.
    function anchor(uint256 who, uint256 which, uint256 region, bytes32 root, uint64 size, uint256 fault)
        external
        atPresent
    {
        Anchored memory a = _next(which, Cast.favoured(region), 1 + uint8(uint256(root) % 2), root, size);
        bool sound = a.kind != AUDIT_LOG || a.batch.size >= _chain(a).size;
        if (fault % 2 == 0) sound = _spoil(a, fault / 2) && sound;
        address actor = _actor(who, _account(a.region, _roleFor(a.kind)));
        _anchor(actor, a, sound);
    }

    /// @notice What was anchored stands as it was anchored, to the block and the second.
    function noBatchEverChanged() external view returns (bool) {
        for (uint256 i = 0; i < _anchored.length; ++i) {
            Anchored storage a = _anchored[i];
            ICertificateAnchor.Batch memory standing = ICertificateAnchor(a.by).batchOf(a.region, a.kind, a.number);
            if (keccak256(abi.encode(standing)) != keccak256(abi.encode(a.batch))) return false;
        }
        return true;
    }

    /// @notice Every chain has one batch for each number, each names the hash of the one before, none is missing.
    function theChainsNeverFork() external view returns (bool) {
        for (uint256 i = 0; i < GENERATIONS * Cast.REGIONS * 2; ++i) {
            uint8 kind = 1 + uint8(i % 2);
            if (!_isOneChain(ICertificateAnchor(anchors[i / 2 % GENERATIONS]), Cast.region(i / 6), kind)) return false;
        }
        return true;
    }

    function _anchor(address actor, Anchored memory a, bool sound) private {
        bool appointed = current[Cast.ANCHOR] == a.by;
        bool powered = _mayAct(a.region, _roleFor(a.kind), actor);
        bool done = _call(actor, a.by, _anchorCall(a));
        _require(done || !(sound && appointed && powered), Law.WhatIsRightIsDone);
        if (!done) return;
        _requirePower(powered, a.region, actor);
        _require(appointed, Law.SucceededContractsAcceptNothing);
        _require(sound || a.kind == AUDIT_LOG && a.batch.size < _chain(a).size, Law.BatchesNeverFork);
        _require(a.kind != AUDIT_LOG || a.batch.size >= _chain(a).size, Law.TheAuditLogNeverShrinks);
        _anchored.push(a);
        _chains[a.by][a.region][a.kind] = Chain(a.number, a.batch.size, _hash(a));
    }

    function _next(uint256 which, uint32 region, uint8 kind, bytes32 root, uint64 size)
        private
        view
        returns (Anchored memory a)
    {
        a.by = _target(which, anchors, Cast.ANCHOR);
        (a.region, a.kind) = (region, kind);
        Chain storage chain = _chain(a);
        a.number = chain.count + 1;
        uint64 grown = kind == AUDIT_LOG ? chain.size + size % 3 : size;
        a.batch = ICertificateAnchor.Batch(root, 1 + uint8(size % 2), grown, chain.last, height, clock);
        if (a.batch.size == 0) a.batch.size = 1;
    }

    /// @dev Makes one thing wrong; true where there was nothing to make wrong.
    function _spoil(Anchored memory a, uint256 fault) private view returns (bool) {
        fault %= 9;
        if (fault == 8) return !_shrink(a);
        if (fault == 0) --a.number;
        if (fault == 1) ++a.number;
        if (fault == 2) a.batch.previous = keccak256(abi.encode(a.batch.previous));
        if (fault == 3) a.batch.previous ^= bytes32(uint256(1));
        if (fault == 4) a.batch.hashAlg = 3 - 3 * (a.batch.hashAlg % 2);
        if (fault == 5) a.batch.size = 0;
        if (fault == 6) a.kind += 2;
        if (fault == 7) (a.number, a.batch.previous) = a.number > 1 ? (1, bytes32(0)) : (0, a.batch.previous);
        return false;
    }

    function _shrink(Anchored memory a) private view returns (bool) {
        uint64 standing = _chain(a).size;
        if (a.kind != AUDIT_LOG || standing < 2) return false;
        a.batch.size = standing - 1;
        return true;
    }

    function _isOneChain(ICertificateAnchor standing, uint32 region, uint8 kind) private view returns (bool) {
        uint64 count = standing.batchCount(region, kind);
        if (count != _chains[address(standing)][region][kind].count) return false;
        bytes32 previous;
        for (uint64 number = 1; number <= count; ++number) {
            ICertificateAnchor.Batch memory batch = standing.batchOf(region, kind, number);
            if (batch.previous != previous) return false;
            previous = _hash(Anchored(address(standing), region, kind, number, batch));
            if (standing.batchHash(region, kind, number) != previous) return false;
        }
        return previous == _chains[address(standing)][region][kind].last;
    }

    function _anchorCall(Anchored memory a) private pure returns (bytes memory) {
        ICertificateAnchor.Batch memory b = a.batch;
        return
            abi.encodeCall(
                ICertificateAnchor.anchor, (a.region, a.kind, a.number, b.root, b.hashAlg, b.size, b.previous)
            );
    }

    function _hash(Anchored memory a) private pure returns (bytes32) {
        ICertificateAnchor.Batch memory b = a.batch;
        return keccak256(abi.encode(a.region, a.kind, a.number, b.root, b.hashAlg, b.size, b.previous));
    }

    function _chain(Anchored memory a) private view returns (Chain storage) {
        return _chains[a.by][a.region][a.kind];
    }

    function _roleFor(uint8 kind) private pure returns (bytes32) {
        return kind == AUDIT_LOG ? Cast.AUDIT : Cast.ANCHOR;
    }
}

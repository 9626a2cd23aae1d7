// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Appointed} from "./Appointed.sol";
import {IConsortium} from "./IConsortium.sol";
import {ICertificateAnchor} from "./ICertificateAnchor.sol";

/// @title Where a region proves that a certificate, or a use of one, existed at a time
contract CertificateAnchor is Appointed, ICertificateAnchor {
    uint8 private constant CERTIFICATES = 1;
    uint8 private constant AUDIT_LOG = 2;
    uint8 private constant SHA_256 = 1;
    uint8 private constant SM3 = 2;

    mapping(uint32 region => mapping(uint8 kind => uint64)) private _counts;
    mapping(uint32 region => mapping(uint8 kind => mapping(uint64 number => Batch))) private _batches;

    constructor(IConsortium consortium_) Appointed(consortium_, keccak256("anchor")) {}

    /// @inheritdoc ICertificateAnchor
    function anchor(
        uint32 region,
        uint8 kind,
        uint64 number,
        bytes32 root,
        uint8 hashAlg,
        uint64 size,
        bytes32 previous
    ) external whileCurrent {
        _requireAccount(region, _roleFor(kind));
        _requireNext(region, kind, number, previous);
        require(hashAlg == SHA_256 || hashAlg == SM3, AnchorUnsupportedHash(hashAlg));
        require(size > 0, AnchorEmpty());
        if (kind == AUDIT_LOG) _requireGrowth(_batches[region][kind][number - 1].size, size);
        _counts[region][kind] = number;
        _batches[region][kind][number] =
            Batch(root, hashAlg, size, previous, uint64(block.number), uint64(block.timestamp));
        _record(BatchAnchored.selector, abi.encode(region, kind, number, root, hashAlg, size, previous));
    }

    /// @inheritdoc ICertificateAnchor
    function batchOf(uint32 region, uint8 kind, uint64 number) external view returns (Batch memory) {
        return _knownBatch(region, kind, number);
    }

    /// @inheritdoc ICertificateAnchor
    function batchCount(uint32 region, uint8 kind) external view returns (uint64) {
        return _counts[region][kind];
    }

    /// @inheritdoc ICertificateAnchor
    function batchHash(uint32 region, uint8 kind, uint64 number) public view returns (bytes32) {
        Batch storage b = _knownBatch(region, kind, number);
        return keccak256(abi.encode(region, kind, number, b.root, b.hashAlg, b.size, b.previous));
    }

    /// @inheritdoc ICertificateAnchor
    function verifyInclusion(
        uint32 region,
        uint8 kind,
        uint64 number,
        bytes32 fingerprint,
        uint64 index,
        bytes32[] calldata path
    ) external view returns (bool) {
        Batch storage batch = _knownBatch(region, kind, number);
        require(batch.hashAlg == SHA_256, AnchorUnsupportedHash(batch.hashAlg));
        if (index >= batch.size) return false;
        (bool complete, bytes32 root) = _climb(fingerprint, index, batch.size - 1, path);
        return complete && root == batch.root;
    }

    /// @dev RFC 9162 section 2.1.3.2, with its names fn, sn, r.
    function _climb(bytes32 fingerprint, uint64 fn, uint64 sn, bytes32[] calldata path)
        private
        pure
        returns (bool complete, bytes32 r)
    {
        r = sha256(abi.encodePacked(uint8(0), fingerprint));
        for (uint256 i = 0; i < path.length; ++i) {
            if (sn == 0) return (false, r);
            if (fn & 1 == 1 || fn == sn) {
                r = sha256(abi.encodePacked(uint8(1), path[i], r));
                while (fn & 1 == 0 && fn != 0) (fn, sn) = (fn >> 1, sn >> 1);
            } else {
                r = sha256(abi.encodePacked(uint8(1), r, path[i]));
            }
            (fn, sn) = (fn >> 1, sn >> 1);
        }
        return (sn == 0, r);
    }

    function _requireNext(uint32 region, uint8 kind, uint64 number, bytes32 previous) private view {
        uint64 count = _counts[region][kind];
        require(number == count + 1, AnchorWrongNumber(count + 1, number));
        bytes32 expected = count == 0 ? bytes32(0) : batchHash(region, kind, count);
        require(previous == expected, AnchorWrongPrevious(expected, previous));
    }

    function _requireGrowth(uint64 standing, uint64 given) private pure {
        require(given >= standing, AnchorShrunk(standing, given));
    }

    function _knownBatch(uint32 region, uint8 kind, uint64 number) private view returns (Batch storage batch) {
        batch = _batches[region][kind][number];
        require(batch.size > 0, AnchorUnknownBatch(region, kind, number));
    }

    function _roleFor(uint8 kind) private pure returns (bytes32) {
        require(kind == CERTIFICATES || kind == AUDIT_LOG, AnchorUnknownKind(kind));
        return kind == CERTIFICATES ? keccak256("anchor") : keccak256("audit");
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Numbered batches of fingerprints, one chain of batches per region and kind
/// @notice Kinds: 1 certificates (a tree a batch), 2 the region's audit log (one growing tree). Hash algorithms:
/// 1 SHA-256, 2 SM3. Roots are those of RFC 9162 section 2.1.1.
interface ICertificateAnchor {
    struct Batch {
        bytes32 root;
        uint8 hashAlg;
        uint64 size;
        bytes32 previous;
        uint64 blockNumber;
        uint64 time;
    }

    event BatchAnchored(
        uint32 region, uint8 kind, uint64 number, bytes32 root, uint8 hashAlg, uint64 size, bytes32 previous
    );

    /// @notice No such kind.
    error AnchorUnknownKind(uint8 kind);
    /// @notice Batches are numbered 1, 2, 3 without a gap.
    error AnchorWrongNumber(uint64 expected, uint64 given);
    /// @notice A batch names the hash of the one before it; the first names zero.
    error AnchorWrongPrevious(bytes32 expected, bytes32 given);
    /// @notice No such hash algorithm, or (in verifyInclusion) one that the chain cannot compute.
    error AnchorUnsupportedHash(uint8 hashAlg);
    /// @notice A batch has at least one leaf.
    error AnchorEmpty();
    /// @notice The audit log never shrinks.
    error AnchorShrunk(uint64 standing, uint64 given);
    /// @notice No such batch.
    error AnchorUnknownBatch(uint32 region, uint8 kind, uint64 number);

    /// @notice Records the next batch of a region and kind; by its accounts in the role "anchor" (kind 1) or "audit" (2).
    /// @param previous keccak256(abi.encode(region, kind, number, root, hashAlg, size, previous)) of the batch before.
    function anchor(
        uint32 region,
        uint8 kind,
        uint64 number,
        bytes32 root,
        uint8 hashAlg,
        uint64 size,
        bytes32 previous
    ) external;

    /// @notice A batch with the block and time that it was recorded in; refused where there is none.
    function batchOf(uint32 region, uint8 kind, uint64 number) external view returns (Batch memory);

    /// @notice How many batches there are; the last has this number.
    function batchCount(uint32 region, uint8 kind) external view returns (uint64);

    /// @notice What the batch after this one names as its previous.
    function batchHash(uint32 region, uint8 kind, uint64 number) external view returns (bytes32);

    /// @notice True if the fingerprint is leaf `index` of the batch (RFC 9162 section 2.1.3.2); SHA-256 only.
    /// @dev Refused, not false, where there is no such batch: absence is not forgery.
    function verifyInclusion(
        uint32 region,
        uint8 kind,
        uint64 number,
        bytes32 fingerprint,
        uint64 index,
        bytes32[] calldata path
    ) external view returns (bool);
}

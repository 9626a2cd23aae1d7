// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Status lists as bitmaps, two bits a certificate
/// @notice 0 valid, 1 invalid, 2 suspended (Token Status List), 3 superseded (application-specific). Status 1 and 3 are
/// final; 0 and 2 change into each other and into those. No reason is ever written here: an index once seen would tell
/// it for ever.
interface IStatusRegistry {
    event StatusListCreated(uint32 region, uint64 list, uint32 size);
    event StatusChanged(uint32 region, uint64 list, uint32[] indices, uint8 status, uint64 effectiveAt);

    /// @notice Lists are numbered 1, 2, 3 without a gap.
    error StatusWrongNumber(uint64 expected, uint64 given);
    /// @notice A size is a power of two, 1024 at least.
    error StatusBadSize(uint32 size);
    /// @notice No such list.
    error StatusUnknownList(uint32 region, uint64 list);
    /// @notice No such status.
    error StatusUnknown(uint8 status);
    /// @notice A call changes at least one index.
    error StatusNoIndices();
    /// @notice Indices rise strictly.
    error StatusUnordered(uint32 index);
    /// @notice The index is not within the list.
    error StatusOutOfRange(uint32 index);
    /// @notice This status does not change into that one.
    error StatusForbiddenMove(uint32 index, uint8 from, uint8 to);
    /// @notice A change takes effect now or earlier.
    error StatusFutureEffect(uint64 effectiveAt);

    /// @notice Opens a region's next list with all valid; by its accounts in the role "status".
    /// @param size How many certificates: a power of two (deployments use 2^17 or more).
    function createList(uint32 region, uint64 list, uint32 size) external;

    /// @notice Gives one status to many certificates; by the region's accounts in the role "status". All or none.
    /// @param indices Strictly rising.
    /// @param effectiveAt When it took effect in law, Unix seconds; not later than the block.
    function setStatus(uint32 region, uint64 list, uint32[] calldata indices, uint8 status, uint64 effectiveAt) external;

    /// @notice The status of one certificate.
    function statusOf(uint32 region, uint64 list, uint32 index) external view returns (uint8);

    /// @notice 128 statuses at once: index 128w + i stands at bits 2i and 2i+1.
    function word(uint32 region, uint64 list, uint32 w) external view returns (uint256);

    /// @notice How many certificates a list has; refused where there is no such list.
    function listSize(uint32 region, uint64 list) external view returns (uint32);

    /// @notice How many lists a region has; the last has this number.
    function listCount(uint32 region) external view returns (uint64);
}

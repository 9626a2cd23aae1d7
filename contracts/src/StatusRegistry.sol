// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Appointed} from "./Appointed.sol";
import {IConsortium} from "./IConsortium.sol";
import {IStatusRegistry} from "./IStatusRegistry.sol";

/// @title The present status of every certificate
contract StatusRegistry is Appointed, IStatusRegistry {
    bytes32 private constant STATUS = keccak256("status");
    uint32 private constant LEAST_SIZE = 1024;
    uint8 private constant LAST_STATUS = 3;

    mapping(uint32 region => uint64) private _counts;
    mapping(uint32 region => mapping(uint64 list => uint32)) private _sizes;
    mapping(uint32 region => mapping(uint64 list => mapping(uint32 w => uint256))) private _words;

    constructor(IConsortium consortium_) Appointed(consortium_, STATUS) {}

    /// @inheritdoc IStatusRegistry
    function createList(uint32 region, uint64 list, uint32 size) external whileCurrent {
        _requireAccount(region, STATUS);
        uint64 next = _counts[region] + 1;
        require(list == next, StatusWrongNumber(next, list));
        require(size >= LEAST_SIZE && size & (size - 1) == 0, StatusBadSize(size));
        _counts[region] = list;
        _sizes[region][list] = size;
        _record(StatusListCreated.selector, abi.encode(region, list, size));
    }

    /// @inheritdoc IStatusRegistry
    function setStatus(uint32 region, uint64 list, uint32[] calldata indices, uint8 status, uint64 effectiveAt)
        external
        whileCurrent
    {
        _requireAccount(region, STATUS);
        require(status <= LAST_STATUS, StatusUnknown(status));
        require(effectiveAt <= block.timestamp, StatusFutureEffect(effectiveAt));
        require(indices.length > 0, StatusNoIndices());
        _write(_words[region][list], indices, status, listSize(region, list));
        _record(StatusChanged.selector, abi.encode(region, list, indices, status, effectiveAt));
    }

    /// @inheritdoc IStatusRegistry
    function statusOf(uint32 region, uint64 list, uint32 index) external view returns (uint8) {
        require(index < listSize(region, list), StatusOutOfRange(index));
        return _statusIn(_words[region][list][index >> 7], index);
    }

    /// @inheritdoc IStatusRegistry
    function word(uint32 region, uint64 list, uint32 w) external view returns (uint256) {
        require(w < listSize(region, list) >> 7, StatusOutOfRange(w));
        return _words[region][list][w];
    }

    /// @inheritdoc IStatusRegistry
    function listSize(uint32 region, uint64 list) public view returns (uint32 size) {
        size = _sizes[region][list];
        require(size > 0, StatusUnknownList(region, list));
    }

    /// @inheritdoc IStatusRegistry
    function listCount(uint32 region) external view returns (uint64) {
        return _counts[region];
    }

    /// @dev Indices rise, so each word is read once and written once.
    function _write(
        mapping(uint32 => uint256) storage words,
        uint32[] calldata indices,
        uint8 status,
        uint32 size
    ) private {
        uint32 w = indices[0] >> 7;
        uint256 bits = words[w];
        uint256 least = 0;
        for (uint256 i = 0; i < indices.length; ++i) {
            uint32 index = indices[i];
            require(index >= least, StatusUnordered(index));
            require(index < size, StatusOutOfRange(index));
            if (index >> 7 != w) {
                words[w] = bits;
                w = index >> 7;
                bits = words[w];
            }
            bits ^= _move(_statusIn(bits, index), status, index);
            least = uint256(index) + 1;
        }
        words[w] = bits;
    }

    /// @dev The bits to flip. Odd statuses are final, and no status changes into itself.
    function _move(uint8 from, uint8 to, uint32 index) private pure returns (uint256) {
        require(from & 1 == 0 && from != to, StatusForbiddenMove(index, from, to));
        return uint256(from ^ to) << ((index & 127) << 1);
    }

    function _statusIn(uint256 bits, uint32 index) private pure returns (uint8) {
        return uint8((bits >> ((index & 127) << 1)) & 3);
    }
}

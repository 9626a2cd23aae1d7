// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IChronicle} from "./IChronicle.sol";

/// @title The first base of every contract here: its two slots are slots 0 and 1, frozen
abstract contract Chronicle is IChronicle {
    uint256 private _count; // slot 0
    bytes32 private _head; // slot 1

    /// @inheritdoc IChronicle
    function chronicle() external view returns (uint256 count, bytes32 head) {
        return (_count, _head);
    }

    /// @dev Emits the event and takes it into the running hash. One encoding serves both, so they cannot differ.
    function _record(bytes32 topic, bytes memory data) internal {
        _head = keccak256(abi.encode(_head, topic, keccak256(data)));
        ++_count;
        assembly ("memory-safe") {
            log1(add(data, 0x20), mload(data), topic)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A contract that keeps the count and a running hash of everything it ever emitted
/// @notice One storage proof of slots 0 and 1 at a height shows a follower that it has every event and no other.
interface IChronicle {
    /// @notice How many events there are, and the hash over all of them in their order.
    /// @dev head(0) = 0; head(n) = keccak256(abi.encode(head(n-1), topic0, keccak256(data))), where topic0 is the hash
    /// of the event's signature and data is the log's data. No event has an indexed parameter, so data is the whole event.
    function chronicle() external view returns (uint256 count, bytes32 head);
}

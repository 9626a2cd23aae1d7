// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @title The surface of OpenAttestation's document store before version 4, which oa-verify and tt-verify read
/// @notice For timing alone: it stands on a throw-away chain of this machine.
contract DocumentStore {
    address public immutable owner = msg.sender;
    mapping(bytes32 => uint256) private _issued;

    /// @notice Note a document's Merkle root as issued.
    function issue(bytes32 root) external {
        require(msg.sender == owner);
        _issued[root] = block.number;
    }

    /// @notice Whether a root was issued.
    function isIssued(bytes32 root) external view returns (bool) {
        return _issued[root] != 0;
    }

    /// @notice Nothing is ever revoked here.
    function isRevoked(bytes32) external pure returns (bool) {
        return false;
    }

    /// @notice ERC-165, and not the batchable store's interface.
    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == 0x01ffc9a7;
    }
}

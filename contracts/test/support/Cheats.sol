// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The few of forge's cheat codes that the attacks use
interface Cheats {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    /// @notice The next call comes from this sender.
    function prank(address sender) external;
    /// @notice The next call must be refused, with whatever reason.
    function expectRevert() external;
    /// @notice The next call must be refused with exactly these bytes.
    function expectRevert(bytes calldata reason) external;
    /// @notice Inputs that do not satisfy this are drawn again.
    function assume(bool condition) external pure;
    function warp(uint256 time) external;
    function roll(uint256 height) external;
    /// @notice Collects logs from here on, those of refused calls too.
    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory);
    /// @notice Creates a contract that forge compiled.
    function deployCode(string calldata artifact, bytes calldata arguments) external returns (address);
    function getCode(string calldata artifact) external view returns (bytes memory);
    function readFile(string calldata path) external view returns (string memory);
    function parseJsonBytes(string calldata json, string calldata key) external pure returns (bytes memory);
}

/// @dev keccak256("hevm cheat code"), where forge answers.
Cheats constant CHEATS = Cheats(address(uint160(uint256(keccak256("hevm cheat code")))));

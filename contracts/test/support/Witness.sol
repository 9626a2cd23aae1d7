// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IChronicle} from "../../src/IChronicle.sol";
import {CHEATS, Cheats} from "./Cheats.sol";

/// @title Sends every call of a campaign, keeps its clock, and hashes the logs that it sees
/// @dev The running hash is computed from forge's record of the logs, apart from the contracts' own.
abstract contract Witness {
    struct Chronicled {
        uint256 count;
        bytes32 head;
    }

    /// @dev Forge may put the block back between two calls, so the campaign keeps its own.
    uint64 internal clock = 1_800_000_000;
    uint64 internal height = 1000;
    address[] internal watched;
    mapping(address emitter => Chronicled) internal seen;

    modifier atPresent() {
        CHEATS.warp(clock);
        CHEATS.roll(height);
        _;
    }

    /// @notice Time passes.
    function wait(uint16 time, uint8 blocks) external {
        clock += time;
        height += blocks;
    }

    /// @notice Every contract's count and running hash are those of the logs seen from outside.
    function theRunningHashIsOfTheLogs() external view returns (bool) {
        for (uint256 i = 0; i < watched.length; ++i) {
            (uint256 count, bytes32 head) = IChronicle(watched[i]).chronicle();
            Chronicled storage expected = seen[watched[i]];
            if (count != expected.count || head != expected.head) return false;
        }
        return true;
    }

    function _call(address sender, address target, bytes memory call) internal returns (bool done) {
        CHEATS.recordLogs();
        CHEATS.prank(sender);
        (done,) = target.call(call);
        Cheats.Log[] memory logs = CHEATS.getRecordedLogs();
        if (done) _read(logs);
    }

    function _deploy(string memory name, bytes memory arguments) internal returns (address made) {
        CHEATS.recordLogs();
        made = CHEATS.deployCode(string.concat(name, ".sol:", name), arguments);
        _read(CHEATS.getRecordedLogs());
        watched.push(made);
    }

    function _read(Cheats.Log[] memory logs) private {
        for (uint256 i = 0; i < logs.length; ++i) {
            require(logs[i].topics.length == 1, "an indexed field");
            Chronicled storage so = seen[logs[i].emitter];
            so.head = keccak256(abi.encode(so.head, logs[i].topics[0], keccak256(logs[i].data)));
            ++so.count;
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsortium} from "../src/IConsortium.sol";
import {Cast} from "./support/Cast.sol";
import {Founded} from "./support/Founded.sol";
import {Writers} from "./support/Writers.sol";

/// @title Every writing function of a succeeded contract, whoever calls: also whom the present one obeys
contract SuccessionTest is Founded {
    bytes4 private constant NOT_CURRENT = bytes4(keccak256("AppointedNotCurrent(bytes32)"));
    /// @dev Arguments of zeros are well formed for every function: all offsets are 0, all lengths are 0.
    uint256 private constant ENOUGH_WORDS = 16;

    IConsortium private _law;
    address[4] private _contracts;

    function setUp() external {
        _law = _consortium();
        for (uint256 generation = 0; generation < 2; ++generation) {
            address[4] memory made = [
                address(_law),
                _appoint(_law, "TrustRegistry", Cast.TRUST),
                _appoint(_law, "CertificateAnchor", Cast.ANCHOR),
                _appoint(_law, "StatusRegistry", Cast.STATUS)
            ];
            if (generation == 0) _contracts = made;
        }
    }

    function test_EveryWriterOfASucceededContractIsRefused() external {
        for (uint256 which = 1; which < 4; ++which) {
            bytes4[] memory writers = Writers.inContract(which);
            for (uint256 i = 0; i < writers.length; ++i) {
                bytes memory call = bytes.concat(writers[i], new bytes(32 * ENOUGH_WORDS));
                (bool done, bytes memory reason) = _contracts[which].call(call);
                require(!done && bytes4(reason) == NOT_CURRENT, "a succeeded contract looked at a call");
            }
        }
    }

    function testFuzz_NoArgumentsOpenASucceededContract(bytes4 draw, bytes calldata arguments) external {
        for (uint256 which = 1; which < 4; ++which) {
            bytes4[] memory writers = Writers.inContract(which);
            (bool done,) = _contracts[which].call(bytes.concat(writers[uint32(draw) % writers.length], arguments));
            require(!done, "a succeeded contract was written to");
        }
    }
}

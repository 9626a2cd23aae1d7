// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CHEATS} from "./support/Cheats.sol";

/// @title What is attacked here is what is deployed: forge made the committed artefacts' very bytes
contract ArtifactsTest {
    function test_ForgeMakesTheCommittedBytes() external view {
        string[4] memory names = ["Consortium", "TrustRegistry", "CertificateAnchor", "StatusRegistry"];
        for (uint256 i = 0; i < names.length; ++i) {
            bytes memory made = CHEATS.getCode(string.concat(names[i], ".sol:", names[i]));
            string memory committed = CHEATS.readFile(string.concat("artifacts/", names[i], ".json"));
            require(keccak256(made) == keccak256(CHEATS.parseJsonBytes(committed, ".bytecode")), names[i]);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICertificateAnchor} from "../../src/ICertificateAnchor.sol";
import {IConsortium} from "../../src/IConsortium.sol";
import {IStatusRegistry} from "../../src/IStatusRegistry.sol";
import {ITrustRegistry} from "../../src/ITrustRegistry.sol";

/// @title Every function that writes, by contract: 0 Consortium, 1 trust, 2 anchor, 3 status
library Writers {
    function inContract(uint256 which) internal pure returns (bytes4[] memory writers) {
        if (which == 0) return _consortium();
        if (which == 1) return _trust();
        writers = new bytes4[](which == 2 ? 1 : 2);
        writers[0] = which == 2 ? ICertificateAnchor.anchor.selector : IStatusRegistry.createList.selector;
        if (which == 3) writers[1] = IStatusRegistry.setStatus.selector;
    }

    function _consortium() private pure returns (bytes4[] memory writers) {
        writers = new bytes4[](10);
        writers[0] = IConsortium.propose.selector;
        writers[1] = IConsortium.vote.selector;
        writers[2] = IConsortium.execute.selector;
        writers[3] = IConsortium.admitMember.selector;
        writers[4] = IConsortium.removeMember.selector;
        writers[5] = IConsortium.healAdmin.selector;
        writers[6] = IConsortium.appointContract.selector;
        writers[7] = IConsortium.publishRelease.selector;
        writers[8] = IConsortium.transferAdmin.selector;
        writers[9] = IConsortium.setAccount.selector;
    }

    function _trust() private pure returns (bytes4[] memory writers) {
        writers = new bytes4[](10);
        writers[0] = ITrustRegistry.registerAuthority.selector;
        writers[1] = ITrustRegistry.dissolveAuthority.selector;
        writers[2] = ITrustRegistry.addKey.selector;
        writers[3] = ITrustRegistry.revokeKey.selector;
        writers[4] = ITrustRegistry.declareCompromised.selector;
        writers[5] = ITrustRegistry.grant.selector;
        writers[6] = ITrustRegistry.withdrawGrant.selector;
        writers[7] = ITrustRegistry.recognise.selector;
        writers[8] = ITrustRegistry.sponsorPartner.selector;
        writers[9] = ITrustRegistry.endSponsorship.selector;
    }
}

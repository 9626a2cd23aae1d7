// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Campaign} from "./support/Campaign.sol";
import {RecognitionActs} from "./support/RecognitionActs.sol";
import {Roll} from "./support/Roll.sol";

contract TrustActors is RecognitionActs {}

/// @title The trust registries under attack, while members and the appointed registry change
contract TrustAttack is Campaign {
    TrustActors private _actors;

    function setUp() external {
        _actors = new TrustActors();
        bytes4[] memory acts = new bytes4[](13);
        acts[0] = _actors.registerAuthority.selector;
        acts[1] = _actors.dissolveAuthority.selector;
        acts[2] = _actors.addKey.selector;
        acts[3] = _actors.endKey.selector;
        acts[4] = _actors.grant.selector;
        acts[5] = _actors.withdrawGrant.selector;
        acts[6] = _actors.recognise.selector;
        acts[7] = _actors.sponsor.selector;
        acts[8] = _actors.decide.selector;
        acts[9] = _actors.transferAdmin.selector;
        acts[10] = _actors.wait.selector;
        acts[11] = _actors.endKey.selector;
        acts[12] = _actors.sponsor.selector;
        _target(address(_actors), acts);
    }

    function invariant_FactsMoveOnlyAsAllowed() external view {
        _requireKept(_actors, Roll.Law.FactsMoveOnlyAsAllowed, "a forbidden change was taken");
        require(_actors.authoritiesAndKeysAreAsWritten(), "an authority or a key is not as written");
        require(_actors.recognitionsAreAsWritten(), "a grant, a recognition or a partner is not as written");
    }

    function invariant_OnlyTheRegionsAdminWrites() external view {
        _requireKept(_actors, Roll.Law.StrangersDoNothing, "a stranger wrote");
        _requireKept(_actors, Roll.Law.RemovedMembersDoNothing, "a removed member wrote");
    }

    function invariant_ASucceededRegistryAcceptsNothing() external view {
        _requireKept(_actors, Roll.Law.SucceededContractsAcceptNothing, "a registry without the role was written to");
    }

    function invariant_WhatIsRightIsDone() external view {
        _requireKept(_actors, Roll.Law.WhatIsRightIsDone, "a rightful act was refused");
        require(_actors.theRunningHashIsOfTheLogs(), "the running hash is not that of the logs");
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Campaign} from "./support/Campaign.sol";
import {Roll} from "./support/Roll.sol";
import {StatusActs} from "./support/StatusActs.sol";

contract StatusActors is StatusActs {}

/// @title The status lists under attack, while members, accounts and the appointed registry change
contract StatusAttack is Campaign {
    StatusActors private _actors;

    function setUp() external {
        _actors = new StatusActors();
        bytes4[] memory acts = new bytes4[](9);
        acts[0] = _actors.setStatus.selector;
        acts[1] = _actors.setStatus.selector;
        acts[2] = _actors.setStatus.selector;
        acts[3] = _actors.createList.selector;
        acts[4] = _actors.decide.selector;
        acts[5] = _actors.setAccount.selector;
        acts[6] = _actors.wait.selector;
        acts[7] = _actors.setStatus.selector;
        acts[8] = _actors.setStatus.selector;
        _target(address(_actors), acts);
    }

    function invariant_StatusMovesOnlyAsAllowed() external view {
        _requireKept(_actors, Roll.Law.StatusMovesOnlyAsAllowed, "a forbidden change was taken");
        require(_actors.statusesAreAsSet(), "a status is not what was set");
    }

    function invariant_OnlyTheIssuingRegionSetsStatus() external view {
        _requireKept(_actors, Roll.Law.StrangersDoNothing, "a stranger set a status");
        _requireKept(_actors, Roll.Law.RemovedMembersDoNothing, "a removed member set a status");
    }

    function invariant_ASucceededRegistryAcceptsNothing() external view {
        _requireKept(_actors, Roll.Law.SucceededContractsAcceptNothing, "a registry without the role was written to");
    }

    function invariant_WhatIsRightIsDone() external view {
        _requireKept(_actors, Roll.Law.WhatIsRightIsDone, "a rightful act was refused");
        require(_actors.theRunningHashIsOfTheLogs(), "the running hash is not that of the logs");
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AnchorActs} from "./support/AnchorActs.sol";
import {Campaign} from "./support/Campaign.sol";
import {Roll} from "./support/Roll.sol";

contract AnchorActors is AnchorActs {}

/// @title The anchors under attack, while members, accounts and the appointed anchor change
contract AnchorAttack is Campaign {
    AnchorActors private _actors;

    function setUp() external {
        _actors = new AnchorActors();
        bytes4[] memory acts = new bytes4[](6);
        acts[0] = _actors.anchor.selector;
        acts[1] = _actors.anchor.selector;
        acts[2] = _actors.anchor.selector;
        acts[3] = _actors.decide.selector;
        acts[4] = _actors.setAccount.selector;
        acts[5] = _actors.wait.selector;
        _target(address(_actors), acts);
    }

    function invariant_ABatchNeverChanges() external view {
        require(_actors.noBatchEverChanged(), "a batch changed");
    }

    function invariant_TheChainOfBatchesNeverForks() external view {
        _requireKept(_actors, Roll.Law.BatchesNeverFork, "a batch out of its place was taken");
        _requireKept(_actors, Roll.Law.TheAuditLogNeverShrinks, "the audit log shrank");
        require(_actors.theChainsNeverFork(), "a chain of batches is not one chain");
    }

    function invariant_NoStrangerAnchors() external view {
        _requireKept(_actors, Roll.Law.StrangersDoNothing, "a stranger anchored");
        _requireKept(_actors, Roll.Law.RemovedMembersDoNothing, "a removed member anchored");
    }

    function invariant_ASucceededAnchorAcceptsNothing() external view {
        _requireKept(_actors, Roll.Law.SucceededContractsAcceptNothing, "an anchor without the role was written to");
    }

    function invariant_WhatIsRightIsDone() external view {
        _requireKept(_actors, Roll.Law.WhatIsRightIsDone, "a rightful act was refused");
        require(_actors.theRunningHashIsOfTheLogs(), "the running hash is not that of the logs");
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Campaign} from "./support/Campaign.sol";
import {ConsortiumActs} from "./support/ConsortiumActs.sol";
import {Roll} from "./support/Roll.sol";

contract ConsortiumActors is ConsortiumActs {}

/// @title The Consortium under attack by its members, those it removed, and strangers
contract ConsortiumAttack is Campaign {
    ConsortiumActors private _actors;

    function setUp() external {
        _actors = new ConsortiumActors();
        bytes4[] memory acts = new bytes4[](9);
        acts[0] = _actors.propose.selector;
        acts[1] = _actors.vote.selector;
        acts[2] = _actors.execute.selector;
        acts[3] = _actors.decide.selector;
        acts[4] = _actors.decree.selector;
        acts[5] = _actors.transferAdmin.selector;
        acts[6] = _actors.setAccount.selector;
        acts[7] = _actors.wait.selector;
        acts[8] = _actors.decide.selector;
        _target(address(_actors), acts);
    }

    function invariant_NoProposalExecutesBelowItsThreshold() external view {
        _requireKept(_actors, Roll.Law.NothingPassesBelowItsThreshold, "executed with too few votes");
    }

    function invariant_NoProposalExecutesTwiceOrLate() external view {
        _requireKept(_actors, Roll.Law.NothingPassesTwiceOrLate, "voted or executed when it was over");
        require(_actors.votesAreAsCast(), "a vote is not as it was cast");
    }

    function invariant_OnlyAVoteDecides() external view {
        _requireKept(_actors, Roll.Law.OnlyVotesDecide, "decided without a vote");
        require(_actors.theConsortiumIsAsDecided(), "members, accounts or directory differ from what was decided");
    }

    function invariant_ASucceededContractNeverReturns() external view {
        _requireKept(_actors, Roll.Law.WhatIsSucceededNeverReturns, "a contract was appointed twice");
    }

    function invariant_ARemovedMemberCanDoNothing() external view {
        _requireKept(_actors, Roll.Law.RemovedMembersDoNothing, "a removed member acted");
    }

    function invariant_AStrangerCanDoNothing() external view {
        _requireKept(_actors, Roll.Law.StrangersDoNothing, "a stranger acted");
    }

    function invariant_WhatIsRightIsDone() external view {
        _requireKept(_actors, Roll.Law.WhatIsRightIsDone, "a rightful act was refused");
        require(_actors.theRunningHashIsOfTheLogs(), "the running hash is not that of the logs");
    }
}

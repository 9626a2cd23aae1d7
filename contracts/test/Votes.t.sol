// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsortium} from "../src/IConsortium.sol";
import {Cast} from "./support/Cast.sol";
import {CHEATS} from "./support/Cheats.sol";
import {Founded} from "./support/Founded.sol";

/// @title What passes a vote, for consortia of any size and for any bytes put to the vote
contract VotesTest is Founded {
    uint256 private constant MOST = 12;

    function testFuzz_MoreThanTwoThirdsAndNoFewer(uint256 members, uint256 votes) external {
        members = 1 + members % MOST;
        votes = votes % (members + 1);
        IConsortium consortium = _consortium(_admins(members));
        uint256 id = _vote(consortium, votes, _release("1"));
        bool enough = votes * 3 > members * 2;
        bytes memory refusal = abi.encodeWithSelector(IConsortium.ConsortiumTooFewVotes.selector, votes, members);
        if (!enough) CHEATS.expectRevert(refusal);
        CHEATS.prank(_admin(0));
        consortium.execute(id);
        require(consortium.releaseCount() == (enough ? 1 : 0), "released against the vote");
    }

    function testFuzz_OneRegionIsOneVoteWhoeverIsItsAdmin(uint256 hands) external {
        IConsortium consortium = _consortium(_admins(4));
        uint256 id = _vote(consortium, 2, _release("1"));
        for (uint256 i = 0; i < 1 + hands % 4; ++i) {
            address heir = _admin(100 + i);
            CHEATS.prank(i == 0 ? _admin(0) : _admin(99 + i));
            consortium.transferAdmin(heir);
            CHEATS.expectRevert(abi.encodeWithSelector(IConsortium.ConsortiumVoted.selector, id, HOME));
            CHEATS.prank(heir);
            consortium.vote(id);
        }
        require(consortium.proposal(id).votes == 2, "a region counts twice");
    }

    function testFuzz_NothingIsExecutedTwice(uint64 later) external {
        IConsortium consortium = _consortium(_admins(1));
        uint256 id = _vote(consortium, 1, abi.encodeCall(IConsortium.healAdmin, (HOME, _admin(7))));
        CHEATS.prank(_admin(0));
        consortium.execute(id);
        CHEATS.warp(later);
        CHEATS.expectRevert(abi.encodeWithSelector(IConsortium.ConsortiumExecuted.selector, id));
        CHEATS.prank(_admin(7));
        consortium.execute(id);
    }

    function testFuzz_NothingIsVotedOnOrExecutedLate(uint64 expiresAt, uint64 now_) external {
        IConsortium consortium = _consortium(_admins(1));
        expiresAt = expiresAt < 2 ? 2 : expiresAt;
        uint256 id = _propose(consortium, _release("1"), expiresAt);
        CHEATS.prank(_admin(0));
        consortium.vote(id);
        CHEATS.warp(now_);
        bytes memory refusal = abi.encodeWithSelector(IConsortium.ConsortiumExpired.selector, id);
        if (now_ > expiresAt) CHEATS.expectRevert(refusal);
        CHEATS.prank(_admin(0));
        consortium.execute(id);
    }

    function testFuzz_OnlyTheSixActionsCanBePutToTheVote(bytes calldata action) external {
        bytes4 selector = action.length < 4 ? bytes4(0) : bytes4(action);
        CHEATS.assume(!_isAction(selector));
        IConsortium consortium = _consortium(_admins(1));
        CHEATS.expectRevert(abi.encodeWithSelector(IConsortium.ConsortiumUnknownAction.selector, selector));
        CHEATS.prank(_admin(0));
        consortium.propose(action, type(uint64).max);
    }

    function testFuzz_AnActionThatFailsLeavesItsProposalOpen(bytes4 draw, bytes calldata arguments) external {
        bytes4 selector = [
            IConsortium.admitMember.selector,
            IConsortium.removeMember.selector,
            IConsortium.appointContract.selector,
            IConsortium.publishRelease.selector,
            IConsortium.setValidators.selector
        ][uint32(draw) % 5];
        CHEATS.assume(arguments.length < 64);
        IConsortium consortium = _consortium(_admins(1));
        uint256 id = _vote(consortium, 1, bytes.concat(selector, arguments));
        (uint256 count, bytes32 head) = _chronicle(consortium);
        CHEATS.expectRevert();
        CHEATS.prank(_admin(0));
        consortium.execute(id);
        require(!consortium.proposal(id).executed, "executed in vain");
        (uint256 countAfter, bytes32 headAfter) = _chronicle(consortium);
        require(count == countAfter && head == headAfter, "a failure left a trace");
    }

    function _vote(IConsortium consortium, uint256 votes, bytes memory action) private returns (uint256 id) {
        id = _propose(consortium, action, type(uint64).max);
        for (uint256 i = 0; i < votes; ++i) {
            CHEATS.prank(_admin(i));
            consortium.vote(id);
        }
    }

    function _propose(IConsortium consortium, bytes memory action, uint64 expiresAt) private returns (uint256) {
        CHEATS.prank(_admin(0));
        return consortium.propose(action, expiresAt);
    }

    function _chronicle(IConsortium consortium) private view returns (uint256, bytes32) {
        (bool done, bytes memory answer) = address(consortium).staticcall(abi.encodeWithSignature("chronicle()"));
        require(done, "no chronicle");
        return abi.decode(answer, (uint256, bytes32));
    }

    function _release(string memory version) private pure returns (bytes memory) {
        return abi.encodeCall(IConsortium.publishRelease, ("catalogue", version, keccak256("list"), 0));
    }

    function _isAction(bytes4 selector) private pure returns (bool) {
        return selector == IConsortium.admitMember.selector || selector == IConsortium.removeMember.selector
            || selector == IConsortium.healAdmin.selector || selector == IConsortium.appointContract.selector
            || selector == IConsortium.publishRelease.selector || selector == IConsortium.setValidators.selector;
    }

    function _admins(uint256 count) private pure returns (address[] memory admins) {
        admins = new address[](count);
        for (uint256 i = 0; i < count; ++i) {
            admins[i] = _admin(i);
        }
    }

    function _admin(uint256 i) private pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("admin", i)))));
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsortium} from "../src/IConsortium.sol";
import {CHEATS} from "./support/Cheats.sol";
import {Founded} from "./support/Founded.sol";

/// @title What the validators read: their own set, and who may send
contract ValidatorsTest is Founded {
    bytes32 private constant ROLE = keccak256("anchor");

    IConsortium private _members;

    function setUp() external {
        _members = _consortium();
    }

    function testFuzz_LessThanAThirdJoinsAndLeavesAtOnce(uint256 was, uint256 staying, uint256 joining) external {
        (was, joining) = (1 + was % 16, joining % 16);
        staying = staying % (was + 1);
        CHEATS.assume(staying + joining > 0);
        _pass(_members, _set(_keys(0, was)));
        bytes memory action = _set(_both(_keys(0, staying), _keys(100, joining)));
        uint256 leaving = was - staying;
        bool little = joining * 3 < staying + joining && leaving * 3 < was;
        uint256 id = _members.propose(action, type(uint64).max);
        _members.vote(id);
        if (!little) {
            CHEATS.expectRevert(abi.encodeWithSelector(IConsortium.ConsortiumTooMuchAtOnce.selector, joining, leaving));
        }
        _members.execute(id);
        (uint256 epoch,, bytes32[] memory keys) = _members.validators();
        require(epoch == (little ? 2 : 1), "the epoch is not that of the last set");
        require(keys.length == (little ? staying + joining : was), "another set than the one voted for");
    }

    function testFuzz_NoKeyIsZeroOrTwice(uint256 count, uint256 place, bool zero) external {
        count = 2 + count % 15;
        bytes32[] memory keys = _keys(0, count);
        place %= count;
        keys[place] = zero ? bytes32(0) : keys[(place + 1) % count];
        _refuse(_set(keys), abi.encodeWithSelector(IConsortium.ConsortiumBadValidators.selector));
    }

    function test_OneTo64ValidatorsEachOfAMember() external {
        bytes memory bad = abi.encodeWithSelector(IConsortium.ConsortiumBadValidators.selector);
        _refuse(_set(_keys(0, 0)), bad);
        _refuse(_set(_keys(0, 65)), bad);
        uint32[] memory regions = new uint32[](1);
        regions[0] = 99;
        bytes memory unknown = abi.encodeWithSelector(IConsortium.ConsortiumUnknownMember.selector, uint32(99));
        _refuse(abi.encodeCall(IConsortium.setValidators, (regions, _keys(0, 1))), unknown);
        _refuse(
            abi.encodeCall(IConsortium.setValidators, (regions, _keys(0, 2))),
            abi.encodeWithSelector(IConsortium.ConsortiumUnequalLists.selector)
        );
        _pass(_members, _set(_keys(0, 64)));
    }

    function testFuzz_PowersAreSeatsAndRoles(uint256 times, address account) external {
        CHEATS.assume(account != address(0) && account != address(this));
        require(_members.powersOf(address(this)) == 1, "an admin holds a seat");
        for (uint256 i = 0; i < times % 5; ++i) {
            _members.setAccount(HOME, ROLE, account, true);
            require(_members.powersOf(account) == 1, "said twice is given once");
        }
        _members.setAccount(HOME, keccak256("audit"), account, true);
        _members.setAccount(HOME, ROLE, account, false);
        require(_members.powersOf(account) == 1, "the other role stays");
        _pass(_members, abi.encodeCall(IConsortium.admitMember, (32, "another", account)));
        require(_members.powersOf(account) == 2, "a role and a seat");
        _pass2(abi.encodeCall(IConsortium.removeMember, (HOME)), account);
        require(_members.powersOf(account) == 1, "a removed member's accounts keep nothing of it");
        require(_members.powersOf(address(this)) == 0, "nor does its admin");
    }

    function test_AMemberAllowsAtMost64Accounts() external {
        for (uint160 i = 1; i <= 64; ++i) {
            _members.setAccount(HOME, ROLE, address(i), true);
        }
        CHEATS.expectRevert(abi.encodeWithSelector(IConsortium.ConsortiumTooManyAccounts.selector, HOME));
        _members.setAccount(HOME, ROLE, address(65), true);
        _members.setAccount(HOME, ROLE, address(7), false);
        _members.setAccount(HOME, ROLE, address(65), true);
        require(_members.powersOf(address(7)) == 0 && _members.powersOf(address(65)) == 1, "another was let go");
    }

    /// @dev Two members: both vote.
    function _pass2(bytes memory action, address other) private {
        uint256 id = _members.propose(action, type(uint64).max);
        _members.vote(id);
        CHEATS.prank(other);
        _members.vote(id);
        _members.execute(id);
    }

    function _refuse(bytes memory action, bytes memory refusal) private {
        uint256 id = _members.propose(action, type(uint64).max);
        _members.vote(id);
        CHEATS.expectRevert(refusal);
        _members.execute(id);
    }

    function _set(bytes32[] memory keys) private pure returns (bytes memory) {
        uint32[] memory regions = new uint32[](keys.length);
        for (uint256 i = 0; i < keys.length; ++i) {
            regions[i] = HOME;
        }
        return abi.encodeCall(IConsortium.setValidators, (regions, keys));
    }

    function _keys(uint256 first, uint256 count) private pure returns (bytes32[] memory keys) {
        keys = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            keys[i] = keccak256(abi.encode("validator", first + i));
        }
    }

    function _both(bytes32[] memory a, bytes32[] memory b) private pure returns (bytes32[] memory keys) {
        keys = new bytes32[](a.length + b.length);
        for (uint256 i = 0; i < keys.length; ++i) {
            keys[i] = i < a.length ? a[i] : b[i - a.length];
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICertificateAnchor} from "../src/ICertificateAnchor.sol";
import {IConsortium} from "../src/IConsortium.sol";
import {IStatusRegistry} from "../src/IStatusRegistry.sol";
import {Cast} from "./support/Cast.sol";
import {CHEATS} from "./support/Cheats.sol";
import {Founded} from "./support/Founded.sol";
import {Writers} from "./support/Writers.sol";

/// @title Any address that there is, with any arguments that there are, against every function that writes
contract StrangersTest is Founded {
    IConsortium private _law;
    address[4] private _contracts;

    function setUp() external {
        _law = _consortium();
        _contracts = [
            address(_law),
            _appoint(_law, "TrustRegistry", Cast.TRUST),
            _appoint(_law, "CertificateAnchor", Cast.ANCHOR),
            _appoint(_law, "StatusRegistry", Cast.STATUS)
        ];
    }

    function testFuzz_AStrangerAnchorsNothing(
        address stranger,
        uint32 region,
        uint8 kind,
        uint64 number,
        bytes32 root,
        uint64 size
    ) external {
        _refused(
            stranger,
            _contracts[2],
            abi.encodeCall(ICertificateAnchor.anchor, (region, kind, number, root, 1, size, bytes32(0)))
        );
        _refused(
            stranger, _contracts[2], abi.encodeCall(ICertificateAnchor.anchor, (HOME, 1, 1, root, 1, 1, bytes32(0)))
        );
    }

    function testFuzz_AStrangerSetsNoStatus(address stranger, uint32 region, uint32[] memory indices, uint8 status)
        external
    {
        IStatusRegistry(_contracts[3]).createList(HOME, 1, 1024);
        if (region % 2 == 0) (region, indices) = (HOME, _first());
        _refused(stranger, _contracts[3], abi.encodeCall(IStatusRegistry.setStatus, (region, 1, indices, status, 0)));
        _refused(stranger, _contracts[3], abi.encodeCall(IStatusRegistry.createList, (HOME, 2, 1024)));
    }

    function testFuzz_AnyBytesFromAStrangerChangeNothing(address stranger, bytes4 draw, bytes calldata arguments)
        external
    {
        for (uint256 i = 0; i < _contracts.length; ++i) {
            bytes4[] memory writers = Writers.inContract(i);
            bytes4 selector = writers[uint32(draw) % writers.length];
            _refused(stranger, _contracts[i], bytes.concat(selector, arguments));
        }
    }

    function testFuzz_OnlyTheVoteItselfRunsWhatIsVotedOn(address caller, uint32 region, address admin) external {
        CHEATS.assume(caller != address(_law));
        bytes memory refusal = abi.encodeWithSelector(IConsortium.ConsortiumOnlyByVote.selector);
        CHEATS.expectRevert(refusal);
        CHEATS.prank(caller);
        _law.admitMember(region, "a province", admin);
        CHEATS.expectRevert(refusal);
        _law.removeMember(HOME);
        CHEATS.expectRevert(refusal);
        _law.healAdmin(HOME, admin);
    }

    function _refused(address stranger, address target, bytes memory call) private {
        CHEATS.assume(stranger != address(this) && stranger != address(_law) && stranger != address(CHEATS));
        CHEATS.prank(stranger);
        (bool done,) = target.call(call);
        require(!done, "a stranger's call was taken");
    }

    function _first() private pure returns (uint32[] memory) {
        return new uint32[](1);
    }
}

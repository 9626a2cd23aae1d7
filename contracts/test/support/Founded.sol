// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsortium} from "../../src/IConsortium.sol";
import {Cast} from "./Cast.sol";
import {CHEATS} from "./Cheats.sol";

/// @title A consortium whose one member, region 31, has the test itself as its admin
abstract contract Founded {
    uint32 internal constant HOME = 31;

    function _consortium() internal returns (IConsortium) {
        address[] memory admins = new address[](1);
        admins[0] = address(this);
        return _consortium(admins);
    }

    /// @dev One member for each admin, regions 31 and on.
    function _consortium(address[] memory admins) internal returns (IConsortium) {
        uint32[] memory regions = new uint32[](admins.length);
        string[] memory names = new string[](admins.length);
        for (uint32 i = 0; i < admins.length; ++i) {
            (regions[i], names[i]) = (HOME + i, "a province");
        }
        return IConsortium(CHEATS.deployCode("Consortium.sol:Consortium", abi.encode(regions, names, admins)));
    }

    /// @dev The contract, appointed, with the test itself as the home region's account in the role.
    function _appoint(IConsortium consortium, string memory name, bytes32 role) internal returns (address made) {
        made = CHEATS.deployCode(string.concat(name, ".sol:", name), abi.encode(consortium));
        _pass(consortium, abi.encodeCall(IConsortium.appointContract, (role, made)));
        consortium.setAccount(HOME, role, address(this), true);
    }

    function _pass(IConsortium consortium, bytes memory action) internal {
        uint256 id = consortium.propose(action, type(uint64).max);
        consortium.vote(id);
        consortium.execute(id);
    }
}

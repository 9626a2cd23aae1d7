// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Roll} from "./Roll.sol";

/// @title What forge asks of a campaign: whom it may call with which functions
abstract contract Campaign {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    FuzzSelector[] private _targets;

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](_targets.length);
        for (uint256 i = 0; i < targets.length; ++i) {
            targets[i] = _targets[i].addr;
        }
    }

    function targetSelectors() external view returns (FuzzSelector[] memory) {
        return _targets;
    }

    function _target(address actor, bytes4[] memory selectors) internal {
        _targets.push(FuzzSelector(actor, selectors));
    }

    function _requireKept(Roll roll, Roll.Law law, string memory broken) internal view {
        require(roll.breaches(law) == 0, broken);
    }
}

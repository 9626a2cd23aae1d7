// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Chronicle} from "./Chronicle.sol";
import {IConsortium} from "./IConsortium.sol";

/// @title A contract that writes only while the Consortium's directory names it for its role
/// @notice Once succeeded it accepts nothing more, for ever, and stays readable.
abstract contract Appointed is Chronicle {
    IConsortium private immutable _consortium;
    bytes32 private immutable _role;

    /// @notice The directory does not name this contract (not yet, or no longer).
    error AppointedNotCurrent(bytes32 role);
    /// @notice The caller is not the admin of a member with this region.
    error AppointedNotAdmin(uint32 region, address caller);
    /// @notice The caller is not an account of this member for this role.
    error AppointedNotAllowed(uint32 region, bytes32 role, address caller);

    modifier whileCurrent() {
        require(_consortium.isCurrent(_role, address(this)), AppointedNotCurrent(_role));
        _;
    }

    constructor(IConsortium consortium_, bytes32 role) {
        _consortium = consortium_;
        _role = role;
    }

    /// @notice The Consortium that this contract obeys.
    function consortium() external view returns (address) {
        return address(_consortium);
    }

    function _requireAdmin(uint32 region) internal view {
        require(_consortium.adminOf(region) == msg.sender, AppointedNotAdmin(region, msg.sender));
    }

    function _requireAccount(uint32 region, bytes32 role) internal view {
        require(_consortium.mayAct(region, role, msg.sender), AppointedNotAllowed(region, role, msg.sender));
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Who plays: regions, admins, accounts and strangers, each drawn from a random number
library Cast {
    bytes32 internal constant ANCHOR = keccak256("anchor");
    bytes32 internal constant STATUS = keccak256("status");
    bytes32 internal constant AUDIT = keccak256("audit");
    bytes32 internal constant TRUST = keccak256("trust");

    uint32 internal constant FIRST_REGION = 31;
    /// @dev Four found the consortium; the fifth may be admitted.
    uint256 internal constant REGIONS = 5;
    uint256 internal constant FOUNDERS = 4;
    /// @dev The first four are the founders' admins; all may become an admin or an account.
    uint256 internal constant NAMED = 10;

    function region(uint256 seed) internal pure returns (uint32) {
        return FIRST_REGION + uint32(seed % REGIONS);
    }

    /// @dev Every second time the first, so that some lists and chains grow long.
    function favoured(uint256 seed) internal pure returns (uint32) {
        return seed % 2 == 0 ? FIRST_REGION : region(seed / 2);
    }

    /// @dev Somebody whom a region may name as its admin or its account.
    function named(uint256 seed) internal pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("ecert actor", seed % NAMED)))));
    }

    /// @dev Somebody named, or one time in eleven any address that there is.
    function anyone(uint256 seed) internal pure returns (address) {
        uint256 draw = seed % (NAMED + 1);
        return draw < NAMED ? named(draw) : address(uint160(uint256(keccak256(abi.encode(seed)))));
    }

    /// @dev A role of accounts.
    function role(uint256 seed) internal pure returns (bytes32) {
        return [ANCHOR, STATUS, AUDIT][seed % 3];
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Administrative division codes (GB/T 2260) as numbers of two, four or six digits
/// @notice A code covers every code that begins with its digits: 31 covers 3101 and 310118.
library Divisions {
    /// @dev True for the code of a province, which is what a region is.
    function isRegion(uint32 code) internal pure returns (bool) {
        return code > 9 && code < 100;
    }

    /// @dev True for the code of a province, a prefecture or a county.
    function isDivision(uint32 code) internal pure returns (bool) {
        return isRegion(code) || (code > 999 && code < 10_000) || (code > 99_999 && code < 1_000_000);
    }

    /// @dev The region that covers a division.
    function regionOf(uint32 division) internal pure returns (uint32) {
        while (division > 99) division /= 100;
        return division;
    }
}

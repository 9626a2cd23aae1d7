// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Divisions} from "../src/Divisions.sol";

/// @title Division codes by their decimal digits, which the contract reads by arithmetic
contract DivisionsTest {
    function testFuzz_ADivisionHasTwoFourOrSixDigits(uint32 code, uint8 digits) external pure {
        code = uint32(code % 10 ** (digits % 10));
        uint256 length = bytes(_decimal(code)).length;
        require(Divisions.isDivision(code) == (length == 2 || length == 4 || length == 6), "digits");
        require(Divisions.isRegion(code) == (length == 2), "a region has two");
    }

    function testFuzz_ARegionIsTheFirstTwoDigits(uint32 code, bool short) external pure {
        code = short ? 1000 + code % 9000 : 100_000 + code % 900_000;
        bytes memory digits = bytes(_decimal(code));
        uint32 first = (uint8(digits[0]) - 48) * 10 + uint8(digits[1]) - 48;
        require(Divisions.regionOf(code) == first && Divisions.regionOf(first) == first, "another region");
    }

    function _decimal(uint256 number) private pure returns (string memory text) {
        do {
            text = string.concat(string(abi.encodePacked(bytes1(uint8(48 + number % 10)))), text);
            number /= 10;
        } while (number > 0);
    }
}

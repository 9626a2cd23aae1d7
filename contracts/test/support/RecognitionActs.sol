// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITrustRegistry} from "../../src/ITrustRegistry.sol";
import {Cast} from "./Cast.sol";
import {AuthorityActs} from "./AuthorityActs.sol";

/// @title What anybody may try with grants, recognitions and partners
abstract contract RecognitionActs is AuthorityActs {
    struct Cell {
        address by;
        bytes18 uscc;
        bytes21 typeCode;
        uint32 accepting;
        uint32 issuing;
    }

    mapping(bytes32 cell => ITrustRegistry.Grant) private _grants;
    mapping(bytes32 cell => ITrustRegistry.Recognition) private _recognitions;
    mapping(address registry => mapping(uint32 region => mapping(bytes18 uscc => uint64 until))) private _partners;
    Cell[] private _cells;

    /// @notice Somebody grants an authority one type or two; all or none.
    function grant(uint256 who, uint256 which, uint256 uscc, uint256 types, uint256 time) external atPresent {
        Subject memory s = _subject(which, uscc);
        bytes21[] memory granted = _types(types);
        bool sound = s.region != 0;
        for (uint256 i = 0; i < granted.length; ++i) {
            sound = sound && !_isOpen(_grants[_id(_grantCell(s, granted[i]))]);
        }
        bytes memory call = abi.encodeCall(ITrustRegistry.grant, (s.uscc, granted, _time(time)));
        if (!_write(_writer(who, s.region), s, call, sound)) return;
        for (uint256 i = 0; i < granted.length; ++i) {
            _grants[_id(_grantCell(s, granted[i]))] = ITrustRegistry.Grant(_time(time), 0, true);
            _cells.push(_grantCell(s, granted[i]));
        }
    }

    /// @notice Somebody ends grants, never before they began.
    function withdrawGrant(uint256 who, uint256 which, uint256 uscc, uint256 types, uint256 time) external atPresent {
        Subject memory s = _subject(which, uscc);
        bytes21[] memory withdrawn = _types(types);
        bool sound = s.region != 0;
        for (uint256 i = 0; i < withdrawn.length; ++i) {
            ITrustRegistry.Grant storage standing = _grants[_id(_grantCell(s, withdrawn[i]))];
            sound = sound && _isOpen(standing) && _time(time) >= standing.from;
        }
        bytes memory call = abi.encodeCall(ITrustRegistry.withdrawGrant, (s.uscc, withdrawn, _time(time)));
        if (!_write(_writer(who, s.region), s, call, sound)) return;
        for (uint256 i = 0; i < withdrawn.length; ++i) {
            _grants[_id(_grantCell(s, withdrawn[i]))].until = _time(time);
        }
    }

    /// @notice Somebody says what a division accepts of a type from another.
    function recognise(uint256 who, uint256 which, uint256 accepting, uint256 issuing, uint256 kind)
        external
        atPresent
    {
        Subject memory s = Subject(_registry(which), 0, 0);
        Cell memory cell;
        (cell.accepting, s.region) = _division(accepting);
        (cell.issuing,) = _division(issuing);
        (cell.by, cell.typeCode) = (s.by, _types(kind)[0]);
        bool accepted = kind % 3 == 0;
        bytes memory call = _recognition(cell, accepted, _time(kind));
        if (!_write(_writer(who, s.region), s, call, true)) return;
        _recognitions[_id(cell)] = ITrustRegistry.Recognition(_time(kind), accepted, true);
        _cells.push(cell);
    }

    /// @notice Somebody sponsors a partner for a region, or ends that.
    function sponsor(uint256 who, uint256 which, uint256 uscc, uint256 region, uint256 time) external atPresent {
        Subject memory s = Subject(_registry(which), _uscc(uscc), Cast.region(region));
        bool end = time % 3 == 0;
        uint64 until = _time(time);
        bool sound = end ? _partners[s.by][s.region][s.uscc] != 0 : until > clock;
        bytes memory call = end
            ? abi.encodeCall(ITrustRegistry.endSponsorship, (s.region, s.uscc))
            : abi.encodeCall(
                ITrustRegistry.sponsorPartner, (s.region, s.uscc, "a partner", "key", new string[](1), until)
            );
        if (!_write(_writer(who, s.region), s, call, sound)) return;
        _partners[s.by][s.region][s.uscc] = end ? 0 : until;
    }

    /// @notice Every grant, recognition and partner is what the allowed writes made it.
    function recognitionsAreAsWritten() external view returns (bool) {
        for (uint256 i = 0; i < _cells.length; ++i) {
            if (!_isAsWritten(_cells[i])) return false;
        }
        for (uint256 i = 0; i < GENERATIONS * Cast.REGIONS * AUTHORITIES; ++i) {
            address by = trusts[i % GENERATIONS];
            if (!_partnerIsAsWritten(by, Cast.region(i / GENERATIONS), _uscc(i / (GENERATIONS * Cast.REGIONS)))) {
                return false;
            }
        }
        return true;
    }

    function _isAsWritten(Cell memory c) private view returns (bool) {
        if (c.uscc == 0) {
            bytes memory cell = abi.encode(ITrustRegistry(c.by).recognitionOf(c.accepting, c.typeCode, c.issuing));
            return keccak256(cell) == keccak256(abi.encode(_recognitions[_id(c)]));
        }
        bytes memory standing = abi.encode(ITrustRegistry(c.by).grantOf(c.uscc, c.typeCode));
        return keccak256(standing) == keccak256(abi.encode(_grants[_id(c)]));
    }

    function _partnerIsAsWritten(address by, uint32 region, bytes18 uscc) private view returns (bool) {
        uint64 expected = _partners[by][region][uscc];
        try ITrustRegistry(by).partnerOf(region, uscc) returns (ITrustRegistry.Partner memory partner) {
            return expected != 0 && partner.until == expected;
        } catch {
            return expected == 0;
        }
    }

    function _recognition(Cell memory cell, bool accepted, uint64 from) private pure returns (bytes memory) {
        bytes21[] memory types = new bytes21[](1);
        uint32[] memory issuing = new uint32[](1);
        bool[] memory accepts = new bool[](1);
        (types[0], issuing[0], accepts[0]) = (cell.typeCode, cell.issuing, accepted);
        return abi.encodeCall(ITrustRegistry.recognise, (cell.accepting, types, issuing, accepts, from));
    }

    function _grantCell(Subject memory s, bytes21 typeCode) private pure returns (Cell memory) {
        return Cell(s.by, s.uscc, typeCode, 0, 0);
    }

    function _isOpen(ITrustRegistry.Grant storage standing) private view returns (bool) {
        return standing.known && standing.until == 0;
    }

    function _id(Cell memory cell) private pure returns (bytes32) {
        return keccak256(abi.encode(cell));
    }
}

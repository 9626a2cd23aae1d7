// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITrustRegistry} from "../../src/ITrustRegistry.sol";
import {Cast} from "./Cast.sol";
import {TrustActs} from "./TrustActs.sol";

/// @title What anybody may try with authorities and their keys
abstract contract AuthorityActs is TrustActs {
    struct KeyPlace {
        address by;
        uint32 region;
        bytes18 authority;
        bytes32 keyId;
    }

    mapping(address registry => mapping(bytes18 uscc => ITrustRegistry.Authority)) internal authorities;
    mapping(bytes32 place => ITrustRegistry.Key) private _keys;
    KeyPlace[] private _places;

    /// @dev Two authorities, each with a key, stand from the start: so a campaign comes to what may happen to them.
    constructor() atPresent {
        for (uint256 i = 0; i < 2; ++i) {
            (uint32 division, uint32 region) = _division(i + 2);
            Subject memory s = Subject(trusts[0], _uscc(i), region);
            _register(seats[region].admin, s, division, clock - 100);
            _addKey(seats[region].admin, s, _spki(0), clock - 100);
        }
    }

    /// @notice Somebody registers an authority; its region is that of its division.
    function registerAuthority(uint256 who, uint256 which, uint256 uscc, uint256 place, uint256 time)
        external
        atPresent
    {
        (uint32 division, uint32 region) = _division(place);
        _register(_writer(who, region), Subject(_registry(which), _uscc(uscc), region), division, _time(time));
    }

    /// @notice Somebody dissolves an authority, with a successor or without.
    function dissolveAuthority(uint256 who, uint256 which, uint256 uscc, uint256 time, uint256 heir)
        external
        atPresent
    {
        Subject memory s = _subject(which, uscc);
        ITrustRegistry.Authority storage standing = authorities[s.by][s.uscc];
        bytes18 successor = heir % 2 == 0 ? bytes18(0) : _uscc(heir / 2);
        bool sound = standing.division != 0 && standing.dissolvedAt == 0 && _time(time) >= standing.notBefore;
        if (successor != 0) sound = sound && successor != s.uscc && authorities[s.by][successor].division != 0;
        bytes memory call = abi.encodeCall(ITrustRegistry.dissolveAuthority, (s.uscc, _time(time), successor));
        if (!_write(_writer(who, s.region), s, call, sound)) return;
        (standing.dissolvedAt, standing.successor) = (_time(time), successor);
    }

    /// @notice Somebody adds a key to an authority, or to a region itself; one time in three to any region.
    function addKey(uint256 who, uint256 which, uint256 uscc, uint256 region, uint256 key) external atPresent {
        Subject memory s = _keySubject(which, uscc, region);
        _addKey(_writer(who, s.region), s, _spki(key), _time(key));
    }

    /// @notice Somebody revokes a key, or says since when it is compromised: neither may ever move to a later time.
    function endKey(uint256 who, uint256 which, uint256 uscc, uint256 region, uint256 key, uint256 time)
        external
        atPresent
    {
        Subject memory s = _keySubject(which, uscc, region);
        bytes32 keyId = sha256(_spki(key));
        ITrustRegistry.Key storage standing = _keys[_id(KeyPlace(s.by, s.region, s.uscc, keyId))];
        bool revoke = key % 2 == 0;
        uint64 before = revoke ? standing.revokedAt : standing.compromisedSince;
        bool sound = standing.notBefore != 0 && (before == 0 || _time(time) < before);
        bytes memory call = revoke
            ? abi.encodeCall(ITrustRegistry.revokeKey, (s.region, s.uscc, keyId, _time(time)))
            : abi.encodeCall(ITrustRegistry.declareCompromised, (s.region, s.uscc, keyId, _time(time)));
        if (!_write(_writer(who, s.region), s, call, sound)) return;
        if (revoke) standing.revokedAt = _time(time);
        else standing.compromisedSince = _time(time);
    }

    /// @notice Every authority and every key is what the allowed writes made it.
    function authoritiesAndKeysAreAsWritten() external view returns (bool) {
        for (uint256 i = 0; i < GENERATIONS * AUTHORITIES; ++i) {
            (address by, bytes18 uscc) = (trusts[i % GENERATIONS], _uscc(i / GENERATIONS));
            if (authorities[by][uscc].division == 0) continue;
            bytes memory standing = abi.encode(ITrustRegistry(by).authorityOf(uscc));
            if (keccak256(standing) != keccak256(abi.encode(authorities[by][uscc]))) return false;
        }
        for (uint256 i = 0; i < _places.length; ++i) {
            KeyPlace storage p = _places[i];
            bytes memory standing = abi.encode(ITrustRegistry(p.by).keyOf(p.region, p.authority, p.keyId));
            if (keccak256(standing) != keccak256(abi.encode(_keys[_id(p)]))) return false;
        }
        return true;
    }

    function _register(address actor, Subject memory s, uint32 division, uint64 notBefore) private {
        bool sound = authorities[s.by][s.uscc].division == 0;
        bytes memory call =
            abi.encodeCall(ITrustRegistry.registerAuthority, (s.uscc, division, "an authority", notBefore));
        if (!_write(actor, s, call, sound)) return;
        authorities[s.by][s.uscc] = ITrustRegistry.Authority(division, notBefore, 0, 0, "an authority");
    }

    function _addKey(address actor, Subject memory s, bytes memory spki, uint64 notBefore) private {
        KeyPlace memory place = KeyPlace(s.by, s.region, s.uscc, sha256(spki));
        string memory purpose = s.uscc == 0 ? "code" : "certificate";
        bool sound = _keys[_id(place)].notBefore == 0 && (s.uscc == 0 || s.region == _homeOf(s.by, s.uscc));
        bytes memory call =
            abi.encodeCall(ITrustRegistry.addKey, (s.region, s.uscc, "ES256", purpose, spki, notBefore, 0, bytes32(0)));
        if (!_write(actor, s, call, sound)) return;
        _keys[_id(place)] = ITrustRegistry.Key(notBefore, 0, 0, 0, 0, "ES256", purpose);
        _places.push(place);
    }

    /// @dev Every second time the first authority.
    function _subject(uint256 which, uint256 uscc) internal view returns (Subject memory s) {
        s = Subject(_registry(which), _uscc(uscc % 2 == 0 ? 0 : uscc / 2), 0);
        s.region = _homeOf(s.by, s.uscc);
    }

    function _keySubject(uint256 which, uint256 uscc, uint256 region) private view returns (Subject memory s) {
        s = _subject(which, uscc);
        if (uscc % 7 == 0) s.uscc = 0;
        if (s.uscc == 0 || region % 3 == 0) s.region = Cast.favoured(region / 3);
    }

    /// @dev 0 where there is no such authority; nobody is the admin of that region.
    function _homeOf(address by, bytes18 uscc) private view returns (uint32) {
        for (uint256 i = 0; i < 8; ++i) {
            (uint32 division, uint32 region) = _division(i);
            if (authorities[by][uscc].division == division) return region;
        }
        return 0;
    }

    function _spki(uint256 key) private pure returns (bytes memory) {
        return abi.encode("key", key / 2 % 2);
    }

    function _id(KeyPlace memory place) private pure returns (bytes32) {
        return keccak256(abi.encode(place));
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Appointed} from "./Appointed.sol";
import {Divisions} from "./Divisions.sol";
import {IConsortium} from "./IConsortium.sol";
import {ITrustRegistry} from "./ITrustRegistry.sol";

/// @title Authorities, keys, grants, recognitions and partners
contract TrustRegistry is Appointed, ITrustRegistry {
    mapping(bytes18 uscc => Authority) private _authorities;
    mapping(uint32 region => mapping(bytes18 authority => mapping(bytes32 keyId => Key))) private _keys;
    mapping(bytes18 uscc => mapping(bytes21 typeCode => Grant)) private _grants;
    mapping(uint32 accepting => mapping(bytes21 typeCode => mapping(uint32 issuing => Recognition))) private
        _recognitions;
    mapping(uint32 region => mapping(bytes18 uscc => Partner)) private _partners;

    constructor(IConsortium consortium_) Appointed(consortium_, keccak256("trust")) {}

    /// @inheritdoc ITrustRegistry
    function registerAuthority(bytes18 uscc, uint32 division, string calldata name, uint64 notBefore)
        external
        whileCurrent
    {
        require(Divisions.isDivision(division), TrustBadDivision(division));
        _requireAdmin(Divisions.regionOf(division));
        require(uscc != 0 && bytes(name).length > 0, TrustBlank());
        require(_authorities[uscc].division == 0, TrustAuthorityKnown(uscc));
        _authorities[uscc] = Authority(division, notBefore, 0, 0, name);
        _record(AuthorityRegistered.selector, abi.encode(uscc, division, name, notBefore));
    }

    /// @inheritdoc ITrustRegistry
    function dissolveAuthority(bytes18 uscc, uint64 dissolvedAt, bytes18 successor) external whileCurrent {
        Authority storage authority = _ownAuthority(uscc);
        require(authority.dissolvedAt == 0, TrustAuthorityDissolved(uscc));
        require(dissolvedAt > 0 && dissolvedAt >= authority.notBefore, TrustBadTime(dissolvedAt));
        require(successor != uscc, TrustBadSuccessor(successor));
        if (successor != 0) _knownAuthority(successor);
        authority.dissolvedAt = dissolvedAt;
        authority.successor = successor;
        _record(AuthorityDissolved.selector, abi.encode(uscc, dissolvedAt, successor));
    }

    /// @inheritdoc ITrustRegistry
    function addKey(
        uint32 region,
        bytes18 authority,
        string calldata suite,
        string calldata purpose,
        bytes calldata spki,
        uint64 notBefore,
        uint64 notAfter,
        bytes32 x509Hash
    ) external whileCurrent {
        _requireAdmin(region);
        _requirePurpose(region, authority, purpose);
        require(bytes(suite).length > 0 && spki.length > 0, TrustBlank());
        require(notAfter == 0 || notAfter > notBefore, TrustBadTime(notAfter));
        bytes32 keyId = sha256(spki);
        require(bytes(_keys[region][authority][keyId].suite).length == 0, TrustKeyKnown(keyId));
        _keys[region][authority][keyId] = Key(notBefore, notAfter, 0, 0, x509Hash, suite, purpose);
        _record(
            KeyAdded.selector,
            abi.encode(region, authority, keyId, suite, purpose, spki, notBefore, notAfter, x509Hash)
        );
    }

    /// @inheritdoc ITrustRegistry
    function revokeKey(uint32 region, bytes18 authority, bytes32 keyId, uint64 revokedAt) external whileCurrent {
        Key storage key = _ownKey(region, authority, keyId);
        _requireEarlier(key.revokedAt, revokedAt);
        key.revokedAt = revokedAt;
        _record(KeyRevoked.selector, abi.encode(region, authority, keyId, revokedAt));
    }

    /// @inheritdoc ITrustRegistry
    function declareCompromised(uint32 region, bytes18 authority, bytes32 keyId, uint64 since) external whileCurrent {
        Key storage key = _ownKey(region, authority, keyId);
        _requireEarlier(key.compromisedSince, since);
        key.compromisedSince = since;
        _record(KeyCompromised.selector, abi.encode(region, authority, keyId, since));
    }

    /// @inheritdoc ITrustRegistry
    function grant(bytes18 uscc, bytes21[] calldata types, uint64 from) external whileCurrent {
        _ownAuthority(uscc);
        require(types.length > 0, TrustBlank());
        for (uint256 i = 0; i < types.length; ++i) {
            Grant storage cell = _grants[uscc][types[i]];
            require(types[i] != 0, TrustBlank());
            require(!_isOpen(cell), TrustGrantOpen(uscc, types[i]));
            (cell.from, cell.until, cell.known) = (from, 0, true);
        }
        _record(TypesGranted.selector, abi.encode(uscc, types, from));
    }

    /// @inheritdoc ITrustRegistry
    function withdrawGrant(bytes18 uscc, bytes21[] calldata types, uint64 until) external whileCurrent {
        _ownAuthority(uscc);
        require(types.length > 0, TrustBlank());
        for (uint256 i = 0; i < types.length; ++i) {
            Grant storage cell = _grants[uscc][types[i]];
            require(_isOpen(cell), TrustNoGrant(uscc, types[i]));
            require(until > 0 && until >= cell.from, TrustBadTime(until));
            cell.until = until;
        }
        _record(GrantWithdrawn.selector, abi.encode(uscc, types, until));
    }

    /// @inheritdoc ITrustRegistry
    function recognise(
        uint32 accepting,
        bytes21[] calldata types,
        uint32[] calldata issuing,
        bool[] calldata accepted,
        uint64 from
    ) external whileCurrent {
        require(Divisions.isDivision(accepting), TrustBadDivision(accepting));
        _requireAdmin(Divisions.regionOf(accepting));
        require(types.length > 0, TrustBlank());
        require(issuing.length == types.length && accepted.length == types.length, TrustUnequalLists());
        for (uint256 i = 0; i < types.length; ++i) {
            require(types[i] != 0, TrustBlank());
            require(Divisions.isDivision(issuing[i]), TrustBadDivision(issuing[i]));
            _recognitions[accepting][types[i]][issuing[i]] = Recognition(from, accepted[i], true);
        }
        _record(RecognitionSet.selector, abi.encode(accepting, types, issuing, accepted, from));
    }

    /// @inheritdoc ITrustRegistry
    function sponsorPartner(
        uint32 region,
        bytes18 uscc,
        string calldata name,
        bytes calldata gatewayKey,
        string[] calldata items,
        uint64 until
    ) external whileCurrent {
        _requireAdmin(region);
        require(uscc != 0 && bytes(name).length > 0 && gatewayKey.length > 0 && items.length > 0, TrustBlank());
        require(until == 0 || until > block.timestamp, TrustBadTime(until));
        _partners[region][uscc] = Partner(until, name, gatewayKey, items);
        _record(PartnerSponsored.selector, abi.encode(region, uscc, name, gatewayKey, items, until));
    }

    /// @inheritdoc ITrustRegistry
    function endSponsorship(uint32 region, bytes18 uscc) external whileCurrent {
        _requireAdmin(region);
        _knownPartner(region, uscc);
        delete _partners[region][uscc];
        _record(PartnerEnded.selector, abi.encode(region, uscc));
    }

    /// @inheritdoc ITrustRegistry
    function authorityOf(bytes18 uscc) external view returns (Authority memory) {
        return _knownAuthority(uscc);
    }

    /// @inheritdoc ITrustRegistry
    function keyOf(uint32 region, bytes18 authority, bytes32 keyId) external view returns (Key memory) {
        return _knownKey(region, authority, keyId);
    }

    /// @inheritdoc ITrustRegistry
    function grantOf(bytes18 uscc, bytes21 typeCode) external view returns (Grant memory) {
        return _grants[uscc][typeCode];
    }

    /// @inheritdoc ITrustRegistry
    function recognitionOf(uint32 accepting, bytes21 typeCode, uint32 issuing)
        external
        view
        returns (Recognition memory)
    {
        return _recognitions[accepting][typeCode][issuing];
    }

    /// @inheritdoc ITrustRegistry
    function partnerOf(uint32 region, bytes18 uscc) external view returns (Partner memory) {
        return _knownPartner(region, uscc);
    }

    function _knownAuthority(bytes18 uscc) private view returns (Authority storage authority) {
        authority = _authorities[uscc];
        require(authority.division != 0, TrustUnknownAuthority(uscc));
    }

    function _ownAuthority(bytes18 uscc) private view returns (Authority storage authority) {
        authority = _knownAuthority(uscc);
        _requireAdmin(Divisions.regionOf(authority.division));
    }

    function _knownKey(uint32 region, bytes18 authority, bytes32 keyId) private view returns (Key storage key) {
        key = _keys[region][authority][keyId];
        require(bytes(key.suite).length > 0, TrustUnknownKey(keyId));
    }

    function _ownKey(uint32 region, bytes18 authority, bytes32 keyId) private view returns (Key storage) {
        _requireAdmin(region);
        return _knownKey(region, authority, keyId);
    }

    function _knownPartner(uint32 region, bytes18 uscc) private view returns (Partner storage partner) {
        partner = _partners[region][uscc];
        require(bytes(partner.name).length > 0, TrustUnknownPartner(region, uscc));
    }

    function _requirePurpose(uint32 region, bytes18 authority, string calldata purpose) private view {
        bytes32 asked = keccak256(bytes(purpose));
        if (authority == 0) {
            bool regional = asked == keccak256("code") || asked == keccak256("gateway")
                || asked == keccak256("receipt") || asked == keccak256("status");
            require(regional, TrustBadPurpose(purpose));
        } else {
            uint32 home = Divisions.regionOf(_knownAuthority(authority).division);
            require(home == region, TrustOtherRegion(region, authority));
            require(asked == keccak256("certificate"), TrustBadPurpose(purpose));
        }
    }

    function _requireEarlier(uint64 standing, uint64 given) private pure {
        require(given > 0, TrustBadTime(given));
        require(standing == 0 || given < standing, TrustNotEarlier(standing, given));
    }

    function _isOpen(Grant storage cell) private view returns (bool) {
        return cell.known && cell.until == 0;
    }
}

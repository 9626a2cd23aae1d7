// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Who may issue what, with which keys, and who accepts it
/// @notice Each fact is written by the admin of the region that it belongs to. A division is a code of two, four or six
/// digits; its region is its first two. A uscc is the 18 ASCII characters of GB 32100, a type code the 21 of GB/T 36904.
/// Times are Unix seconds; 0 in a field that says until or not after is open. From and not before are inclusive, until
/// and not after are not.
interface ITrustRegistry {
    struct Authority {
        uint32 division;
        uint64 notBefore;
        uint64 dissolvedAt;
        bytes18 successor;
        string name;
    }

    /// @dev Without the SPKI: the key's id is its SHA-256, and KeyAdded carries it.
    struct Key {
        uint64 notBefore;
        uint64 notAfter;
        uint64 revokedAt;
        uint64 compromisedSince;
        bytes32 x509Hash;
        string suite;
        string purpose;
    }

    struct Grant {
        uint64 from;
        uint64 until;
        bool known;
    }

    struct Recognition {
        uint64 from;
        bool accepted;
        bool known;
    }

    struct Partner {
        uint64 until;
        string name;
        bytes gatewayKey;
        string[] items;
    }

    event AuthorityRegistered(bytes18 uscc, uint32 division, string name, uint64 notBefore);
    event AuthorityDissolved(bytes18 uscc, uint64 dissolvedAt, bytes18 successor);
    event KeyAdded(
        uint32 region,
        bytes18 authority,
        bytes32 keyId,
        string suite,
        string purpose,
        bytes spki,
        uint64 notBefore,
        uint64 notAfter,
        bytes32 x509Hash
    );
    event KeyRevoked(uint32 region, bytes18 authority, bytes32 keyId, uint64 revokedAt);
    event KeyCompromised(uint32 region, bytes18 authority, bytes32 keyId, uint64 since);
    event TypesGranted(bytes18 uscc, bytes21[] types, uint64 from);
    event GrantWithdrawn(bytes18 uscc, bytes21[] types, uint64 until);
    event RecognitionSet(uint32 accepting, bytes21[] types, uint32[] issuing, bool[] accepted, uint64 from);
    event PartnerSponsored(
        uint32 region, bytes18 uscc, string name, bytes gatewayKey, string[] items, uint64 until
    );
    event PartnerEnded(uint32 region, bytes18 uscc);

    /// @notice A division has two, four or six digits.
    error TrustBadDivision(uint32 division);
    /// @notice A uscc, name, suite, key, type or list may not be empty.
    error TrustBlank();
    /// @notice An end before its beginning, or 0 where a time must be told.
    error TrustBadTime(uint64 time);
    /// @notice The lists of one call differ in length.
    error TrustUnequalLists();
    /// @notice This authority was registered already.
    error TrustAuthorityKnown(bytes18 uscc);
    /// @notice No such authority.
    error TrustUnknownAuthority(bytes18 uscc);
    /// @notice This authority was dissolved already.
    error TrustAuthorityDissolved(bytes18 uscc);
    /// @notice An authority does not succeed itself.
    error TrustBadSuccessor(bytes18 successor);
    /// @notice The authority belongs to another region.
    error TrustOtherRegion(uint32 region, bytes18 authority);
    /// @notice This owner may not hold a key for this purpose.
    error TrustBadPurpose(string purpose);
    /// @notice This owner has this key already.
    error TrustKeyKnown(bytes32 keyId);
    /// @notice This owner has no such key.
    error TrustUnknownKey(bytes32 keyId);
    /// @notice An earlier or equal time stands already.
    error TrustNotEarlier(uint64 standing, uint64 given);
    /// @notice The authority may issue this type already.
    error TrustGrantOpen(bytes18 uscc, bytes21 typeCode);
    /// @notice The authority has no open grant of this type.
    error TrustNoGrant(bytes18 uscc, bytes21 typeCode);
    /// @notice The region sponsors no such partner.
    error TrustUnknownPartner(uint32 region, bytes18 uscc);

    /// @notice Registers an authority, once; by the admin of the division's region.
    function registerAuthority(bytes18 uscc, uint32 division, string calldata name, uint64 notBefore) external;

    /// @notice Ends an authority, once, from a time on (exclusive). Successor is registered, or zero for none.
    function dissolveAuthority(bytes18 uscc, uint64 dissolvedAt, bytes18 successor) external;

    /// @notice Adds a key of an authority (purpose "certificate") or, where authority is zero, of the region itself
    /// (purposes "code", "gateway", "receipt", "status"). Its id is sha256(spki). A key is named by region, authority and
    /// id together, so nobody can take another's key id.
    function addKey(
        uint32 region,
        bytes18 authority,
        string calldata suite,
        string calldata purpose,
        bytes calldata spki,
        uint64 notBefore,
        uint64 notAfter,
        bytes32 x509Hash
    ) external;

    /// @notice Ends a key from a time on. An earlier time may replace a later one, never the other way.
    function revokeKey(uint32 region, bytes18 authority, bytes32 keyId, uint64 revokedAt) external;

    /// @notice Says since when somebody else may have had a key. An earlier time may replace a later one only.
    function declareCompromised(uint32 region, bytes18 authority, bytes32 keyId, uint64 since) external;

    /// @notice Lets an authority issue types from a time on. Refused for a type whose grant is open.
    function grant(bytes18 uscc, bytes21[] calldata types, uint64 from) external;

    /// @notice Closes open grants at a time.
    function withdrawGrant(bytes18 uscc, bytes21[] calldata types, uint64 until) external;

    /// @notice Says of each (type, issuing division) whether a division accepts it from a time on; the latest word
    /// about a cell stands. By the admin of the accepting division's region.
    function recognise(
        uint32 accepting,
        bytes21[] calldata types,
        uint32[] calldata issuing,
        bool[] calldata accepted,
        uint64 from
    ) external;

    /// @notice A region answers for a partner outside the consortium; said again it replaces what it said.
    function sponsorPartner(
        uint32 region,
        bytes18 uscc,
        string calldata name,
        bytes calldata gatewayKey,
        string[] calldata items,
        uint64 until
    ) external;

    /// @notice A region no longer answers for a partner.
    function endSponsorship(uint32 region, bytes18 uscc) external;

    /// @notice An authority; refused where there is none.
    function authorityOf(bytes18 uscc) external view returns (Authority memory);

    /// @notice A key by its owner and id; refused where there is none.
    function keyOf(uint32 region, bytes18 authority, bytes32 keyId) external view returns (Key memory);

    /// @notice The latest grant of a type to an authority; `known` is false where there never was one.
    function grantOf(bytes18 uscc, bytes21 typeCode) external view returns (Grant memory);

    /// @notice This exact cell, without prefixes; `known` is false where nothing was ever said.
    function recognitionOf(uint32 accepting, bytes21 typeCode, uint32 issuing)
        external
        view
        returns (Recognition memory);

    /// @notice A partner that a region sponsors; refused where there is none.
    function partnerOf(uint32 region, bytes18 uscc) external view returns (Partner memory);
}

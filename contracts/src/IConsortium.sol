// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The members who run the chain together, and what they decide by vote
/// @notice A region is the two-digit code of a province as a number. Times are Unix seconds.
interface IConsortium {
    struct Member {
        uint32 region;
        string name;
        address admin;
    }

    /// @dev Inclusive on both sides: within one block the order of transactions decides. untilBlock 0 is open.
    struct Entry {
        address contractAddress;
        uint64 fromBlock;
        uint64 untilBlock;
    }

    struct Release {
        string name;
        string version;
        bytes32 sha256Digest;
        uint64 effectiveFrom;
    }

    struct Proposal {
        uint32 region;
        bytes action;
        uint64 expiresAt;
        bool executed;
        uint256 votes;
    }

    event MemberAdmitted(uint32 region, string name, address admin);
    event MemberRemoved(uint32 region);
    event AdminChanged(uint32 region, address admin);
    event AccountSet(uint32 region, bytes32 role, address account, bool allowed);
    event ProposalMade(uint256 id, uint32 region, bytes action, uint64 expiresAt);
    event Voted(uint256 id, uint32 region);
    event ProposalExecuted(uint256 id);
    event ContractAppointed(bytes32 role, address contractAddress, uint64 fromBlock);
    event ValidatorsSet(uint256 epoch, uint32[] regions, bytes32[] keys);
    event ReleasePublished(string name, string version, bytes32 sha256Digest, uint64 effectiveFrom);

    /// @notice A consortium has at least one member, at its birth and ever after.
    error ConsortiumEmpty();
    /// @notice The founders' lists differ in length.
    error ConsortiumUnequalLists();
    /// @notice The caller is not the admin of a member.
    error ConsortiumNotMember(address caller);
    /// @notice The caller is not the admin of this region.
    error ConsortiumNotAdmin(uint32 region, address caller);
    /// @notice Only a proposal that was voted for does this.
    error ConsortiumOnlyByVote();
    /// @notice A region is a number of two digits.
    error ConsortiumBadRegion(uint32 region);
    /// @notice This region is a member already.
    error ConsortiumMemberKnown(uint32 region);
    /// @notice No member has this region.
    error ConsortiumUnknownMember(uint32 region);
    /// @notice This account is the admin of a member already.
    error ConsortiumAdminTaken(address admin);
    /// @notice The zero address is nobody.
    error ConsortiumZeroAddress();
    /// @notice A name, version, digest or role may not be empty.
    error ConsortiumBlank();
    /// @notice A proposal names none of the six functions that a vote can run.
    error ConsortiumUnknownAction(bytes4 selector);
    /// @notice A proposal expires after now.
    error ConsortiumBadExpiry(uint64 expiresAt);
    /// @notice No such proposal.
    error ConsortiumUnknownProposal(uint256 id);
    /// @notice The proposal's time is over.
    error ConsortiumExpired(uint256 id);
    /// @notice The proposal was executed already.
    error ConsortiumExecuted(uint256 id);
    /// @notice The region has voted already.
    error ConsortiumVoted(uint256 id, uint32 region);
    /// @notice Votes are not more than two thirds of the present members.
    error ConsortiumTooFewVotes(uint256 votes, uint256 members);
    /// @notice There is no code at the address.
    error ConsortiumNotContract(address contractAddress);
    /// @notice The directory holds this contract already; what was succeeded never returns.
    error ConsortiumContractKnown(address contractAddress);
    /// @notice This version of this list was published already.
    error ConsortiumReleaseKnown(string name, string version);
    /// @notice No release has this number.
    error ConsortiumUnknownRelease(uint256 index);

    /// @notice A member allows no more accounts than this, roles counted apart.
    error ConsortiumTooManyAccounts(uint32 region);
    /// @notice A set has 1 to 64 validators, no key zero or twice.
    error ConsortiumBadValidators();
    /// @notice A third or more of the validators would join or leave at once.
    error ConsortiumTooMuchAtOnce(uint256 joining, uint256 leaving);

    /// @notice Puts a call to be voted on: one of the six functions below, ABI-encoded. The proposer votes apart.
    /// @param expiresAt The last second at which it can be voted on and executed; later than now.
    /// @return id Proposals are numbered from 1.
    function propose(bytes calldata action, uint64 expiresAt) external returns (uint256 id);

    /// @notice The caller's region votes for a proposal, once whoever its admin is.
    function vote(uint256 id) external;

    /// @notice Any member runs a proposal that more than two thirds of the present members voted for, once.
    function execute(uint256 id) external;

    /// @notice By vote: a new member, or one that comes back (without its former accounts and votes).
    function admitMember(uint32 region, string calldata name, address admin) external;

    /// @notice By vote: a member leaves; its admin and accounts can do nothing from here on.
    function removeMember(uint32 region) external;

    /// @notice By vote: a member whose admin is lost gets another.
    function healAdmin(uint32 region, address admin) external;

    /// @notice By vote: the directory names a contract for a role, the first time too, and closes the one before it.
    /// @param role keccak256 of "trust", "anchor" or "status".
    function appointContract(bytes32 role, address contractAddress) external;

    /// @notice By vote: a version of a shared list (catalogue, items, recognition wording).
    function publishRelease(string calldata name, string calldata version, bytes32 sha256Digest, uint64 effectiveFrom)
        external;

    /// @notice By vote: the validators from the next block on, in place of the set before; one key, one vote.
    /// @dev Until the first of these the genesis file's are in force, which the contract does not know: there the
    /// validators themselves refuse what replaces a third or more.
    /// @param regions Which member runs the validator of the same place.
    /// @param keys Ed25519.
    function setValidators(uint32[] calldata regions, bytes32[] calldata keys) external;

    /// @notice The caller hands its region over to another admin (an account or a multisignature contract).
    function transferAdmin(address admin) external;

    /// @notice A region's admin allows or forbids an account to act in a role.
    /// @param role keccak256 of "anchor", "status" or "audit".
    function setAccount(uint32 region, bytes32 role, address account, bool allowed) external;

    /// @notice All present members, in no order.
    function members() external view returns (Member[] memory);

    /// @notice The admin of a member; the zero address where there is none.
    function adminOf(uint32 region) external view returns (address);

    /// @notice The region of an admin; 0 where it is none.
    function regionOf(address admin) external view returns (uint32);

    /// @notice How many seats and roles an account holds; who holds none can neither send a transaction nor create a
    /// contract on a chain whose validators read this.
    function powersOf(address account) external view returns (uint256);

    /// @notice The validators that were voted for last; epoch 0, and none, before the first vote.
    function validators() external view returns (uint256 epoch, uint32[] memory regions, bytes32[] memory keys);

    /// @notice True while the region is a member and its admin allows the account in the role.
    function mayAct(uint32 region, bytes32 role, address account) external view returns (bool);

    /// @notice All that ever held a role, oldest first.
    function directory(bytes32 role) external view returns (Entry[] memory);

    /// @notice The contract that holds a role; the zero address before the first.
    function current(bytes32 role) external view returns (address);

    /// @notice True for the one contract that holds the role now.
    function isCurrent(bytes32 role, address contractAddress) external view returns (bool);

    /// @notice How many proposals there are; the last has this number.
    function proposalCount() external view returns (uint256);

    /// @notice A proposal with the votes of the present members.
    function proposal(uint256 id) external view returns (Proposal memory);

    /// @notice True where this region, in its present membership, voted.
    function hasVoted(uint256 id, uint32 region) external view returns (bool);

    /// @notice How many releases there are.
    function releaseCount() external view returns (uint256);

    /// @notice A release by its number, from 0.
    function release(uint256 index) external view returns (Release memory);
}

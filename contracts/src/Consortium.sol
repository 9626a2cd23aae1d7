// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Chronicle} from "./Chronicle.sol";
import {Divisions} from "./Divisions.sol";
import {IConsortium} from "./IConsortium.sol";

/// @title The root of trust: members, votes, the directory of contracts, releases
contract Consortium is Chronicle, IConsortium {
    /// @dev A term is one membership; a region that comes back begins another, so old votes and accounts stay dead.
    struct Seat {
        address admin;
        uint64 term;
        string name;
    }

    struct Ballot {
        uint32 region;
        uint64 expiresAt;
        bool executed;
        bytes action;
        mapping(uint32 region => uint64 term) votes;
    }

    uint32[] private _regions;
    mapping(uint32 region => Seat) private _seats;
    mapping(address admin => uint32 region) private _regionOf;
    mapping(uint32 region => mapping(uint64 term => mapping(bytes32 role => mapping(address account => bool)))) private
        _accounts;
    mapping(bytes32 role => Entry[]) private _directory;
    mapping(address contractAddress => bool) private _appointed;
    uint256 private _proposalCount;
    mapping(uint256 id => Ballot) private _ballots;
    Release[] private _releases;
    mapping(bytes32 nameAndVersion => bool) private _released;
    /// @dev Read by the validators from the slots of _powers, _validatorEpoch and _validatorKeys, which are frozen.
    mapping(address account => uint256) private _powers;
    uint256 private _validatorEpoch;
    bytes32[] private _validatorKeys;
    uint32[] private _validatorRegions;
    mapping(uint32 region => address[]) private _holders;

    uint256 private constant MOST_ACCOUNTS = 64;
    uint256 private constant MOST_VALIDATORS = 64;

    modifier onlyByVote() {
        require(msg.sender == address(this), ConsortiumOnlyByVote());
        _;
    }

    /// @notice The founders, in lists of one length: none may be missing, none twice.
    constructor(uint32[] memory regions, string[] memory names, address[] memory admins) {
        require(regions.length > 0, ConsortiumEmpty());
        require(names.length == regions.length && admins.length == regions.length, ConsortiumUnequalLists());
        for (uint256 i = 0; i < regions.length; ++i) {
            _admit(regions[i], names[i], admins[i]);
        }
    }

    /// @inheritdoc IConsortium
    function propose(bytes calldata action, uint64 expiresAt) external returns (uint256 id) {
        uint32 region = _callerRegion();
        bytes4 selector = action.length < 4 ? bytes4(0) : bytes4(action[:4]);
        require(_canBeVotedOn(selector), ConsortiumUnknownAction(selector));
        require(expiresAt > block.timestamp, ConsortiumBadExpiry(expiresAt));
        id = ++_proposalCount;
        Ballot storage ballot = _ballots[id];
        ballot.region = region;
        ballot.expiresAt = expiresAt;
        ballot.action = action;
        _record(ProposalMade.selector, abi.encode(id, region, action, expiresAt));
    }

    /// @inheritdoc IConsortium
    function vote(uint256 id) external {
        uint32 region = _callerRegion();
        Ballot storage ballot = _openBallot(id);
        require(!_voted(ballot, region), ConsortiumVoted(id, region));
        ballot.votes[region] = _seats[region].term;
        _record(Voted.selector, abi.encode(id, region));
    }

    /// @inheritdoc IConsortium
    function execute(uint256 id) external {
        _callerRegion();
        Ballot storage ballot = _openBallot(id);
        uint256 votes = _countVotes(ballot);
        require(votes * 3 > _regions.length * 2, ConsortiumTooFewVotes(votes, _regions.length));
        ballot.executed = true;
        _record(ProposalExecuted.selector, abi.encode(id));
        (bool done, bytes memory reason) = address(this).call(ballot.action);
        if (!done) {
            assembly ("memory-safe") {
                revert(add(reason, 0x20), mload(reason))
            }
        }
    }

    /// @inheritdoc IConsortium
    function admitMember(uint32 region, string calldata name, address admin) external onlyByVote {
        _admit(region, name, admin);
    }

    /// @inheritdoc IConsortium
    function removeMember(uint32 region) external onlyByVote {
        address admin = _memberAdmin(region);
        uint256 count = _regions.length;
        require(count > 1, ConsortiumEmpty());
        for (uint256 i = 0; i < count; ++i) {
            if (_regions[i] == region) _regions[i] = _regions[count - 1];
        }
        _regions.pop();
        delete _regionOf[admin];
        delete _seats[region].admin;
        --_powers[admin];
        address[] storage holders = _holders[region];
        for (uint256 i = 0; i < holders.length; ++i) {
            --_powers[holders[i]];
        }
        delete _holders[region];
        _record(MemberRemoved.selector, abi.encode(region));
    }

    /// @inheritdoc IConsortium
    function healAdmin(uint32 region, address admin) external onlyByVote {
        _changeAdmin(region, admin);
    }

    /// @inheritdoc IConsortium
    function appointContract(bytes32 role, address contractAddress) external onlyByVote {
        require(role != 0, ConsortiumBlank());
        require(contractAddress.code.length > 0, ConsortiumNotContract(contractAddress));
        require(!_appointed[contractAddress], ConsortiumContractKnown(contractAddress));
        _appointed[contractAddress] = true;
        Entry[] storage entries = _directory[role];
        uint64 here = uint64(block.number);
        if (entries.length > 0) entries[entries.length - 1].untilBlock = here;
        entries.push(Entry(contractAddress, here, 0));
        _record(ContractAppointed.selector, abi.encode(role, contractAddress, here));
    }

    /// @inheritdoc IConsortium
    function publishRelease(string calldata name, string calldata version, bytes32 sha256Digest, uint64 effectiveFrom)
        external
        onlyByVote
    {
        require(bytes(name).length > 0 && bytes(version).length > 0 && sha256Digest != 0, ConsortiumBlank());
        bytes32 key = keccak256(abi.encode(name, version));
        require(!_released[key], ConsortiumReleaseKnown(name, version));
        _released[key] = true;
        _releases.push(Release(name, version, sha256Digest, effectiveFrom));
        _record(ReleasePublished.selector, abi.encode(name, version, sha256Digest, effectiveFrom));
    }

    /// @inheritdoc IConsortium
    function setValidators(uint32[] calldata regions, bytes32[] calldata keys) external onlyByVote {
        uint256 count = keys.length;
        require(regions.length == count, ConsortiumUnequalLists());
        require(count > 0 && count <= MOST_VALIDATORS, ConsortiumBadValidators());
        uint256 before = _validatorKeys.length;
        uint256 staying;
        for (uint256 i = 0; i < count; ++i) {
            _memberAdmin(regions[i]);
            require(keys[i] != 0, ConsortiumBadValidators());
            for (uint256 j = 0; j < i; ++j) {
                require(keys[j] != keys[i], ConsortiumBadValidators());
            }
            for (uint256 j = 0; j < before; ++j) {
                if (_validatorKeys[j] == keys[i]) ++staying;
            }
        }
        (uint256 joining, uint256 leaving) = (count - staying, before - staying);
        bool little = joining * 3 < count && leaving * 3 < before;
        require(before == 0 || little, ConsortiumTooMuchAtOnce(joining, leaving));
        _validatorKeys = keys;
        _validatorRegions = regions;
        _record(ValidatorsSet.selector, abi.encode(++_validatorEpoch, regions, keys));
    }

    /// @inheritdoc IConsortium
    function transferAdmin(address admin) external {
        _changeAdmin(_callerRegion(), admin);
    }

    /// @inheritdoc IConsortium
    function setAccount(uint32 region, bytes32 role, address account, bool allowed) external {
        Seat storage seat = _seats[region];
        require(seat.admin == msg.sender, ConsortiumNotAdmin(region, msg.sender));
        require(account != address(0), ConsortiumZeroAddress());
        require(role != 0, ConsortiumBlank());
        mapping(address account => bool) storage accounts = _accounts[region][seat.term][role];
        if (accounts[account] != allowed) {
            accounts[account] = allowed;
            if (allowed) _empower(region, account);
            else _disempower(region, account);
        }
        _record(AccountSet.selector, abi.encode(region, role, account, allowed));
    }

    /// @inheritdoc IConsortium
    function members() external view returns (Member[] memory all) {
        all = new Member[](_regions.length);
        for (uint256 i = 0; i < all.length; ++i) {
            Seat storage seat = _seats[_regions[i]];
            all[i] = Member(_regions[i], seat.name, seat.admin);
        }
    }

    /// @inheritdoc IConsortium
    function adminOf(uint32 region) external view returns (address) {
        return _seats[region].admin;
    }

    /// @inheritdoc IConsortium
    function regionOf(address admin) external view returns (uint32) {
        return _regionOf[admin];
    }

    /// @inheritdoc IConsortium
    function powersOf(address account) external view returns (uint256) {
        return _powers[account];
    }

    /// @inheritdoc IConsortium
    function validators() external view returns (uint256, uint32[] memory, bytes32[] memory) {
        return (_validatorEpoch, _validatorRegions, _validatorKeys);
    }

    /// @inheritdoc IConsortium
    function mayAct(uint32 region, bytes32 role, address account) external view returns (bool) {
        Seat storage seat = _seats[region];
        return seat.admin != address(0) && _accounts[region][seat.term][role][account];
    }

    /// @inheritdoc IConsortium
    function directory(bytes32 role) external view returns (Entry[] memory) {
        return _directory[role];
    }

    /// @inheritdoc IConsortium
    function current(bytes32 role) public view returns (address) {
        Entry[] storage entries = _directory[role];
        return entries.length == 0 ? address(0) : entries[entries.length - 1].contractAddress;
    }

    /// @inheritdoc IConsortium
    function isCurrent(bytes32 role, address contractAddress) external view returns (bool) {
        return contractAddress != address(0) && current(role) == contractAddress;
    }

    /// @inheritdoc IConsortium
    function proposalCount() external view returns (uint256) {
        return _proposalCount;
    }

    /// @inheritdoc IConsortium
    function proposal(uint256 id) external view returns (Proposal memory) {
        Ballot storage b = _knownBallot(id);
        return Proposal(b.region, b.action, b.expiresAt, b.executed, _countVotes(b));
    }

    /// @inheritdoc IConsortium
    function hasVoted(uint256 id, uint32 region) external view returns (bool) {
        return _voted(_knownBallot(id), region);
    }

    /// @inheritdoc IConsortium
    function releaseCount() external view returns (uint256) {
        return _releases.length;
    }

    /// @inheritdoc IConsortium
    function release(uint256 index) external view returns (Release memory) {
        require(index < _releases.length, ConsortiumUnknownRelease(index));
        return _releases[index];
    }

    function _admit(uint32 region, string memory name, address admin) private {
        require(Divisions.isRegion(region), ConsortiumBadRegion(region));
        require(bytes(name).length > 0, ConsortiumBlank());
        Seat storage seat = _seats[region];
        require(seat.admin == address(0), ConsortiumMemberKnown(region));
        _seatAdmin(region, admin);
        seat.name = name;
        ++seat.term;
        _regions.push(region);
        _record(MemberAdmitted.selector, abi.encode(region, name, admin));
    }

    function _changeAdmin(uint32 region, address admin) private {
        address former = _memberAdmin(region);
        _seatAdmin(region, admin);
        delete _regionOf[former];
        --_powers[former];
        _record(AdminChanged.selector, abi.encode(region, admin));
    }

    /// @dev An account is the admin of one member at most, so that a vote's sender names its region.
    function _seatAdmin(uint32 region, address admin) private {
        require(admin != address(0), ConsortiumZeroAddress());
        require(_regionOf[admin] == 0, ConsortiumAdminTaken(admin));
        _regionOf[admin] = region;
        _seats[region].admin = admin;
        ++_powers[admin];
    }

    /// @dev A member's accounts are listed, and their number bounded, so that its removal can take all their powers.
    function _empower(uint32 region, address account) private {
        require(_holders[region].length < MOST_ACCOUNTS, ConsortiumTooManyAccounts(region));
        _holders[region].push(account);
        ++_powers[account];
    }

    function _disempower(uint32 region, address account) private {
        address[] storage holders = _holders[region];
        uint256 last = holders.length - 1;
        for (uint256 i = 0; i <= last; ++i) {
            if (holders[i] == account) {
                holders[i] = holders[last];
                break;
            }
        }
        holders.pop();
        --_powers[account];
    }

    function _memberAdmin(uint32 region) private view returns (address admin) {
        admin = _seats[region].admin;
        require(admin != address(0), ConsortiumUnknownMember(region));
    }

    function _callerRegion() private view returns (uint32 region) {
        region = _regionOf[msg.sender];
        require(region != 0, ConsortiumNotMember(msg.sender));
    }

    function _knownBallot(uint256 id) private view returns (Ballot storage) {
        require(id > 0 && id <= _proposalCount, ConsortiumUnknownProposal(id));
        return _ballots[id];
    }

    function _openBallot(uint256 id) private view returns (Ballot storage ballot) {
        ballot = _knownBallot(id);
        require(!ballot.executed, ConsortiumExecuted(id));
        require(block.timestamp <= ballot.expiresAt, ConsortiumExpired(id));
    }

    function _voted(Ballot storage ballot, uint32 region) private view returns (bool) {
        Seat storage seat = _seats[region];
        return seat.admin != address(0) && ballot.votes[region] == seat.term;
    }

    function _countVotes(Ballot storage ballot) private view returns (uint256 votes) {
        for (uint256 i = 0; i < _regions.length; ++i) {
            if (_voted(ballot, _regions[i])) ++votes;
        }
    }

    function _canBeVotedOn(bytes4 selector) private pure returns (bool) {
        return selector == IConsortium.admitMember.selector || selector == IConsortium.removeMember.selector
            || selector == IConsortium.healAdmin.selector || selector == IConsortium.appointContract.selector
            || selector == IConsortium.publishRelease.selector || selector == IConsortium.setValidators.selector;
    }
}

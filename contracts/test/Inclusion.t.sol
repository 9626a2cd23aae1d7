// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICertificateAnchor} from "../src/ICertificateAnchor.sol";
import {Cast} from "./support/Cast.sol";
import {CHEATS} from "./support/Cheats.sol";
import {Founded} from "./support/Founded.sol";

/// @title Inclusion on chain against RFC 9162 section 2.1's definition, which descends where the contract climbs
contract InclusionTest is Founded {
    uint64 private constant LARGEST = 300;
    uint8 private constant CERTIFICATES = 1;
    uint8 private constant SHA_256 = 1;

    ICertificateAnchor private _anchor;
    mapping(uint64 from => mapping(uint64 to => bytes32)) private _roots;

    function setUp() external {
        _anchor = ICertificateAnchor(_appoint(_consortium(), "CertificateAnchor", Cast.ANCHOR));
    }

    function test_EveryLeafOfEveryTreeUpTo300IsIncluded() external {
        for (uint64 size = 1; size <= LARGEST; ++size) {
            _anchorNext(_root(0, size), size);
            this.requireEveryLeafIncluded(size);
        }
    }

    /// @dev A call of its own, so that each size begins with empty memory.
    function requireEveryLeafIncluded(uint64 size) external {
        for (uint64 index = 0; index < size; ++index) {
            require(_isIncluded(size, _leaf(index), index, _path(index, 0, size)), "a leaf is not included");
        }
    }

    function testFuzz_NoOtherLeafIndexOrPathIsIncluded(uint64 size, uint64 index, uint256 fault) external {
        size = 1 + size % LARGEST;
        index = index % size;
        _anchorNext(_root(0, size), size);
        bytes32[] memory path = _path(index, 0, size);
        require(!_isIncluded(1, _flip(_leaf(index), fault), index, path), "another leaf");
        require(!_isIncluded(1, _leaf(index), size + uint64(fault % 1000), path), "an index beyond the tree");
        require(!_isIncluded(1, _leaf(index), index, _longer(path, bytes32(fault))), "a longer path");
        if (path.length == 0) return;
        uint64 other = uint64((index + 1 + fault % (size - 1)) % size);
        require(!_isIncluded(1, _leaf(index), other, path), "another index");
        uint256 step = fault % path.length;
        path[step] = _flip(path[step], fault / path.length);
        require(!_isIncluded(1, _leaf(index), index, path), "another path");
    }

    function testFuzz_TreesOfAnySizeAgree(uint64 size, uint64 index, bytes32 leaf, bytes32 seed) external {
        size = size == 0 ? 1 : size;
        index = index % size;
        bytes32[] memory path = new bytes32[](_depth(index, size));
        for (uint256 i = 0; i < path.length; ++i) {
            path[i] = keccak256(abi.encode(seed, i));
        }
        _anchorNext(_rootOver(_leafHash(leaf), index, size, path, path.length), size);
        require(_isIncluded(1, leaf, index, path), "the definition and the contract differ");
        require(!_isIncluded(1, leaf, index ^ 1, path) || path.length == 0, "its neighbour is included too");
        require(!_isIncluded(1, leaf, index, _longer(path, seed)), "a longer path is taken");
    }

    function testFuzz_AnInnerNodeIsNoLeaf(uint64 size, bytes32 seed) external {
        size = 2 * (1 + size % 100);
        bytes32 node = keccak256(abi.encode(seed));
        _anchorNext(node, size);
        require(!_isIncluded(1, node, 0, new bytes32[](0)), "a root is taken for a leaf");
    }

    function testFuzz_AbsenceIsRefusedNotFalse(uint32 region, uint8 kind, uint64 number, bytes32 leaf) external {
        CHEATS.expectRevert(
            abi.encodeWithSelector(ICertificateAnchor.AnchorUnknownBatch.selector, region, kind, number)
        );
        _anchor.verifyInclusion(region, kind, number, leaf, 0, new bytes32[](0));
    }

    function _anchorNext(bytes32 root, uint64 size) private {
        uint64 count = _anchor.batchCount(HOME, CERTIFICATES);
        bytes32 previous = count == 0 ? bytes32(0) : _anchor.batchHash(HOME, CERTIFICATES, count);
        _anchor.anchor(HOME, CERTIFICATES, count + 1, root, SHA_256, size, previous);
    }

    function _isIncluded(uint64 number, bytes32 leaf, uint64 index, bytes32[] memory path) private view returns (bool) {
        return _anchor.verifyInclusion(HOME, CERTIFICATES, number, leaf, index, path);
    }

    /// @dev MTH(D[from:to]), section 2.1.1; trees of rising sizes share all but their right edge.
    function _root(uint64 from, uint64 to) private returns (bytes32 root) {
        root = _roots[from][to];
        if (root != 0) return root;
        if (to - from == 1) return _leafHash(_leaf(from));
        uint64 middle = from + _split(to - from);
        root = _nodeHash(_root(from, middle), _root(middle, to));
        _roots[from][to] = root;
    }

    /// @dev PATH(index, D[from:to]), section 2.1.3.1: the sibling nearest the leaf first.
    function _path(uint64 index, uint64 from, uint64 to) private returns (bytes32[] memory) {
        if (to - from == 1) return new bytes32[](0);
        uint64 middle = from + _split(to - from);
        if (index < middle) return _longer(_path(index, from, middle), _root(middle, to));
        return _longer(_path(index, middle, to), _root(from, middle));
    }

    /// @dev The root that a path of any siblings leads to, by the definition of PATH.
    function _rootOver(bytes32 node, uint64 index, uint64 size, bytes32[] memory path, uint256 length)
        private
        pure
        returns (bytes32)
    {
        if (size == 1) return node;
        uint64 left = _split(size);
        bytes32 sibling = path[length - 1];
        if (index < left) return _nodeHash(_rootOver(node, index, left, path, length - 1), sibling);
        return _nodeHash(sibling, _rootOver(node, index - left, size - left, path, length - 1));
    }

    function _depth(uint64 index, uint64 size) private pure returns (uint256) {
        if (size == 1) return 0;
        uint64 left = _split(size);
        return 1 + (index < left ? _depth(index, left) : _depth(index - left, size - left));
    }

    /// @dev The largest power of two below the size.
    function _split(uint64 size) private pure returns (uint64 k) {
        k = 1;
        while (k < size - k) k *= 2;
    }

    function _leaf(uint64 index) private pure returns (bytes32) {
        return keccak256(abi.encode("fingerprint", index));
    }

    function _leafHash(bytes32 leaf) private pure returns (bytes32) {
        return sha256(bytes.concat(bytes1(0x00), leaf));
    }

    function _nodeHash(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return sha256(bytes.concat(bytes1(0x01), left, right));
    }

    function _flip(bytes32 word, uint256 bit) private pure returns (bytes32) {
        return word ^ bytes32(1 << (bit % 256));
    }

    function _longer(bytes32[] memory path, bytes32 last) private pure returns (bytes32[] memory longer) {
        longer = new bytes32[](path.length + 1);
        for (uint256 i = 0; i < path.length; ++i) {
            longer[i] = path[i];
        }
        longer[path.length] = last;
    }
}

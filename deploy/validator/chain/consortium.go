package chain

import (
	"encoding/json"
	"fmt"
	"math/big"

	storetypes "cosmossdk.io/store/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
)

// Where the Consortium contract keeps what a validator reads: frozen in contracts/artifacts/Consortium.json.
const (
	slotCount          = 0  // how many events it has told; none before it stands
	slotPowers         = 12 // mapping(address => uint256): seats and roles that an account holds
	slotValidatorEpoch = 13 // uint256: grows with each change of the validators
	slotValidatorKeys  = 14 // bytes32[]: their ed25519 keys
)

const founderKeys = "founder/"

var addressKey = []byte("address")

// Founding is what a genesis file says about the members, beside CometBFT's list of validators.
type Founding struct {
	// ChainID is the Ethereum chain id.
	ChainID uint64 `json:"chain_id"`
	// Consortium is the address that the members' contract will have: the first founder's first transaction makes it.
	Consortium common.Address `json:"consortium"`
	// Founders may send until the contract stands; from then on the contract alone decides who may.
	Founders []common.Address `json:"founders"`
	// Validators tells which member each validator of CometBFT's list belongs to.
	Validators []Validator `json:"validators"`
}

// Validator is one member's validator: the region's code, its name in ASCII (the node's moniker), its ed25519 key.
type Validator struct {
	Region int    `json:"region"`
	Name   string `json:"name"`
	Key    []byte `json:"key"`
}

// NewFounding computes the contract's address, which follows from its maker's.
func NewFounding(id uint64, founders []common.Address, validators []Validator) (Founding, error) {
	if len(founders) == 0 {
		return Founding{}, fmt.Errorf("a network has at least one founder")
	}
	return Founding{id, crypto.CreateAddress(founders[0], 0), founders, validators}, nil
}

// states is as much of the EVM as is needed to read a contract.
type states interface {
	GetState(ctx sdk.Context, contract common.Address, slot common.Hash) common.Hash
}

// consortium reads the members' contract. Its own store holds what the genesis file said.
type consortium struct {
	key storetypes.StoreKey
	evm states
}

func (c consortium) found(ctx sdk.Context, raw json.RawMessage, id uint64) error {
	var f Founding
	if err := json.Unmarshal(raw, &f); err != nil {
		return fmt.Errorf("genesis: %w", err)
	}
	if f.ChainID != id {
		return fmt.Errorf("genesis: chain id %d, app.toml has %d", f.ChainID, id)
	}
	if len(f.Founders) == 0 || f.Consortium != crypto.CreateAddress(f.Founders[0], 0) {
		return fmt.Errorf("genesis: the Consortium is not the first founder's first contract")
	}
	store := ctx.KVStore(c.key)
	store.Set(addressKey, f.Consortium.Bytes())
	for _, founder := range f.Founders {
		store.Set(under(founderKeys, founder.Bytes()), []byte{1})
	}
	return nil
}

// mayAct tells whether an account may send transactions and create contracts.
func (c consortium) mayAct(ctx sdk.Context, account common.Address) bool {
	if c.read(ctx, slotCount) == (common.Hash{}) {
		return ctx.KVStore(c.key).Has(under(founderKeys, account.Bytes()))
	}
	slot := crypto.Keccak256Hash(common.LeftPadBytes(account.Bytes(), 32), word(slotPowers).Bytes())
	return c.evm.GetState(ctx, c.address(ctx), slot) != (common.Hash{})
}

// validators returns the set that was voted for last and its epoch; epoch 0 is the genesis file's.
func (c consortium) validators(ctx sdk.Context) (epoch uint64, keys []common.Hash) {
	number, count := c.read(ctx, slotValidatorEpoch).Big(), c.read(ctx, slotValidatorKeys).Big()
	if !number.IsUint64() || number.Sign() == 0 || !count.IsUint64() || count.Uint64() > maxValidators {
		return 0, nil
	}
	first := crypto.Keccak256Hash(word(slotValidatorKeys).Bytes()).Big()
	for i := uint64(0); i < count.Uint64(); i++ {
		slot := common.BigToHash(new(big.Int).Add(first, new(big.Int).SetUint64(i)))
		keys = append(keys, c.evm.GetState(ctx, c.address(ctx), slot))
	}
	return number.Uint64(), keys
}

func (c consortium) read(ctx sdk.Context, slot int64) common.Hash {
	return c.evm.GetState(ctx, c.address(ctx), word(slot))
}

func (c consortium) address(ctx sdk.Context) common.Address {
	return common.BytesToAddress(ctx.KVStore(c.key).Get(addressKey))
}

// under makes a key of its own array: blocks and queries run at the same time.
func under(prefix string, key []byte) []byte { return append([]byte(prefix), key...) }

func word(n int64) common.Hash { return common.BigToHash(big.NewInt(n)) }

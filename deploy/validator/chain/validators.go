package chain

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"cosmossdk.io/log"
	storetypes "cosmossdk.io/store/types"
	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtcrypto "github.com/cometbft/cometbft/proto/tendermint/crypto"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/ethereum/go-ethereum/common"
)

const (
	maxValidators = 64
	validatorKeys = "validator/"
)

var epochKey = []byte("epoch")

// validatorSet follows the Consortium: one validator, one vote, the genesis file's until the members vote for others.
//
// The contract refuses a set that replaces a third or more at once; the node, which knows the set in force, refuses it
// again: dead keys voted in at that size would halt the chain for good, and a light client could not follow.
type validatorSet struct {
	key        storetypes.StoreKey
	consortium consortium
}

func (v validatorSet) found(ctx sdk.Context, genesis []abci.ValidatorUpdate) error {
	if len(genesis) == 0 {
		return fmt.Errorf("genesis: no validator")
	}
	store := ctx.KVStore(v.key)
	store.Set(epochKey, make([]byte, 8))
	for _, update := range genesis {
		key := update.PubKey.GetEd25519()
		if update.Power != 1 || len(key) != ed25519.PubKeySize {
			return fmt.Errorf("genesis: each validator has an ed25519 key and power 1")
		}
		if store.Has(under(validatorKeys, key)) {
			return fmt.Errorf("genesis: a validator's key is there twice")
		}
		store.Set(under(validatorKeys, key), []byte{1})
	}
	return nil
}

// changes returns what the members' last vote changes, once for each epoch. What is refused stays refused.
func (v validatorSet) changes(ctx sdk.Context, logger log.Logger) []abci.ValidatorUpdate {
	store := ctx.KVStore(v.key)
	epoch, wanted := v.consortium.validators(ctx)
	if epoch <= binary.BigEndian.Uint64(store.Get(epochKey)) {
		return nil
	}
	store.Set(epochKey, sdk.Uint64ToBigEndian(epoch))
	present := v.present(store)
	joining, leaving, err := compare(present, wanted)
	if err != nil {
		logger.Error("the validators voted for are not taken", "epoch", epoch, "why", err)
		return nil
	}
	var updates []abci.ValidatorUpdate
	for _, key := range leaving {
		store.Delete(under(validatorKeys, key.Bytes()))
		updates = append(updates, power(key, 0))
	}
	for _, key := range joining {
		store.Set(under(validatorKeys, key.Bytes()), []byte{1})
		updates = append(updates, power(key, 1))
	}
	return updates
}

func (v validatorSet) present(store storetypes.KVStore) (keys []common.Hash) {
	it := storetypes.KVStorePrefixIterator(store, []byte(validatorKeys))
	defer it.Close()
	for ; it.Valid(); it.Next() {
		keys = append(keys, common.BytesToHash(it.Key()[len(validatorKeys):]))
	}
	return keys
}

// compare returns who joins and who leaves, each in the order of its list, or why the set cannot be taken.
func compare(present, wanted []common.Hash) (joining, leaving []common.Hash, err error) {
	was, will := map[common.Hash]bool{}, map[common.Hash]bool{}
	for _, key := range present {
		was[key] = true
	}
	for _, key := range wanted {
		if key == (common.Hash{}) || will[key] {
			return nil, nil, fmt.Errorf("a key is zero or there twice")
		}
		will[key] = true
		if !was[key] {
			joining = append(joining, key)
		}
	}
	for _, key := range present {
		if !will[key] {
			leaving = append(leaving, key)
		}
	}
	if len(wanted) == 0 || len(joining)*3 >= len(wanted) || len(leaving)*3 >= len(present) {
		return nil, nil, fmt.Errorf("%d join and %d leave: a third or more at once", len(joining), len(leaving))
	}
	return joining, leaving, nil
}

func power(key common.Hash, votes int64) abci.ValidatorUpdate {
	sum := &cmtcrypto.PublicKey_Ed25519{Ed25519: bytes.Clone(key.Bytes())}
	return abci.ValidatorUpdate{Power: votes, PubKey: cmtcrypto.PublicKey{Sum: sum}}
}

package chain

import (
	"encoding/binary"

	storetypes "cosmossdk.io/store/types"
	abci "github.com/cometbft/cometbft/abci/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
)

// third is the first height whose block bears a time of now: a new chain makes it without waiting.
const third = 3

var beatKey = []byte("beat")

// heartbeat keeps a quiet chain's time near the clock's.
//
// A block carries the time of the votes for the block before it (CometBFT, "BFT time"), so the first block after a
// silence bears the time at which the silence began. Two rules make up for that: an empty block changes the
// application's hash, whereupon CometBFT makes another at once, with a time of now; and the proposer leaves a block
// empty whose time is old (sightings), so that transactions go into the next.
type heartbeat struct{ key storetypes.StoreKey }

// beat marks an empty block, unless it is the one that follows a mark.
func (h heartbeat) beat(ctx sdk.Context, req *abci.RequestFinalizeBlock) {
	store := ctx.KVStore(h.key)
	last := store.Get(beatKey)
	follows := len(last) == 8 && binary.BigEndian.Uint64(last)+1 == uint64(req.Height) && req.Height >= third
	if len(req.Txs) == 0 && !follows {
		store.Set(beatKey, sdk.Uint64ToBigEndian(uint64(req.Height)))
	}
}

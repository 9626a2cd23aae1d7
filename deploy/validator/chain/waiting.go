package chain

import (
	"sync"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/ethereum/go-ethereum/common"
)

// nonceWindow is how far ahead of its account a transaction may wait: gossip brings one sender's in any order.
const nonceWindow = 1024

func mayWait(nonce, next uint64) bool { return nonce > next && nonce-next < nonceWindow }

// waiting remembers which nonces are in the mempool. After each block CometBFT checks again what is left in it; until
// that is done the list from before the block counts too.
type waiting struct {
	mu           sync.Mutex
	since, until map[common.Address]map[uint64]bool
}

func (w *waiting) add(account common.Address, nonce uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.since == nil {
		w.since = map[common.Address]map[uint64]bool{}
	}
	if w.since[account] == nil {
		w.since[account] = map[uint64]bool{}
	}
	w.since[account][nonce] = true
}

// newBlock is called before the mempool is checked again.
func (w *waiting) newBlock(sdk.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.until, w.since = w.since, nil
}

// after is the first nonce, from an account's next one on, that nothing waits with.
func (w *waiting) after(account common.Address, nonce uint64) uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.since[account][nonce] || w.until[account][nonce] {
		nonce++
	}
	return nonce
}

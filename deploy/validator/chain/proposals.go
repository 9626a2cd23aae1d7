package chain

import (
	"sort"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/ethereum/go-ethereum/common"
)

// What a validator says of its own clock; ecert/domain/reasons/network.toml has the code's sentences.
const (
	WrongClock = "network.clock"
	RightClock = "this validator's clock is right again"
)

// propose orders a block: senders as they came, each sender's transactions by nonce; what cannot run now stays out.
func (app *App) propose(_ sdk.Context, req *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
	res := &abci.ResponsePrepareProposal{}
	if app.sightings.isLate(req.Height, time.Now()) {
		return res, nil
	}
	for _, tx := range app.inOrder(req.Txs) {
		if raw, err := app.PrepareProposalVerifyTx(tx); err == nil {
			res.Txs = append(res.Txs, raw)
		}
	}
	return res, nil
}

// consider accepts a block only if every transaction in it can run.
func (app *App) consider(_ sdk.Context, req *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	for _, raw := range req.Txs {
		if _, err := app.ProcessProposalVerifyTx(raw); err != nil {
			app.Logger().Error("proposal rejected", "height", req.Height, "why", err)
			return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_REJECT}, nil
		}
	}
	now := time.Now()
	app.tellClock(req, now)
	app.sightings.see(req.Height, now)
	return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_ACCEPT}, nil
}

// tellClock names a clock of this node that is wrong, and when it is right again; what is accepted hangs on neither.
func (app *App) tellClock(req *abci.RequestProcessProposal, now time.Time) {
	by, news := app.sightings.clock(req.Height, req.Time, now)
	switch {
	case news && by > 0:
		app.Logger().Error(WrongClock + ": this validator's clock is ahead of the blocks' time by " + by.String())
	case news && by < 0:
		app.Logger().Error(WrongClock + ": this validator's clock is behind the blocks' time by " + (-by).String())
	case news:
		app.Logger().Error(RightClock)
	}
}

func (app *App) inOrder(raws [][]byte) []sdk.Tx {
	type placed struct {
		tx    sdk.Tx
		first int // place of the sender's first transaction
		nonce uint64
	}
	var list []placed
	first := map[common.Address]int{}
	for place, raw := range raws {
		tx, err := app.TxDecode(raw)
		if err != nil {
			continue
		}
		sender, nonce, err := senderOf(tx)
		if err != nil {
			continue
		}
		if _, known := first[sender]; !known {
			first[sender] = place
		}
		list = append(list, placed{tx, first[sender], nonce})
	}
	sort.SliceStable(list, func(a, b int) bool {
		if list[a].first != list[b].first {
			return list[a].first < list[b].first
		}
		return list[a].nonce < list[b].nonce
	})
	txs := make([]sdk.Tx, len(list))
	for i, p := range list {
		txs[i] = p.tx
	}
	return txs
}

package chain

import (
	"sort"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/ethereum/go-ethereum/common"
)

// propose orders a block: senders as they came, each sender's transactions by nonce; what cannot run now stays out.
func (app *App) propose(_ sdk.Context, req *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
	res := &abci.ResponsePrepareProposal{}
	if isLate(req.Time, time.Now()) {
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
	return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_ACCEPT}, nil
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

package home

import (
	"bytes"
	"context"
	"fmt"
	"os"

	cmtjson "github.com/cometbft/cometbft/libs/json"
	"github.com/cometbft/cometbft/privval"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	rpcclient "github.com/cometbft/cometbft/rpc/client"
	"github.com/cometbft/cometbft/types"
)

// HoldKey calls end when a vote of this home's key comes by that this home has not signed: a copy of it runs elsewhere,
// which only the network shows. What it signed last is on its disk before a vote leaves it, so no crash and no restart
// looks like that.
func HoldKey(home string, events rpcclient.EventsClient, end func(Refusal)) error {
	key, err := validatorKey(home)
	if err != nil {
		return err
	}
	heard, err := events.Subscribe(context.Background(), "key", types.EventQueryVote.String(), 1000)
	if err != nil {
		return err
	}
	go func() {
		for each := range heard {
			told, ok := each.Data.(types.EventDataVote)
			if !ok || !bytes.Equal(told.Vote.ValidatorAddress, key.Address()) {
				continue
			}
			if last, err := lastSigned(home); err == nil && isForeign(told.Vote, last) {
				end(Refusal{KeyTwice, fmt.Sprintf("another node signs with this home's key (height %d)", told.Vote.Height)})
				return
			}
		}
	}()
	return nil
}

func lastSigned(home string) (last privval.FilePVLastSignState, err error) {
	raw, err := os.ReadFile(validatorStateFile(home))
	if err != nil {
		return last, err
	}
	return last, cmtjson.Unmarshal(raw, &last)
}

// isForeign is true for a vote after what a home signed last, or in its place. One before it may have been its own.
func isForeign(vote *types.Vote, last privval.FilePVLastSignState) bool {
	step := int8(2) // CometBFT's number of a prevote in a signer's state; a precommit's is the next
	if vote.Type == cmtproto.PrecommitType {
		step++
	}
	switch {
	case vote.Height != last.Height:
		return vote.Height > last.Height
	case vote.Round != last.Round:
		return vote.Round > last.Round
	case step != last.Step:
		return step > last.Step
	}
	return !bytes.Equal(vote.Signature, last.Signature)
}

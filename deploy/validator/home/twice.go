package home

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"cosmossdk.io/log"
	cmtjson "github.com/cometbft/cometbft/libs/json"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	rpcclient "github.com/cometbft/cometbft/rpc/client"
	"github.com/cometbft/cometbft/types"
)

// A copy of a home on another machine is like the home itself, so only the network can tell that there are two. It tells
// in two ways: a vote comes by that this home did not make, or a second node asks to be taken for one that is connected.

// HoldKey calls end when a vote of this home's key comes by that this home has not signed. What it signed last is on its
// disk before a vote leaves it, so no crash and no restart looks like that.
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

const (
	// settled is how old a connection is when a second of the same node is no chance: two that dial each other at their
	// start are connected twice for a moment.
	settled = 10 * time.Second
	// lull is how long nothing is said again of a node.
	lull = time.Minute
)

// Doorman is a logger that hears, in what CometBFT tells it, a node being refused because one of its name is connected.
// A node that lost its machine is refused so too, until the connection from before is given up (two minutes).
func Doorman(logger log.Logger) log.Logger {
	return doorman{logger, &guests{nodes: map[p2p.ID]guest{}}}
}

type doorman struct {
	log.Logger
	guests *guests
}

func (d doorman) With(keyVals ...any) log.Logger { return doorman{d.Logger.With(keyVals...), d.guests} }

// Debug hears who was taken, which no error type tells: a live test holds the words.
func (d doorman) Debug(msg string, keyVals ...any) {
	d.Logger.Debug(msg, keyVals...)
	if msg != "Added peer" {
		return
	}
	for _, each := range keyVals {
		if peer, ok := each.(p2p.Peer); ok {
			d.guests.take(peer.ID(), time.Now())
		}
	}
}

// Info hears who was refused.
func (d doorman) Info(msg string, keyVals ...any) {
	d.Logger.Info(msg, keyVals...)
	var id p2p.ID
	twice := false
	for _, each := range keyVals {
		switch each := each.(type) {
		case p2p.ErrRejected:
			twice = each.IsDuplicate()
		case p2p.ID:
			id = each
		}
	}
	if twice && d.guests.refuse(id, time.Now()) {
		d.Logger.Error(KeyTwice + ": a second node asks to be taken for the one that is connected as " + string(id))
	}
}

type guests struct {
	mu    sync.Mutex
	nodes map[p2p.ID]guest
}

type guest struct{ taken, said time.Time }

func (g *guests) take(id p2p.ID, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.nodes[id] = guest{now, g.nodes[id].said}
}

// refuse tells whether it is to be said that a node was refused.
func (g *guests) refuse(id p2p.ID, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	node, known := g.nodes[id]
	if !known || now.Sub(node.taken) < settled || now.Sub(node.said) < lull {
		return false
	}
	g.nodes[id] = guest{node.taken, now}
	return true
}

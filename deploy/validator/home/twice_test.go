package home

import (
	"testing"
	"time"

	"github.com/cometbft/cometbft/privval"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"
	"github.com/stretchr/testify/require"
)

func TestAVoteIsForeignAfterWhatAHomeSignedLastOrInItsPlace(t *testing.T) {
	last := privval.FilePVLastSignState{Height: 7, Round: 1, Step: 2, Signature: []byte{1}}
	for _, each := range []struct {
		height    int64
		round     int32
		kind      cmtproto.SignedMsgType
		signature byte
		foreign   bool
	}{
		{7, 1, cmtproto.PrevoteType, 1, false},
		{7, 1, cmtproto.PrevoteType, 2, true},
		{7, 1, cmtproto.PrecommitType, 1, true},
		{7, 0, cmtproto.PrecommitType, 2, false},
		{7, 2, cmtproto.PrevoteType, 2, true},
		{6, 3, cmtproto.PrecommitType, 2, false},
		{8, 0, cmtproto.PrevoteType, 2, true},
	} {
		vote := &types.Vote{Height: each.height, Round: each.round, Type: each.kind, Signature: []byte{each.signature}}
		require.Equal(t, each.foreign, isForeign(vote, last), each)
	}
}

func TestWhatAHomeSignedLastIsReadAsCometWritesIt(t *testing.T) {
	told := of(made(t), "anhui")
	signer := privval.LoadFilePV(validatorKeyFile(told.Home), validatorStateFile(told.Home))
	vote := &cmtproto.Vote{Type: cmtproto.PrecommitType, Height: 7, Round: 1, Timestamp: time.Now()}
	require.NoError(t, signer.SignVote("a chain", vote))
	last, err := lastSigned(told.Home)
	require.NoError(t, err)
	own := &types.Vote{Type: vote.Type, Height: vote.Height, Round: vote.Round, Signature: vote.Signature}
	require.False(t, isForeign(own, last))
	own.Type = cmtproto.PrevoteType
	require.False(t, isForeign(own, last))
	own.Round++
	require.True(t, isForeign(own, last))
}

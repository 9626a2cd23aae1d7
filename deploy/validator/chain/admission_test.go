package chain

import (
	"math/big"
	"testing"

	"github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/ethereum/go-ethereum/common"
	ethtypes "github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"
	"github.com/stretchr/testify/require"
)

func TestBeforeTheConsortiumStandsOnlyFoundersSend(t *testing.T) {
	if !alone(t) {
		return
	}
	w := newWorld(t)
	nowhere := common.HexToAddress("0x99")
	require.Zero(t, w.check(w.sign(w.members[3], 0, &nowhere, nil, 21_000)).Code)
	require.Contains(t, w.check(w.sign(person("stranger"), 0, &nowhere, nil, 21_000)).Log, "no member lets")
	require.NotZero(t, w.block(w.sign(person("stranger"), 0, nil, []byte{0}, 100_000))[0].Code)
}

func TestFromThenOnTheContractAloneDecidesWhoSends(t *testing.T) {
	if !alone(t) {
		return
	}
	w := newWorld(t)
	w.create()
	clerk, role := person("clerk"), crypto.Keccak256Hash([]byte("anchor"))
	nowhere := common.HexToAddress("0x99")
	sent := func() uint32 { return w.check(w.sign(clerk, w.nonces[addressOf(clerk)], &nowhere, nil, 21_000)).Code }
	require.NotZero(t, sent())
	w.must(w.members[1], "setAccount", uint32(32), role, addressOf(clerk), true)
	require.Zero(t, sent())
	require.Zero(t, w.block(w.sign(clerk, 0, nil, []byte{0x60, 0, 0x60, 0, 0xf3}, 200_000))[0].Code, "a deployment")
	w.nonces[addressOf(clerk)] = 1
	w.must(w.members[1], "setAccount", uint32(32), role, addressOf(clerk), false)
	require.NotZero(t, sent())
}

func TestARemovedMemberAndItsAccountsCanDoNothing(t *testing.T) {
	if !alone(t) {
		return
	}
	w := newWorld(t)
	w.create()
	clerk := person("clerk")
	w.must(w.members[3], "setAccount", uint32(34), crypto.Keccak256Hash([]byte("audit")), addressOf(clerk), true)
	require.True(t, w.app.consortium.mayAct(w.state(), addressOf(clerk)))
	w.decide("removeMember", uint32(34))
	require.False(t, w.app.consortium.mayAct(w.state(), addressOf(clerk)))
	require.False(t, w.app.consortium.mayAct(w.state(), addressOf(w.members[3])))
	require.True(t, w.app.consortium.mayAct(w.state(), addressOf(w.members[2])))
}

func TestASenderThatIsClaimedMustHaveSigned(t *testing.T) {
	if !alone(t) {
		return
	}
	w := newWorld(t)
	w.create()
	other := ethtypes.LatestSignerForChainID(big.NewInt(DefaultID + 1))
	to := common.HexToAddress("0x99")
	raw := w.signAs(other, w.members[0], &ethtypes.LegacyTx{Nonce: 1, To: &to, Gas: 21_000, GasPrice: new(big.Int)})
	require.NotZero(t, w.check(raw).Code, "signed for another chain")
}

func TestCosmosMessagesAreRefused(t *testing.T) {
	if !alone(t) {
		return
	}
	w := newWorld(t)
	builder := w.app.enc.TxConfig.NewTxBuilder()
	require.NoError(t, builder.SetMsgs(&types.MsgSend{FromAddress: "a", ToAddress: "b"}))
	raw, err := w.app.enc.TxConfig.TxEncoder()(builder.GetTx())
	require.NoError(t, err)
	require.NotZero(t, w.check(raw).Code)
	require.NotZero(t, w.block(raw)[0].Code)
}

func TestTheMachineIsCancun(t *testing.T) {
	if !alone(t) {
		return
	}
	w := newWorld(t)
	signer := ethtypes.NewPragueSigner(big.NewInt(DefaultID))
	id := uint256.NewInt(DefaultID)
	raw := w.signAs(signer, w.members[0], &ethtypes.SetCodeTx{
		ChainID: id, GasTipCap: new(uint256.Int), GasFeeCap: new(uint256.Int), Gas: 100_000,
		AuthList: []ethtypes.SetCodeAuthorization{{ChainID: *id}},
	})
	require.NotZero(t, w.check(raw).Code, "set-code transactions came with Prague")
	// PUSH0, TSTORE and MCOPY came with Shanghai and Cancun: a constructor that uses them runs.
	results := w.block(w.sign(w.members[0], 0, nil, []byte{0x5f, 0x5f, 0x5d, 0x5f, 0x5f, 0x5f, 0x5e, 0x5f, 0x5f, 0xf3}, 200_000))
	require.Zero(t, results[0].Code, results[0].Log)
	require.NotContains(t, string(results[0].Data), "invalid opcode")
}

func TestContractsThatCameAfterCancunAreNotThere(t *testing.T) {
	if !alone(t) {
		return
	}
	w := newWorld(t)
	for address := byte(1); address <= 0x11; address++ {
		to := common.BytesToAddress([]byte{address})
		results := w.block(w.sign(w.members[0], uint64(address)-1, &to, nil, 100_000))
		require.Zero(t, results[0].Code, results[0].Log)
		require.Equal(t, address > 0x0a, results[0].GasUsed == 21_000, "%#x took %d", address, results[0].GasUsed)
	}
}

func TestANonceMayWaitAheadButABlockTakesThemInOrder(t *testing.T) {
	if !alone(t) {
		return
	}
	w := newWorld(t)
	to := common.HexToAddress("0x99")
	at := func(nonce uint64) []byte { return w.sign(w.members[0], nonce, &to, nil, 21_000) }
	require.Zero(t, w.check(at(2)).Code)
	require.Zero(t, w.check(at(0)).Code)
	require.Zero(t, w.check(at(nonceWindow-1)).Code)
	require.NotZero(t, w.check(at(nonceWindow)).Code)
	require.Equal(t, uint64(1), w.app.waiting.after(addressOf(w.members[0]), 0))
	require.Zero(t, w.check(at(1)).Code)
	require.Equal(t, uint64(3), w.app.waiting.after(addressOf(w.members[0]), 0))
	results := w.block(at(2), at(0))
	require.NotZero(t, results[0].Code)
	require.Zero(t, results[1].Code)
	require.NotZero(t, w.check(at(0)).Code, "used")
}

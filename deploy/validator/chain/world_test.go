package chain

import (
	"crypto/ecdsa"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cosmossdk.io/log"
	abci "github.com/cometbft/cometbft/abci/types"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmttypes "github.com/cometbft/cometbft/types"
	dbm "github.com/cosmos/cosmos-db"
	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"
	sdk "github.com/cosmos/cosmos-sdk/types"
	vmtypes "github.com/cosmos/evm/x/vm/types"
	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	ethtypes "github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/stretchr/testify/require"
)

const childMark = "ECERTD_TEST_ALONE"

const artifact = "../../../contracts/artifacts/Consortium.json"

func TestMain(m *testing.M) {
	SealNotation()
	os.Exit(m.Run())
}

var firstTime = time.Unix(1_700_000_000, 0).UTC()

// world is one node's state machine with four founders, driven block by block as CometBFT would.
type world struct {
	*testing.T
	app      *App
	members  []*ecdsa.PrivateKey
	nonces   map[common.Address]uint64
	height   int64
	contract abi.ABI
	code     []byte
	hash     []byte
	results  *abci.ResponseFinalizeBlock
}

// alone runs the test in a process of its own, for the EVM module's settings can be made once in a process. It is true
// there, and false in the process that started it and has nothing left to do.
func alone(t *testing.T) bool {
	t.Helper()
	if os.Getenv(childMark) != "" {
		return true
	}
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), childMark+"=1")
	out, err := child.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "--- PASS: "+t.Name())
	return false
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, nonces: map[common.Address]uint64{}}
	for i := range 4 {
		w.members = append(w.members, person(fmt.Sprintf("admin %d", i)))
	}
	w.readContract()
	options := simtestutil.AppOptionsMap{IDOption: uint64(DefaultID), "home": t.TempDir(), "pruning": "nothing", "chain-id": "ecert-310320"}
	w.app = New(log.NewNopLogger(), dbm.NewMemDB(), nil, options)
	w.found()
	return w
}

func (w *world) readContract() {
	raw, err := os.ReadFile(filepath.FromSlash(artifact))
	require.NoError(w, err)
	var compiled struct {
		ABI      json.RawMessage `json:"abi"`
		Bytecode string          `json:"bytecode"`
	}
	require.NoError(w, json.Unmarshal(raw, &compiled))
	w.contract, err = abi.JSON(strings.NewReader(string(compiled.ABI)))
	require.NoError(w, err)
	w.code, err = hex.DecodeString(strings.TrimPrefix(compiled.Bytecode, "0x"))
	require.NoError(w, err)
}

func (w *world) found() {
	var founders []common.Address
	var listed []Validator
	var updates []abci.ValidatorUpdate
	for i, key := range w.members {
		founders = append(founders, addressOf(key))
		listed = append(listed, Validator{31 + i, fmt.Sprintf("region%d", i), validator(i).Bytes()})
		updates = append(updates, power(validator(i), 1))
	}
	founding, err := NewFounding(DefaultID, founders, listed)
	require.NoError(w, err)
	raw, err := GenesisState(founding)
	require.NoError(w, err)
	limits := cmttypes.DefaultConsensusParams()
	limits.Block.MaxGas = 60_000_000
	proto := limits.ToProto()
	_, err = w.app.InitChain(&abci.RequestInitChain{
		Time: firstTime, ChainId: "ecert-310320", ConsensusParams: &proto, Validators: updates, AppStateBytes: raw,
		InitialHeight: 1,
	})
	require.NoError(w, err)
	w.block()
}

// block runs transactions, one second after the block before.
func (w *world) block(txs ...[]byte) []*abci.ExecTxResult {
	w.height++
	result, err := w.app.FinalizeBlock(&abci.RequestFinalizeBlock{
		Height: w.height, Time: firstTime.Add(time.Duration(w.height) * time.Second), Txs: txs,
		ProposerAddress: validatorAddress(0), Hash: crypto.Keccak256([]byte{byte(w.height)}),
	})
	require.NoError(w, err)
	_, err = w.app.Commit()
	require.NoError(w, err)
	w.hash, w.results = result.AppHash, result
	return result.TxResults
}

// do runs one member's call in a block of its own and tells whether it went through.
func (w *world) do(key *ecdsa.PrivateKey, function string, args ...any) bool {
	w.Helper()
	results := w.block(w.call(key, function, args...))
	w.nonces[addressOf(key)] += 1
	return results[0].Code == 0 && !strings.Contains(string(results[0].Data), "execution reverted")
}

// decide has three of four members vote for a call and executes it.
func (w *world) decide(function string, args ...any) {
	w.Helper()
	action, err := w.contract.Pack(function, args...)
	require.NoError(w, err)
	w.must(w.members[0], "propose", action, uint64(firstTime.Unix()+1_000_000))
	number := new(big.Int).SetUint64(w.proposals())
	for _, member := range w.members[:3] {
		w.must(member, "vote", number)
	}
	w.must(w.members[0], "execute", number)
}

func (w *world) must(key *ecdsa.PrivateKey, function string, args ...any) {
	w.Helper()
	require.True(w, w.do(key, function, args...), function)
}

func (w *world) proposals() uint64 {
	const slotProposalCount = 8
	return w.app.consortium.read(w.state(), slotProposalCount).Big().Uint64()
}

func (w *world) state() sdk.Context {
	return w.app.NewUncachedContext(false, cmtproto.Header{}).WithBlockHeight(w.height)
}

// create is the founders' first transaction: the Consortium.
func (w *world) create() {
	w.Helper()
	regions, names := []uint32{31, 32, 33, 34}, []string{"a", "b", "c", "d"}
	var admins []common.Address
	for _, key := range w.members {
		admins = append(admins, addressOf(key))
	}
	args, err := w.contract.Pack("", regions, names, admins)
	require.NoError(w, err)
	results := w.block(w.sign(w.members[0], 0, nil, append(append([]byte{}, w.code...), args...), 8_000_000))
	require.Zero(w, results[0].Code, results[0].Log)
	w.nonces[addressOf(w.members[0])] = 1
	require.NotEqual(w, common.Hash{}, w.app.consortium.read(w.state(), slotCount))
}

func (w *world) call(key *ecdsa.PrivateKey, function string, args ...any) []byte {
	w.Helper()
	payload, err := w.contract.Pack(function, args...)
	require.NoError(w, err)
	to := w.app.consortium.address(w.state())
	return w.sign(key, w.nonces[addressOf(key)], &to, payload, 2_000_000)
}

func (w *world) sign(key *ecdsa.PrivateKey, nonce uint64, to *common.Address, payload []byte, gas uint64) []byte {
	w.Helper()
	signer := ethtypes.LatestSignerForChainID(big.NewInt(DefaultID))
	return w.signAs(signer, key, &ethtypes.LegacyTx{Nonce: nonce, To: to, Data: payload, Gas: gas, GasPrice: new(big.Int)})
}

func (w *world) signAs(signer ethtypes.Signer, key *ecdsa.PrivateKey, inner ethtypes.TxData) []byte {
	w.Helper()
	signed, err := ethtypes.SignNewTx(key, signer, inner)
	require.NoError(w, err)
	message := &vmtypes.MsgEthereumTx{}
	require.NoError(w, message.FromSignedEthereumTx(signed, signer))
	tx, err := message.BuildTx(w.app.enc.TxConfig.NewTxBuilder(), Denom)
	require.NoError(w, err)
	raw, err := w.app.enc.TxConfig.TxEncoder()(tx)
	require.NoError(w, err)
	return raw
}

func (w *world) check(raw []byte) *abci.ResponseCheckTx {
	w.Helper()
	result, err := w.app.CheckTx(&abci.RequestCheckTx{Tx: raw})
	require.NoError(w, err)
	return result
}

func person(name string) *ecdsa.PrivateKey {
	key, err := crypto.ToECDSA(crypto.Keccak256([]byte(name)))
	if err != nil {
		panic(err)
	}
	return key
}

func addressOf(key *ecdsa.PrivateKey) common.Address { return crypto.PubkeyToAddress(key.PublicKey) }

func validator(i int) common.Hash { return crypto.Keccak256Hash([]byte("validator"), []byte{byte(i)}) }

func validatorAddress(i int) []byte { return crypto.Keccak256(validator(i).Bytes())[:20] }

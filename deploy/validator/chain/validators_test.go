package chain

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/ethereum/go-ethereum/common"
	"github.com/stretchr/testify/require"
)

func keysOf(numbers ...int) (keys []common.Hash) {
	for _, n := range numbers {
		keys = append(keys, validator(n))
	}
	return keys
}

func TestTheSlotsAreThoseOfTheArtefact(t *testing.T) {
	raw, err := os.ReadFile(artifact)
	require.NoError(t, err)
	var compiled struct {
		EVM     string `json:"evm"`
		Storage []struct {
			Label string `json:"label"`
			Slot  int    `json:"slot"`
			Type  string `json:"type"`
		} `json:"storage"`
	}
	require.NoError(t, json.Unmarshal(raw, &compiled))
	require.Equal(t, EVM, compiled.EVM)
	at := map[string]int{}
	for _, row := range compiled.Storage {
		at[row.Label+" "+row.Type] = row.Slot
	}
	for label, slot := range map[string]int{
		"count uint256": slotCount, "powers mapping(address => uint256)": slotPowers,
		"validatorEpoch uint256": slotValidatorEpoch, "validatorKeys bytes32[]": slotValidatorKeys,
	} {
		require.Equal(t, slot, at[label], label)
	}
}

func TestTheMembersReplaceAValidatorByVote(t *testing.T) {
	if !alone(t) {
		return
	}
	w := newWorld(t)
	w.create()
	w.decide("setValidators", []uint32{31, 32, 33, 34}, [][32]byte{validator(0), validator(1), validator(2), validator(9)})
	require.ElementsMatch(t, []abci.ValidatorUpdate{power(validator(3), 0), power(validator(9), 1)}, w.results.ValidatorUpdates)
	w.block()
	require.Empty(t, w.results.ValidatorUpdates, "told once")
}

func TestASetThatReplacesAThirdIsRefusedByTheNodeWhereTheContractCannotKnow(t *testing.T) {
	if !alone(t) {
		return
	}
	w := newWorld(t)
	w.create()
	w.decide("setValidators", []uint32{31, 32, 33, 34}, [][32]byte{validator(0), validator(1), validator(8), validator(9)})
	require.Empty(t, w.results.ValidatorUpdates)
	present := w.app.validators.present(w.state().KVStore(w.app.validators.key))
	require.ElementsMatch(t, keysOf(0, 1, 2, 3), present)
}

func TestWithoutEnoughVotesNothingChanges(t *testing.T) {
	if !alone(t) {
		return
	}
	w := newWorld(t)
	w.create()
	action, err := w.contract.Pack("setValidators", []uint32{31}, [][32]byte{validator(9)})
	require.NoError(t, err)
	w.must(w.members[0], "propose", action, uint64(firstTime.Unix()+1_000_000))
	w.do(w.members[0], "execute", common.Big1)
	require.Empty(t, w.results.ValidatorUpdates)
	epoch, _ := w.app.consortium.validators(w.state())
	require.Zero(t, epoch)
}

func TestCompare(t *testing.T) {
	for name, one := range map[string]struct {
		present, wanted  []common.Hash
		joining, leaving int
		taken            bool
	}{
		"the same":           {keysOf(0, 1, 2, 3), keysOf(3, 2, 1, 0), 0, 0, true},
		"one of four":        {keysOf(0, 1, 2, 3), keysOf(0, 1, 2, 4), 1, 1, true},
		"a fifth":            {keysOf(0, 1, 2, 3), keysOf(0, 1, 2, 3, 4), 1, 0, true},
		"one leaves":         {keysOf(0, 1, 2, 3), keysOf(0, 1, 2), 0, 1, true},
		"one of three":       {keysOf(0, 1, 2), keysOf(0, 1, 3), 0, 0, false},
		"two of four":        {keysOf(0, 1, 2, 3), keysOf(0, 1, 4, 5), 0, 0, false},
		"two more beside 4":  {keysOf(0, 1, 2, 3), keysOf(0, 1, 2, 3, 4, 5), 0, 0, false},
		"a key twice":        {keysOf(0, 1, 2, 3), keysOf(0, 1, 2, 2), 0, 0, false},
		"a zero key":         {keysOf(0, 1, 2, 3), append(keysOf(0, 1, 2), common.Hash{}), 0, 0, false},
		"nobody":             {keysOf(0, 1, 2, 3), nil, 0, 0, false},
		"all but the others": {keysOf(0), keysOf(1), 0, 0, false},
	} {
		joining, leaving, err := compare(one.present, one.wanted)
		require.Equal(t, one.taken, err == nil, name)
		require.Len(t, joining, one.joining, name)
		require.Len(t, leaving, one.leaving, name)
	}
}

func TestAnEmptyBlockAsksForOneMoreAndNotForever(t *testing.T) {
	if !alone(t) {
		return
	}
	w := newWorld(t)
	var changed []bool
	for range 6 {
		before := w.hash
		w.block()
		changed = append(changed, !bytes.Equal(before, w.hash))
	}
	require.Equal(t, []bool{true, false, true, false, true, false}, changed)
}

package home

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	cmttypes "github.com/cometbft/cometbft/types"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"
	"github.com/ethereum/go-ethereum/common"

	"ecertd/chain"
)

// Network is what every member must agree on before the first block.
type Network struct {
	// ChainID is Ethereum's; CometBFT's is "ecert-" and the same number.
	ChainID uint64
	// Founders may send until the Consortium stands; the first one's first transaction makes it.
	Founders []common.Address
	// Cards are the validators'.
	Cards []Card
	// Time is the first block's.
	Time time.Time
	// BlockGas and BlockBytes bound a block.
	BlockGas, BlockBytes int64
}

// CometID is the name of the chain that validators sign.
func (n Network) CometID() string { return fmt.Sprintf("ecert-%d", n.ChainID) }

// Genesis makes the file from which all members start; no name, region or key may be there twice.
func Genesis(n Network) ([]byte, error) {
	validators, listed, err := n.validators()
	if err != nil {
		return nil, err
	}
	founding, err := chain.NewFounding(n.ChainID, n.Founders, listed)
	if err != nil {
		return nil, err
	}
	state, err := chain.GenesisState(founding)
	if err != nil {
		return nil, err
	}
	genesis := genutiltypes.NewAppGenesisWithVersion(n.CometID(), state)
	genesis.AppName, genesis.GenesisTime, genesis.InitialHeight = chain.Name, n.Time.UTC().Truncate(time.Second), 1
	genesis.Consensus.Validators = validators
	genesis.Consensus.Params = cmttypes.DefaultConsensusParams()
	genesis.Consensus.Params.Block.MaxBytes, genesis.Consensus.Params.Block.MaxGas = n.BlockBytes, n.BlockGas
	if err := genesis.ValidateAndComplete(); err != nil {
		return nil, err
	}
	return json.MarshalIndent(genesis, "", "  ")
}

func (n Network) validators() (genesis []cmttypes.GenesisValidator, listed []chain.Validator, err error) {
	if len(n.Cards) == 0 {
		return nil, nil, fmt.Errorf("a network has at least one validator")
	}
	seen := map[string]bool{}
	for _, card := range n.Cards {
		v, err := card.validator()
		if err != nil {
			return nil, nil, err
		}
		for _, mark := range []string{card.Key, card.NodeID, card.Name, fmt.Sprint(card.Region), "peer " + card.Peer} {
			if seen[mark] {
				return nil, nil, Refusal{KeyTwice, fmt.Sprintf("%s of %s is another's too", mark, card.Name)}
			}
			seen[mark] = true
		}
		key := ed25519.PubKey(v.Key)
		genesis = append(genesis, cmttypes.GenesisValidator{Address: key.Address(), PubKey: key, Power: 1, Name: v.Name})
		listed = append(listed, v)
	}
	return genesis, listed, nil
}

package chain

import (
	"encoding/json"

	"cosmossdk.io/math"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	feemarkettypes "github.com/cosmos/evm/x/feemarket/types"
	vmtypes "github.com/cosmos/evm/x/vm/types"
)

// GenesisState is the application's part of a genesis file.
func GenesisState(founding Founding) (json.RawMessage, error) {
	enc := Encoding(founding.ChainID)
	state := Basics().DefaultGenesis(enc.Codec)
	state[banktypes.ModuleName] = enc.Codec.MustMarshalJSON(coins())
	state[feemarkettypes.ModuleName] = enc.Codec.MustMarshalJSON(noFees())
	state[vmtypes.ModuleName] = enc.Codec.MustMarshalJSON(openMachine())
	members, err := json.Marshal(founding)
	if err != nil {
		return nil, err
	}
	state[ConsortiumModule] = members
	return json.MarshalIndent(state, "", " ")
}

// coins names the coin of which there is none; the EVM asks for its decimals.
func coins() *banktypes.GenesisState {
	state := banktypes.DefaultGenesisState()
	state.DenomMetadata = []banktypes.Metadata{{
		Base: Denom, Display: Coin, Name: Coin, Symbol: Coin,
		DenomUnits: []*banktypes.DenomUnit{{Denom: Denom}, {Denom: Coin, Exponent: 18}},
	}}
	return state
}

func noFees() *feemarkettypes.GenesisState {
	state := feemarkettypes.DefaultGenesisState()
	state.Params.NoBaseFee = true
	state.Params.BaseFee, state.Params.MinGasPrice = math.LegacyZeroDec(), math.LegacyZeroDec()
	state.Params.MinGasMultiplier = math.LegacyZeroDec() // else a receipt tells half the limit at least
	return state
}

// openMachine leaves admission to App.admit, which asks the Consortium, and takes out what writes in empty blocks.
func openMachine() *vmtypes.GenesisState {
	state := vmtypes.DefaultGenesisState()
	state.Params.EvmDenom = Denom
	state.Params.ExtendedDenomOptions = nil
	state.Params.ActiveStaticPrecompiles = nil
	state.Preinstalls = nil
	return state
}

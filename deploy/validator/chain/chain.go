// Package chain is the state machine that the consortium's validators replicate: Ethereum transactions under
// CometBFT consensus (ABCI 2.0), admitted by the members' own contract.
//
// Nothing else changes state: there is no staking, no minting, no governance and no fee.
package chain

import (
	"strings"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/x/auth"
	"github.com/cosmos/cosmos-sdk/x/bank"
	"github.com/cosmos/cosmos-sdk/x/consensus"
	"github.com/cosmos/evm/encoding"
	"github.com/cosmos/evm/x/feemarket"
	"github.com/cosmos/evm/x/vm"
	vmtypes "github.com/cosmos/evm/x/vm/types"
	corevm "github.com/ethereum/go-ethereum/core/vm"
)

const (
	// Name is the binary's name and the version's name in a genesis file.
	Name = "ecertd"
	// EVM is the house's one EVM version, as contracts/compile.py has it.
	EVM = "cancun"
	// DefaultID is the Ethereum chain id of a network that names no other.
	DefaultID = 310320
	// Denom is the coin of which there is none: gas is free.
	Denom = "aecert"
	// Coin is the same with eighteen decimals.
	Coin = "ecert"
	// Prefix begins an address in the module accounts' notation, which nobody here uses.
	Prefix = "ecert"
	// Namespace holds the JSON-RPC methods that replace the module's own; it stands after "eth" in the configuration.
	Namespace = "ecert"
	// IDOption is where app.toml keeps the Ethereum chain id.
	IDOption = "evm.evm-chain-id"
)

// SealNotation sets, once for the process, how the modules write their accounts' addresses.
func SealNotation() {
	notation := sdk.GetConfig()
	notation.SetBech32PrefixForAccount(Prefix, Prefix+"pub")
	notation.SetBech32PrefixForValidator(Prefix+"valoper", Prefix+"valoperpub")
	notation.SetBech32PrefixForConsensusNode(Prefix+"valcons", Prefix+"valconspub")
	notation.Seal()
}

// Encoding knows every message that a block can carry.
func Encoding(id uint64) encoding.Config {
	enc := encoding.MakeConfig(id)
	basics := Basics()
	basics.RegisterInterfaces(enc.InterfaceRegistry)
	basics.RegisterLegacyAminoCodec(enc.Amino)
	return enc
}

// Basics are the modules of the state machine, for their codecs and default genesis states.
func Basics() module.BasicManager {
	return module.NewBasicManager(auth.AppModuleBasic{}, bank.AppModuleBasic{}, consensus.AppModuleBasic{},
		vm.AppModuleBasic{}, feemarket.AppModuleBasic{})
}

// setFork leaves out what came after EVM. The module sets all forks that it knows and hands out its own pointer; and
// whatever the fork is, a call of an address in the Prague list is one of a precompiled contract to it.
func setFork() {
	corevm.PrecompiledAddressesPrague = corevm.PrecompiledAddressesCancun
	forks := vmtypes.GetChainConfig()
	forks.PragueTime, forks.OsakaTime, forks.VerkleTime = nil, nil, nil
	if !strings.EqualFold(EVM, "cancun") || forks.CancunTime == nil {
		panic("the EVM module and this binary differ in their forks")
	}
}

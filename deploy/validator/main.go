// ecertd is a validator of the consortium's chain: CometBFT consensus under an Ethereum virtual machine.
package main

import (
	"io"
	"os"

	"cosmossdk.io/log"
	cmtcfg "github.com/cometbft/cometbft/config"
	rpcclient "github.com/cometbft/cometbft/rpc/client"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/server"
	svrcmd "github.com/cosmos/cosmos-sdk/server/cmd"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	evmconfig "github.com/cosmos/evm/config"
	evmserver "github.com/cosmos/evm/server"
	"github.com/spf13/cast"
	"github.com/spf13/cobra"

	"ecertd/chain"
	"ecertd/home"
)

func main() {
	chain.SealNotation()
	where := os.ExpandEnv("$HOME/.ecertd")
	if err := svrcmd.Execute(rootCommand(where), "ECERTD", where); err != nil {
		os.Exit(1)
	}
}

func rootCommand(where string) *cobra.Command {
	root := &cobra.Command{Use: chain.Name, Short: "A validator of the consortium's chain", SilenceUsage: true}
	comet := &cobra.Command{Use: "comet", Short: "This node's identity in consensus", PersistentPreRunE: configured(where)}
	comet.AddCommand(server.ShowNodeIDCmd(), server.ShowValidatorCmd(), server.ShowAddressCmd())
	root.AddCommand(startCommand(where), initCommand(), joinCommand(), peersCommand(), compactCommand(), testnetCommand(), comet)
	return root
}

func startCommand(where string) *cobra.Command {
	options := evmserver.NewDefaultStartOptions(
		func(logger log.Logger, db dbm.DB, trace io.Writer, settings servertypes.AppOptions) evmserver.Application {
			app := chain.New(logger, db, trace, settings)
			if err := app.Serve(); err != nil {
				panic(err)
			}
			isSigner := cast.ToString(settings.Get("priv_validator_laddr")) == ""
			return node{app, logger, cast.ToString(settings.Get(flags.FlagHome)), isSigner}
		}, where)
	start := evmserver.StartCmd(options)
	start.Short, start.Long = "Run the node of a home, after judging the home", ""
	start.PersistentPreRunE = configured(where)
	bind := start.PreRunE
	start.PreRunE = func(cmd *cobra.Command, args []string) error {
		if err := bind(cmd, args); err != nil {
			return err
		}
		return home.Inspect(settings(server.GetServerContextFromCmd(cmd)))
	}
	return start
}

// node is the state machine in a home, which ends where another signs with the home's key. What a remote signer signed
// last stands with the signer, which refuses to sign twice for whoever asks.
type node struct {
	*chain.App
	logger   log.Logger
	home     string
	isSigner bool
}

// RegisterTendermintService is where the server first hands CometBFT out.
func (n node) RegisterTendermintService(c client.Context) {
	n.App.RegisterTendermintService(c)
	if !n.isSigner {
		return
	}
	events, ok := c.Client.(rpcclient.EventsClient)
	if !ok {
		panic("CometBFT does not tell its events")
	}
	if err := home.HoldKey(n.home, events, func(why home.Refusal) {
		n.logger.Error(why.Error())
		os.Exit(1)
	}); err != nil {
		panic(err)
	}
}

// settings are read after flags, environment and files were joined: what is judged is what will run.
func settings(told *server.Context) home.Settings {
	inner := []string{told.Config.RPC.ListenAddress}
	for _, option := range []string{"grpc.address", "json-rpc.address", "json-rpc.ws-address"} {
		inner = append(inner, told.Viper.GetString(option))
	}
	for _, option := range []string{told.Config.PrivValidatorListenAddr, told.Config.RPC.GRPCListenAddress, told.Config.RPC.PprofListenAddress} {
		if option != "" {
			inner = append(inner, option)
		}
	}
	return home.Settings{
		Home: told.Config.RootDir, Moniker: told.Config.Moniker, ChainID: told.Viper.GetUint64(chain.IDOption),
		Inner: inner, RemoteSigner: told.Config.PrivValidatorListenAddr != "",
	}
}

// configured reads a home's files into the command's context.
func configured(where string) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		enc := chain.Encoding(chain.DefaultID)
		ctx := client.Context{}.WithCodec(enc.Codec).WithInterfaceRegistry(enc.InterfaceRegistry).
			WithTxConfig(enc.TxConfig).WithLegacyAmino(enc.Amino).
			WithAccountRetriever(authtypes.AccountRetriever{}).WithHomeDir(where)
		ctx, err := client.ReadPersistentCommandFlags(ctx, cmd.Flags())
		if err != nil {
			return err
		}
		if err := client.SetCmdClientContextHandler(ctx, cmd); err != nil {
			return err
		}
		template, defaults := evmconfig.InitAppConfig(chain.Denom, chain.DefaultID)
		return server.InterceptConfigsPreRunHandler(cmd, template, defaults, cmtcfg.DefaultConfig())
	}
}

package chain

import (
	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/grpc/cmtservice"
	nodeservice "github.com/cosmos/cosmos-sdk/client/grpc/node"
	"github.com/cosmos/cosmos-sdk/server/api"
	serverconfig "github.com/cosmos/cosmos-sdk/server/config"
	sdkmempool "github.com/cosmos/cosmos-sdk/types/mempool"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"
	evmmempool "github.com/cosmos/evm/mempool"
	gogogrpc "github.com/cosmos/gogoproto/grpc"
	"github.com/ethereum/go-ethereum/common"
)

// What the EVM's server asks of an application beside blocks.

// RegisterPendingTxListener is how subscriptions hear of what enters the mempool.
func (app *App) RegisterPendingTxListener(listener func(common.Hash)) {
	app.pending = append(app.pending, listener)
}

// GetMempool returns a typed nil, which the server reads as "no mempool of the EVM's own".
func (app *App) GetMempool() sdkmempool.ExtMempool { return (*evmmempool.ExperimentalEVMMempool)(nil) }

// SetClientCtx is not needed: nothing here sends.
func (app *App) SetClientCtx(client.Context) {}

// RegisterAPIRoutes adds nothing: there is no REST.
func (app *App) RegisterAPIRoutes(*api.Server, serverconfig.APIConfig) {}

// RegisterTxService serves simulations to the JSON-RPC server.
func (app *App) RegisterTxService(c client.Context) {
	authtx.RegisterTxService(app.GRPCQueryRouter(), c, app.Simulate, app.enc.InterfaceRegistry)
}

// RegisterTendermintService serves blocks to it.
func (app *App) RegisterTendermintService(c client.Context) {
	cmtservice.RegisterTendermintService(c, app.GRPCQueryRouter(), app.enc.InterfaceRegistry, app.Query)
}

// RegisterNodeService serves the node's configuration to it.
func (app *App) RegisterNodeService(c client.Context, config serverconfig.Config) {
	nodeservice.RegisterNodeService(c, app.GRPCQueryRouter(), config)
}

// RegisterGRPCServerWithSkipCheckHeader lets a node that was just started answer about its newest state: BaseApp knows
// no header until the next block, and on a quiet chain that is a heartbeat away, on one that stands it never comes.
func (app *App) RegisterGRPCServerWithSkipCheckHeader(server gogogrpc.Server, _ bool) {
	app.BaseApp.RegisterGRPCServerWithSkipCheckHeader(server, true)
}

func (app *App) tellPending(hash common.Hash) {
	for _, tell := range app.pending {
		tell(hash)
	}
}

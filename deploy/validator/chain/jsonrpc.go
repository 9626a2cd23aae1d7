package chain

import (
	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/server"
	evmmempool "github.com/cosmos/evm/mempool"
	evmrpc "github.com/cosmos/evm/rpc"
	"github.com/cosmos/evm/rpc/backend"
	"github.com/cosmos/evm/rpc/stream"
	rpctypes "github.com/cosmos/evm/rpc/types"
	evmtypes "github.com/cosmos/evm/server/types"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	ethrpc "github.com/ethereum/go-ethereum/rpc"
)

// methods replaces those of the module's "eth" namespace that a careful client cannot use.
type methods struct {
	waiting *waiting
	backend *backend.Backend
}

// Serve adds the methods under Namespace, once in a process.
func (app *App) Serve() error {
	return evmrpc.RegisterAPINamespace(Namespace, func(ctx *server.Context, c client.Context, _ *stream.RPCStream,
		unprotected bool, index evmtypes.EVMTxIndexer, pool *evmmempool.ExperimentalEVMMempool,
	) []ethrpc.API {
		own := backend.NewBackend(ctx, ctx.Logger, c, unprotected, index, pool)
		return []ethrpc.API{{Namespace: "eth", Service: methods{&app.waiting, own}}}
	})
}

// GetTransactionReceipt answers null at once for a transaction in no block; the module's own waits up to a minute.
func (m methods) GetTransactionReceipt(hash common.Hash) (map[string]any, error) {
	if _, err := m.backend.GetTxByEthHash(hash); err != nil {
		return nil, nil //nolint:nilerr // Ethereum's answer for what is not known is null, no error
	}
	return m.backend.GetTransactionReceipt(hash)
}

// GetTransactionCount counts, for "pending", the unbroken line of waiting nonces; the module's own counts any.
func (m methods) GetTransactionCount(account common.Address, at rpctypes.BlockNumberOrHash) (*hexutil.Uint64, error) {
	block, err := m.backend.BlockNumberFromComet(at)
	if err != nil {
		return nil, err
	}
	if block != rpctypes.EthPendingBlockNumber {
		return m.backend.GetTransactionCount(account, block)
	}
	final, err := m.backend.GetTransactionCount(account, rpctypes.EthLatestBlockNumber)
	if err != nil {
		return nil, err
	}
	next := hexutil.Uint64(m.waiting.after(account, uint64(*final)))
	return &next, nil
}

// Accounts is empty: a validator holds no account's key.
func (methods) Accounts() []common.Address { return []common.Address{} }

package chain

import (
	"encoding/json"
	"io"
	"maps"

	"cosmossdk.io/log"
	storetypes "cosmossdk.io/store/types"
	abci "github.com/cometbft/cometbft/abci/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/runtime"
	"github.com/cosmos/cosmos-sdk/server"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkmempool "github.com/cosmos/cosmos-sdk/types/mempool"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/x/auth"
	authkeeper "github.com/cosmos/cosmos-sdk/x/auth/keeper"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	"github.com/cosmos/cosmos-sdk/x/bank"
	bankkeeper "github.com/cosmos/cosmos-sdk/x/bank/keeper"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/cosmos/cosmos-sdk/x/consensus"
	consensuskeeper "github.com/cosmos/cosmos-sdk/x/consensus/keeper"
	consensustypes "github.com/cosmos/cosmos-sdk/x/consensus/types"
	"github.com/cosmos/evm/encoding"
	evmaddress "github.com/cosmos/evm/encoding/address"
	"github.com/cosmos/evm/x/feemarket"
	feemarketkeeper "github.com/cosmos/evm/x/feemarket/keeper"
	feemarkettypes "github.com/cosmos/evm/x/feemarket/types"
	"github.com/cosmos/evm/x/vm"
	vmkeeper "github.com/cosmos/evm/x/vm/keeper"
	vmtypes "github.com/cosmos/evm/x/vm/types"
	"github.com/ethereum/go-ethereum/common"
	corevm "github.com/ethereum/go-ethereum/core/vm"
	"github.com/spf13/cast"
)

// ConsortiumModule names the members' part of a genesis file and of the state.
const ConsortiumModule = "consortium"

var genesisOrder = []string{
	authtypes.ModuleName, banktypes.ModuleName, consensustypes.ModuleName, feemarkettypes.ModuleName,
	vmtypes.ModuleName,
}

// App is the state machine.
type App struct {
	*baseapp.BaseApp
	id         uint64
	enc        encoding.Config
	modules    *module.Manager
	accounts   authkeeper.AccountKeeper
	feeMarket  feemarketkeeper.Keeper
	evm        *vmkeeper.Keeper
	consortium consortium
	validators validatorSet
	heartbeat  heartbeat
	sightings  sightings
	waiting    waiting
	pending    []func(common.Hash)
}

// New opens the state machine on a database at its last height; it panics where that cannot be.
func New(logger log.Logger, db dbm.DB, trace io.Writer, options servertypes.AppOptions) *App {
	id := cast.ToUint64(options.Get(IDOption))
	enc := Encoding(id)
	// CometBFT's mempool keeps the order of arrival; the application keeps none.
	settings := append(server.DefaultBaseappOptions(options), baseapp.SetMempool(sdkmempool.NoOpMempool{}))
	app := &App{BaseApp: baseapp.NewBaseApp(Name, logger, db, enc.TxConfig.TxDecoder(), settings...), id: id, enc: enc}
	app.SetCommitMultiStoreTracer(trace)
	app.SetInterfaceRegistry(enc.InterfaceRegistry)
	app.SetTxEncoder(enc.TxConfig.TxEncoder())
	app.furnish(logger)
	app.follow()
	if err := app.LoadLatestVersion(); err != nil {
		panic(err)
	}
	return app
}

// furnish makes the modules and their stores.
func (app *App) furnish(logger log.Logger) {
	keys := storetypes.NewKVStoreKeys(authtypes.StoreKey, banktypes.StoreKey, consensustypes.StoreKey,
		vmtypes.StoreKey, feemarkettypes.StoreKey, ConsortiumModule)
	transient := storetypes.NewTransientStoreKeys(vmtypes.TransientKey, feemarkettypes.TransientKey)
	nobody := authtypes.NewModuleAddress("nobody") // has no key, so no message can claim its authority
	codec := evmaddress.NewEvmCodec(Prefix)

	app.accounts = authkeeper.NewAccountKeeper(app.enc.Codec, runtime.NewKVStoreService(keys[authtypes.StoreKey]),
		authtypes.ProtoBaseAccount, map[string][]string{
			authtypes.FeeCollectorName: nil,
			vmtypes.ModuleName:         {authtypes.Minter, authtypes.Burner},
			feemarkettypes.ModuleName:  nil,
		}, codec, Prefix, nobody.String())
	coins := bankkeeper.NewBaseKeeper(app.enc.Codec, runtime.NewKVStoreService(keys[banktypes.StoreKey]),
		app.accounts, nil, nobody.String(), logger)
	limits := consensuskeeper.NewKeeper(app.enc.Codec, runtime.NewKVStoreService(keys[consensustypes.StoreKey]),
		nobody.String(), runtime.EventService{})
	app.SetParamStore(limits.ParamsStore)
	app.feeMarket = feemarketkeeper.NewKeeper(app.enc.Codec, nobody, keys[feemarkettypes.StoreKey],
		transient[feemarkettypes.TransientKey])
	app.evm = vmkeeper.NewKeeper(app.enc.Codec, keys[vmtypes.StoreKey], transient[vmtypes.TransientKey], keys, nobody,
		app.accounts, coins, author{}, app.feeMarket, &limits, nil, app.id, "").
		WithDefaultEvmCoinInfo(vmtypes.EvmCoinInfo{
			Denom: Denom, ExtendedDenom: Denom, DisplayDenom: Coin, Decimals: vmtypes.EighteenDecimals.Uint32(),
		}).
		WithStaticPrecompiles(maps.Clone(corevm.PrecompiledContractsCancun)) // Ethereum's own and no others
	setFork()
	app.consortium = consortium{keys[ConsortiumModule], app.evm}
	app.validators = validatorSet{keys[ConsortiumModule], app.consortium}
	app.heartbeat = heartbeat{keys[ConsortiumModule]}

	app.modules = module.NewManager(
		auth.NewAppModule(app.enc.Codec, app.accounts, nil, nil),
		bank.NewAppModule(app.enc.Codec, coins, app.accounts, nil),
		consensus.NewAppModule(app.enc.Codec, limits),
		vm.NewAppModule(app.evm, app.accounts, coins, codec),
		feemarket.NewAppModule(app.feeMarket),
	)
	app.modules.SetOrderPreBlockers(authtypes.ModuleName, vmtypes.ModuleName)
	app.modules.SetOrderInitGenesis(genesisOrder...)
	if err := app.modules.RegisterServices(
		module.NewConfigurator(app.enc.Codec, app.MsgServiceRouter(), app.GRPCQueryRouter())); err != nil {
		panic(err)
	}
	app.MountKVStores(keys)
	app.MountTransientStores(transient)
}

// follow sets what happens at each step of a block. The fee market has no part in it: with no fee it would only write
// a counter, and so make every block ask for another.
func (app *App) follow() {
	app.SetInitChainer(app.found)
	app.SetAnteHandler(app.admit)
	app.SetPrepareCheckStater(app.waiting.newBlock)
	app.SetPrepareProposal(app.propose)
	app.SetProcessProposal(app.consider)
	app.SetPreBlocker(func(ctx sdk.Context, req *abci.RequestFinalizeBlock) (*sdk.ResponsePreBlock, error) {
		app.heartbeat.beat(ctx, req)
		return app.modules.PreBlock(ctx)
	})
	app.SetBeginBlocker(func(ctx sdk.Context) (sdk.BeginBlock, error) {
		ctx = ctx.WithEventManager(sdk.NewEventManager())
		err := app.evm.BeginBlock(ctx)
		return sdk.BeginBlock{Events: ctx.EventManager().ABCIEvents()}, err
	})
	app.SetEndBlocker(func(ctx sdk.Context) (sdk.EndBlock, error) {
		ctx = ctx.WithEventManager(sdk.NewEventManager())
		err := app.evm.EndBlock(ctx)
		return sdk.EndBlock{
			Events:           ctx.EventManager().ABCIEvents(),
			ValidatorUpdates: app.validators.changes(ctx, app.Logger()),
		}, err
	})
}

// found loads the genesis state; the validators come from CometBFT's part of the file.
func (app *App) found(ctx sdk.Context, req *abci.RequestInitChain) (*abci.ResponseInitChain, error) {
	var state map[string]json.RawMessage
	if err := json.Unmarshal(req.AppStateBytes, &state); err != nil {
		return nil, err
	}
	for _, name := range genesisOrder {
		switch part := app.modules.Modules[name].(type) {
		case module.HasGenesis:
			part.InitGenesis(ctx, app.enc.Codec, state[name])
		case module.HasABCIGenesis:
			part.InitGenesis(ctx, app.enc.Codec, state[name])
		}
	}
	if err := app.consortium.found(ctx, state[ConsortiumModule], app.id); err != nil {
		return nil, err
	}
	if err := app.validators.found(ctx, req.Validators); err != nil {
		return nil, err
	}
	return &abci.ResponseInitChain{Validators: req.Validators}, nil
}

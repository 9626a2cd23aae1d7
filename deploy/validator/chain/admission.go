package chain

import (
	sdk "github.com/cosmos/cosmos-sdk/types"
	errortypes "github.com/cosmos/cosmos-sdk/types/errors"
	authante "github.com/cosmos/cosmos-sdk/x/auth/ante"
	"github.com/cosmos/evm/ante"
	evmante "github.com/cosmos/evm/ante/evm"
	vmtypes "github.com/cosmos/evm/x/vm/types"
	"github.com/ethereum/go-ethereum/common"
)

const ethereumOption = "/cosmos.evm.vm.v1.ExtensionOptionsEthereumTx"

// admit lets in Ethereum transactions of accounts that the members allow: into the mempool, into a proposal, and
// again when the block runs.
func (app *App) admit(ctx sdk.Context, tx sdk.Tx, simulate bool) (sdk.Context, error) {
	if !isEthereum(tx) {
		return ctx, errortypes.ErrUnauthorized.Wrap("only Ethereum transactions change this chain")
	}
	sender, nonce, err := senderOf(tx)
	if err != nil {
		return ctx, err
	}
	if !app.consortium.mayAct(ctx, sender) {
		return ctx, errortypes.ErrUnauthorized.Wrapf("no member lets %s send", sender)
	}
	if !ctx.IsCheckTx() || simulate {
		return app.check(ctx, tx, simulate)
	}
	// The check of a waiting transaction leaves no trace, so the order of arrival does not matter.
	ctx, _ = ctx.CacheContext()
	if err := app.moveTo(ctx, sender, nonce); err != nil {
		return ctx, err
	}
	checked, err := app.check(ctx, tx, simulate)
	if err == nil {
		app.waiting.add(sender, nonce)
	}
	return checked, err
}

// check is Ethereum's own: chain id, signature (of the sender that was looked up), nonce, gas.
func (app *App) check(ctx sdk.Context, tx sdk.Tx, simulate bool) (sdk.Context, error) {
	params, fees := app.evm.GetParams(ctx), app.feeMarket.GetParams(ctx)
	return sdk.ChainAnteDecorators(
		evmante.NewEVMMonoDecorator(app.accounts, app.feeMarket, app.evm, 0, &params, &fees),
		ante.NewTxListenerDecorator(app.tellPending),
	)(ctx, tx, simulate)
}

// moveTo sets the account, in a context to be thrown away, to the nonce of a transaction that waits for others.
func (app *App) moveTo(ctx sdk.Context, sender common.Address, nonce uint64) error {
	account := app.accounts.GetAccount(ctx, sender.Bytes())
	if account == nil {
		account = app.accounts.NewAccountWithAddress(ctx, sender.Bytes())
	}
	if !mayWait(nonce, account.GetSequence()) {
		return nil
	}
	if err := account.SetSequence(nonce); err != nil {
		return err
	}
	app.accounts.SetAccount(ctx, account)
	return nil
}

func isEthereum(tx sdk.Tx) bool {
	extended, ok := tx.(authante.HasExtensionOptionsTx)
	if !ok {
		return false
	}
	options := extended.GetExtensionOptions()
	return len(options) == 1 && options[0].GetTypeUrl() == ethereumOption
}

func senderOf(tx sdk.Tx) (common.Address, uint64, error) {
	messages := tx.GetMsgs()
	if len(messages) != 1 {
		return common.Address{}, 0, errortypes.ErrInvalidRequest.Wrap("one message expected")
	}
	message, inner, err := vmtypes.UnpackEthMsg(messages[0])
	if err != nil {
		return common.Address{}, 0, err
	}
	return common.BytesToAddress(message.GetFrom()), inner.Nonce(), nil
}

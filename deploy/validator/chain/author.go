package chain

import (
	"context"
	"errors"

	"cosmossdk.io/core/address"
	sdk "github.com/cosmos/cosmos-sdk/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"
)

// author stands where the EVM expects a staking module and asks it who made a block: here that is the validator's own
// consensus address.
type author struct{}

func (author) GetValidatorByConsAddr(_ context.Context, a sdk.ConsAddress) (stakingtypes.Validator, error) {
	return stakingtypes.Validator{OperatorAddress: string(a)}, nil
}

func (author) GetHistoricalInfo(context.Context, int64) (stakingtypes.HistoricalInfo, error) {
	return stakingtypes.HistoricalInfo{}, errors.New("this chain has no staking, so no history of it")
}

func (author) BondDenom(context.Context) (string, error) { return Denom, nil }

func (author) ValidatorAddressCodec() address.Codec { return unchanged{} }

// unchanged carries an address as the bytes that it is.
type unchanged struct{}

func (unchanged) StringToBytes(text string) ([]byte, error) { return []byte(text), nil }
func (unchanged) BytesToString(raw []byte) (string, error)  { return string(raw), nil }

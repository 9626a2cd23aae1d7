package home

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/cometbft/cometbft/crypto"
	cmtjson "github.com/cometbft/cometbft/libs/json"
	"github.com/cometbft/cometbft/privval"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"

	"ecertd/chain"
)

// Codes by which a refusal is known; ecert/domain/reasons/network.toml has their sentences.
const (
	WrongGenesis = "network.genesis"
	WrongChain   = "network.chain_id"
	KeyTwice     = "network.key_twice"
	KeyReadable  = "network.key_readable"
	OpenDoor     = "network.open_door"
)

// Refusal is why a node does not start.
type Refusal struct{ Code, Detail string }

func (r Refusal) Error() string { return r.Code + ": " + r.Detail }

// Settings are what a node was told, of which the rest of its home must be true.
type Settings struct {
	Home, Moniker string
	ChainID       uint64
	// Doors that must be loopback or a file's: consensus RPC, gRPC, JSON-RPC, WebSocket, and the remote signer's, its
	// own gRPC's and the profiler's where they are open.
	Inner []string
	// RemoteSigner is true where the validator's key is kept elsewhere (priv_validator_laddr).
	RemoteSigner bool
}

// Inspect judges a home before its node starts; every fault is a Refusal.
func Inspect(s Settings) error {
	for _, address := range s.Inner {
		if !isLoopback(address) {
			return Refusal{OpenDoor, address + " is not loopback: put a proxy with client certificates before it"}
		}
	}
	founding, err := inspectGenesis(s)
	if err != nil {
		return err
	}
	for _, path := range []string{nodeKeyFile(s.Home), validatorKeyFile(s.Home)} {
		if stat, err := os.Stat(path); err == nil && stat.Mode().Perm()&0o077 != 0 {
			return Refusal{KeyReadable, filepath.Base(path)}
		}
	}
	if s.RemoteSigner {
		return nil
	}
	return inspectKey(s, founding)
}

func inspectGenesis(s Settings) (chain.Founding, error) {
	var founding chain.Founding
	genesis, err := genutiltypes.AppGenesisFromFile(genesisFile(s.Home))
	if err != nil {
		return founding, Refusal{WrongGenesis, err.Error()}
	}
	var state map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(genesis.AppState, &state),
		json.Unmarshal(state[chain.ConsortiumModule], &founding)); err != nil {
		return founding, Refusal{WrongGenesis, "no consortium is in it"}
	}
	if founding.ChainID != s.ChainID || genesis.ChainID != (Network{ChainID: s.ChainID}).CometID() {
		return founding, Refusal{WrongChain, fmt.Sprintf("app.toml has %d, the genesis file %d and %s",
			s.ChainID, founding.ChainID, genesis.ChainID)}
	}
	if err := agree(genesis, founding); err != nil {
		return founding, err
	}
	return founding, holdGenesis(s.Home)
}

// agree holds CometBFT's list of validators and the members' to be one, with nothing twice.
func agree(genesis *genutiltypes.AppGenesis, founding chain.Founding) error {
	seen := map[string]bool{}
	for i, v := range genesis.Consensus.Validators {
		if i >= len(founding.Validators) {
			return Refusal{WrongGenesis, "a validator belongs to no member"}
		}
		listed := founding.Validators[i]
		if !bytes.Equal(listed.Key, v.PubKey.Bytes()) || listed.Name != v.Name || v.Power != 1 {
			return Refusal{WrongGenesis, v.Name + " is not what the members' list says"}
		}
		for _, mark := range []string{hex.EncodeToString(listed.Key), listed.Name, fmt.Sprint(listed.Region)} {
			if seen[mark] {
				return Refusal{KeyTwice, listed.Name + " shares its key, name or region with another"}
			}
			seen[mark] = true
		}
	}
	if len(genesis.Consensus.Validators) != len(founding.Validators) || len(founding.Validators) == 0 {
		return Refusal{WrongGenesis, "the two lists of validators differ in length"}
	}
	return nil
}

// holdGenesis refuses another genesis file than the one that the home's blocks began with.
func holdGenesis(home string) error {
	raw, err := os.ReadFile(genesisFile(home))
	if err != nil {
		return Refusal{WrongGenesis, err.Error()}
	}
	sum := sha256.Sum256(raw)
	path, digest := filepath.Join(home, "data", "genesis.sha256"), hex.EncodeToString(sum[:])
	known, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return os.WriteFile(path, []byte(digest), 0o600)
	}
	if err != nil || string(known) != digest {
		return Refusal{WrongGenesis, "this home's blocks began with another genesis file"}
	}
	return nil
}

// inspectKey refuses another member's key: two nodes that sign with one key are a double signature, and the end of trust
// in that member. A key that no member has yet is a node that follows, or one that a vote will admit.
func inspectKey(s Settings, founding chain.Founding) error {
	if _, err := os.Stat(validatorKeyFile(s.Home)); err != nil {
		return nil // made at the first start; it is no validator's
	}
	key, err := validatorKey(s.Home)
	if err != nil {
		return err
	}
	for _, v := range founding.Validators {
		if bytes.Equal(v.Key, key.Bytes()) && v.Name != s.Moniker {
			return Refusal{KeyTwice, fmt.Sprintf("%s has the key of %s", s.Moniker, v.Name)}
		}
	}
	return nil
}

// validatorKey reads the public part; CometBFT's own reader ends the process where a file is not well-formed.
func validatorKey(home string) (crypto.PubKey, error) {
	raw, err := os.ReadFile(validatorKeyFile(home))
	if err != nil {
		return nil, Refusal{KeyReadable, err.Error()}
	}
	var stored privval.FilePVKey
	if err := cmtjson.Unmarshal(raw, &stored); err != nil || stored.PubKey == nil {
		return nil, Refusal{KeyReadable, "priv_validator_key.json is not a key"}
	}
	return stored.PubKey, nil
}

func isLoopback(address string) bool {
	if strings.HasPrefix(address, "unix://") {
		return true
	}
	host, _, err := net.SplitHostPort(strings.TrimPrefix(address, "tcp://"))
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

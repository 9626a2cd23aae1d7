// Package home writes and judges what a validator keeps on its disk: keys, configuration, the genesis file.
package home

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"

	"ecertd/chain"
)

// Owner is the mode of a directory, and without its search bits of a file, that nobody else may read.
const Owner = 0o700

var plainName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

// Card is what a member shows the others of its validator: no secret is on it.
type Card struct {
	// Region is the member's code of two digits.
	Region int `json:"region"`
	// Name is the region's name in ASCII, and the node's moniker.
	Name string `json:"name"`
	// Key is the validator's ed25519 key in hexadecimal.
	Key string `json:"key"`
	// NodeID is the fingerprint of the key by which other nodes know this one.
	NodeID string `json:"node_id"`
	// Peer is HOST:PORT at which the other nodes reach it.
	Peer string `json:"peer"`
}

// Init makes a home's directories and keys, keeping keys that are there, and returns its card.
func Init(home string, region int, name, peer string) (Card, error) {
	if region < 10 || region > 99 || !plainName.MatchString(name) {
		return Card{}, fmt.Errorf("a region has two digits and a name of a-z, 0-9 and -")
	}
	for _, part := range []string{"config", "data"} {
		if err := os.MkdirAll(filepath.Join(home, part), Owner); err != nil {
			return Card{}, err
		}
	}
	node, err := p2p.LoadOrGenNodeKey(nodeKeyFile(home))
	if err != nil {
		return Card{}, err
	}
	key, err := privval.LoadOrGenFilePV(validatorKeyFile(home), validatorStateFile(home)).GetPubKey()
	if err != nil {
		return Card{}, err
	}
	return Card{region, name, hex.EncodeToString(key.Bytes()), string(node.ID()), peer}, nil
}

// ReadCard reads a card's file.
func ReadCard(path string) (card Card, err error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return card, err
	}
	if err := json.Unmarshal(raw, &card); err != nil {
		return card, fmt.Errorf("%s: %w", path, err)
	}
	_, err = card.validator()
	return card, err
}

func (c Card) validator() (chain.Validator, error) {
	key, err := hex.DecodeString(c.Key)
	if err != nil || len(key) != 32 || !plainName.MatchString(c.Name) || c.Region < 10 || c.Region > 99 {
		return chain.Validator{}, fmt.Errorf("the card of %q is not one", c.Name)
	}
	return chain.Validator{Region: c.Region, Name: c.Name, Key: key}, nil
}

func nodeKeyFile(home string) string { return filepath.Join(home, "config", "node_key.json") }
func validatorKeyFile(home string) string {
	return filepath.Join(home, "config", "priv_validator_key.json")
}
func validatorStateFile(home string) string {
	return filepath.Join(home, "data", "priv_validator_state.json")
}
func genesisFile(home string) string { return filepath.Join(home, "config", "genesis.json") }

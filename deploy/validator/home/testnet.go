package home

import (
	"os"
	"path/filepath"
)

// Member is one region of a network on this machine.
type Member struct {
	Region int
	Name   string
}

// Testnet writes the homes of a whole network under a directory, each in a folder of its region's name. The network
// comes without cards; the nodes' ports begin at first, ten for each. Keys that are there stay.
func Testnet(under string, members []Member, n Network, first int, pace Pace) error {
	for i, m := range members {
		card, err := Init(filepath.Join(under, m.Name), m.Region, m.Name, LocalDoors(first+10*i).Peer)
		if err != nil {
			return err
		}
		n.Cards = append(n.Cards, card)
	}
	genesis, err := Genesis(n)
	if err != nil {
		return err
	}
	for i, m := range members {
		home := filepath.Join(under, m.Name)
		if err := Join(home, n.Cards[i], n, genesis, LocalDoors(first+10*i), pace); err != nil {
			return err
		}
	}
	return nil
}

// Join gives a home the genesis file and its configuration; it refuses to replace another genesis file.
func Join(home string, own Card, n Network, genesis []byte, doors Doors, pace Pace) error {
	if _, err := os.Stat(genesisFile(home)); err == nil {
		return Refusal{WrongGenesis, "there is a genesis file already: " + own.Name}
	}
	if err := Configure(home, own, n, doors, pace); err != nil {
		return err
	}
	return os.WriteFile(genesisFile(home), genesis, 0o600)
}

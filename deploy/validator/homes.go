package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ecertd/chain"
	"ecertd/home"
)

// initCommand is a member's first step alone: its keys are made where they stay, and only the card leaves.
func initCommand() *cobra.Command {
	var where, name, peer string
	var region int
	cmd := &cobra.Command{
		Use: "init", Short: "Make a home's keys and print the card that the other members need", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			card, err := home.Init(where, region, name, peer)
			if err != nil {
				return err
			}
			return json.NewEncoder(cmd.OutOrStdout()).Encode(card)
		},
	}
	cmd.Flags().StringVar(&where, "home", "", "the home's directory")
	cmd.Flags().IntVar(&region, "region", 0, "the region's code, such as 31")
	cmd.Flags().StringVar(&name, "name", "", "the region's name in ASCII, such as shanghai")
	cmd.Flags().StringVar(&peer, "peer", "", "HOST:PORT at which the other validators reach this one")
	require(cmd, "home", "region", "name", "peer")
	return cmd
}

// joinCommand is the second step: every member makes the same genesis file from the same cards, and compares its hash.
// Who joins a chain that stands already takes its genesis file, and is voted in once it has followed to the head.
func joinCommand() *cobra.Command {
	var where, name, first, standing string
	var cards []string
	terms := newTerms()
	cmd := &cobra.Command{
		Use: "join", Short: "Give a home the genesis file and its configuration, from all members' cards", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			network, err := terms.network()
			if err != nil {
				return err
			}
			own, err := readCards(cards, name, &network)
			if err != nil {
				return err
			}
			genesis, err := genesisOf(network, first, standing)
			if err != nil {
				return err
			}
			doors := home.LocalDoors(terms.port)
			doors.Peer = home.ListenFor(own.Peer)
			return home.Join(where, own, network, genesis, doors, terms.pace)
		},
	}
	cmd.Flags().StringVar(&where, "home", "", "the home's directory")
	cmd.Flags().StringVar(&name, "name", "", "whose home it is")
	cmd.Flags().StringSliceVar(&cards, "card", nil, "files of all validators' cards, in the members' agreed order")
	cmd.Flags().StringVar(&first, "time", "", "the genesis time (RFC 3339), the same for all; founders are named with it")
	cmd.Flags().StringVar(&standing, "genesis", "", "the genesis file of a chain that stands already")
	terms.bind(cmd.Flags())
	require(cmd, "home", "name", "card")
	cmd.MarkFlagsOneRequired("time", "genesis")
	cmd.MarkFlagsMutuallyExclusive("time", "genesis")
	cmd.MarkFlagsMutuallyExclusive("founder", "genesis")
	return cmd
}

func genesisOf(network home.Network, first, standing string) (raw []byte, err error) {
	if standing != "" {
		return os.ReadFile(standing)
	}
	if network.Time, err = time.Parse(time.RFC3339, first); err != nil {
		return nil, err
	}
	return home.Genesis(network)
}

// peersCommand lets a home talk to another set of validators: the others' side of one that joins or leaves.
func peersCommand() *cobra.Command {
	var where, name string
	var cards []string
	cmd := &cobra.Command{
		Use: "peers", Short: "Name the nodes that a home talks to, from their cards; it has to be started anew", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			var network home.Network
			own, err := readCards(cards, name, &network)
			if err != nil {
				return err
			}
			return home.Peers(where, own, network)
		},
	}
	cmd.Flags().StringVar(&where, "home", "", "the home's directory")
	cmd.Flags().StringVar(&name, "name", "", "whose home it is")
	cmd.Flags().StringSliceVar(&cards, "card", nil, "files of all validators' cards, its own among them")
	require(cmd, "home", "name", "card")
	return cmd
}

// compactCommand gives a stopped node's disk back what its databases no longer need.
func compactCommand() *cobra.Command {
	var where string
	cmd := &cobra.Command{
		Use: "compact", Short: "Rewrite a stopped node's databases without what was overwritten", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return home.Compact(where) },
	}
	cmd.Flags().StringVar(&where, "home", "", "the home's directory")
	require(cmd, "home")
	return cmd
}

// testnetCommand makes all keys in one place, which is right for a demonstration alone.
func testnetCommand() *cobra.Command {
	var under string
	var regions []string
	terms := newTerms()
	cmd := &cobra.Command{
		Use: "testnet", Short: "Write the homes of a whole network on this machine", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			network, err := terms.network()
			if err != nil {
				return err
			}
			members, err := readMembers(regions)
			if err != nil {
				return err
			}
			network.Time = time.Now()
			return home.Testnet(under, members, network, terms.port, terms.pace)
		},
	}
	cmd.Flags().StringVar(&under, "out", "", "the directory of the homes")
	cmd.Flags().StringSliceVar(&regions, "region", []string{"31=shanghai", "32=jiangsu", "33=zhejiang", "34=anhui"},
		"the members, each CODE=NAME")
	terms.bind(cmd.Flags())
	require(cmd, "out", "founder")
	return cmd
}

// terms are what all members agree on, and this node's ports and pace.
type terms struct {
	home.Network
	founders []string
	port     int
	pace     home.Pace
}

func newTerms() *terms { return &terms{} }

func (t *terms) bind(flags *pflag.FlagSet) {
	flags.Uint64Var(&t.ChainID, "chain-id", chain.DefaultID, "Ethereum's chain id")
	flags.StringSliceVar(&t.founders, "founder", nil, "accounts that may send until the Consortium stands; the first makes it")
	flags.Int64Var(&t.BlockGas, "block-gas", 60_000_000, "most gas in a block")
	flags.Int64Var(&t.BlockBytes, "block-bytes", 4<<20, "most bytes in a block")
	flags.IntVar(&t.port, "first-port", 27000, "the first port of this node, or of a test network's first")
	flags.DurationVar(&t.pace.Commit, "commit-wait", 700*time.Millisecond, "wait after a block; blocks take 0.3 s more")
	flags.DurationVar(&t.pace.Heartbeat, "heartbeat", time.Minute, "the longest time without a block")
}

func (t *terms) network() (home.Network, error) {
	network := t.Network
	for _, founder := range t.founders {
		if !common.IsHexAddress(founder) {
			return network, fmt.Errorf("not an address: %q", founder)
		}
		network.Founders = append(network.Founders, common.HexToAddress(founder))
	}
	return network, nil
}

func readCards(paths []string, name string, network *home.Network) (own home.Card, err error) {
	for _, path := range paths {
		card, err := home.ReadCard(path)
		if err != nil {
			return own, err
		}
		network.Cards = append(network.Cards, card)
		if card.Name == name {
			own = card
		}
	}
	if own.Name == "" {
		return own, fmt.Errorf("no card is of %q", name)
	}
	return own, nil
}

func readMembers(texts []string) (members []home.Member, err error) {
	for _, text := range texts {
		code, name, _ := strings.Cut(text, "=")
		region, err := strconv.Atoi(code)
		if err != nil {
			return nil, fmt.Errorf("a region is CODE=NAME: %q", text)
		}
		members = append(members, home.Member{Region: region, Name: name})
	}
	return members, nil
}

func require(cmd *cobra.Command, names ...string) {
	for _, name := range names {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err)
		}
	}
}

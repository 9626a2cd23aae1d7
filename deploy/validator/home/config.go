package home

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	cmtcfg "github.com/cometbft/cometbft/config"
	serverconfig "github.com/cosmos/cosmos-sdk/server/config"
	evmconfig "github.com/cosmos/evm/config"

	"ecertd/chain"
)

// Doors are the addresses, HOST:PORT, on which a node listens. Only Peer may be other than loopback.
type Doors struct {
	Peer, Comet, GRPC, JSONRPC, WebSocket string
}

// ListenFor is where a node listens whom the others reach at peer: on every address of its machine, whose own may be
// another than the one that they know; on loopback where they do.
func ListenFor(peer string) string {
	_, port, err := net.SplitHostPort(peer)
	if err != nil || isLoopback(peer) {
		return peer
	}
	return net.JoinHostPort("0.0.0.0", port)
}

// LocalDoors are a node's on this machine: five ports from the first.
func LocalDoors(first int) Doors {
	at := func(n int) string { return fmt.Sprintf("127.0.0.1:%d", first+n) }
	return Doors{at(0), at(1), at(2), at(3), at(4)}
}

// Pace is how fast a chain goes.
type Pace struct {
	// Commit is how long a validator waits after a block for late votes; consensus itself takes about 0.3 s.
	Commit time.Duration
	// Heartbeat is the longest time without a block.
	Heartbeat time.Duration
}

// Configure writes config.toml and app.toml. The network's other cards are the only nodes that it will talk to.
func Configure(home string, own Card, n Network, doors Doors, pace Pace) error {
	if err := os.MkdirAll(filepath.Join(home, "config"), Owner); err != nil {
		return err
	}
	cmtcfg.WriteConfigFile(filepath.Join(home, "config", "config.toml"), consensusConfig(home, own, n, doors, pace))
	template, raw := evmconfig.InitAppConfig(chain.Denom, n.ChainID)
	config, ok := raw.(evmconfig.EVMAppConfig)
	if !ok {
		return fmt.Errorf("the EVM module's configuration is %T", raw)
	}
	serverconfig.SetConfigTemplate(template)
	serverconfig.WriteConfigFile(filepath.Join(home, "config", "app.toml"), machineConfig(config, n, doors))
	return nil
}

// Peers names the network's other cards in config.toml and leaves the rest of it as it is.
func Peers(home string, own Card, n Network) error {
	path := filepath.Join(home, "config", "config.toml")
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	peers, ids := others(own, n)
	for name, value := range map[string]string{"persistent_peers": peers, "unconditional_peer_ids": ids} {
		line := regexp.MustCompile(`(?m)^` + name + ` = ".*"$`)
		if len(line.FindAll(raw, -1)) != 1 {
			return fmt.Errorf("config.toml has not one line of %s", name)
		}
		raw = line.ReplaceAllLiteral(raw, fmt.Appendf(nil, "%s = %q", name, value))
	}
	return os.WriteFile(path, raw, 0o600)
}

func consensusConfig(home string, own Card, n Network, doors Doors, pace Pace) *cmtcfg.Config {
	c := cmtcfg.DefaultConfig()
	c.SetRoot(home)
	c.Moniker = own.Name
	c.DBBackend = "goleveldb"
	c.LogLevel = "warn"
	c.RPC.ListenAddress = "tcp://" + doors.Comet
	c.RPC.PprofListenAddress = ""
	c.P2P.ListenAddress = "tcp://" + doors.Peer
	c.P2P.PersistentPeers, c.P2P.UnconditionalPeerIDs = others(own, n)
	c.P2P.PexReactor = false                                   // peers are named, never found
	c.P2P.MaxNumInboundPeers, c.P2P.MaxNumOutboundPeers = 0, 0 // strangers; who is named does not count
	c.P2P.PersistentPeersMaxDialPeriod = 5 * time.Second
	if isLoopback(doors.Peer) {
		c.P2P.AddrBookStrict, c.P2P.AllowDuplicateIP = false, true
	}
	c.TxIndex.Indexer = "null" // the EVM's own serves the JSON-RPC
	c.Mempool.Size, c.Mempool.MaxTxBytes, c.Mempool.MaxTxsBytes = 20_000, 1<<20, 256<<20
	c.Consensus.TimeoutPropose, c.Consensus.TimeoutProposeDelta = time.Second, 500*time.Millisecond
	c.Consensus.TimeoutPrevote, c.Consensus.TimeoutPrecommit = 500*time.Millisecond, 500*time.Millisecond
	c.Consensus.TimeoutCommit = pace.Commit
	c.Consensus.CreateEmptyBlocks, c.Consensus.CreateEmptyBlocksInterval = true, pace.Heartbeat
	return c
}

func machineConfig(c evmconfig.EVMAppConfig, n Network, doors Doors) evmconfig.EVMAppConfig {
	c.MinGasPrices = "0" + chain.Denom
	c.Pruning = "nothing" // each past state stays provable
	c.IAVLCacheSize, c.IAVLDisableFastNode = 20_000, true
	c.AppDBBackend = "goleveldb"
	c.API.Enable, c.GRPCWeb.Enable = false, false
	c.GRPC.Enable, c.GRPC.Address = true, doors.GRPC // without it queries wait for one another
	c.JSONRPC.Enable, c.JSONRPC.EnableIndexer = true, true
	c.JSONRPC.API = []string{"eth", "net", "web3", chain.Namespace}
	c.JSONRPC.Address, c.JSONRPC.WsAddress = doors.JSONRPC, doors.WebSocket
	c.JSONRPC.AllowInsecureUnlock = false
	c.JSONRPC.GasCap = uint64(n.BlockGas)
	c.EVM.EVMChainID = n.ChainID
	return c
}

func others(own Card, n Network) (peers, ids string) {
	var dialled, known []string
	for _, card := range n.Cards {
		if card.NodeID != own.NodeID {
			dialled, known = append(dialled, card.NodeID+"@"+card.Peer), append(known, card.NodeID)
		}
	}
	return strings.Join(dialled, ","), strings.Join(known, ",")
}

// testsigner stands in for a remote signer in tests: it holds a validator's consensus key, dials the node that waits for
// it (CometBFT's privval protocol) and signs.
package main

import (
	"flag"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/libs/log"
	"github.com/cometbft/cometbft/privval"
)

func main() {
	where := flag.String("keys", "", "folder of priv_validator_key.json and priv_validator_state.json")
	node := flag.String("node", "", "HOST:PORT of the node's priv_validator_laddr")
	chain := flag.String("chain", "ecert-310320", "CometBFT's chain id")
	flag.Parse()
	key := privval.LoadFilePV(filepath.Join(*where, "priv_validator_key.json"),
		filepath.Join(*where, "priv_validator_state.json"))
	dial := privval.DialTCPFn(*node, 3*time.Second, ed25519.GenPrivKey())
	endpoint := privval.NewSignerDialerEndpoint(log.NewTMLogger(os.Stderr), dial,
		privval.SignerDialerEndpointConnRetries(10_000))
	server := privval.NewSignerServer(endpoint, *chain, key)
	if err := server.Start(); err != nil {
		panic(err)
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, os.Interrupt, syscall.SIGTERM)
	<-ended
}

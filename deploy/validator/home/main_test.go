package home

import (
	"os"
	"testing"

	"ecertd/chain"
)

func TestMain(m *testing.M) {
	chain.SealNotation()
	os.Exit(m.Run())
}

package home

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/stretchr/testify/require"

	"ecertd/chain"
)

var (
	four = []Member{{31, "shanghai"}, {32, "jiangsu"}, {33, "zhejiang"}, {34, "anhui"}}
	pace = Pace{700 * time.Millisecond, time.Minute}
)

func terms() Network {
	founders := []common.Address{common.HexToAddress("0x11"), common.HexToAddress("0x12")}
	return Network{ChainID: chain.DefaultID, Founders: founders, Time: time.Unix(1_700_000_000, 0),
		BlockGas: 60_000_000, BlockBytes: 4 << 20}
}

func made(t *testing.T) string {
	t.Helper()
	under := t.TempDir()
	require.NoError(t, Testnet(under, four, terms(), 27_000, pace))
	return under
}

func of(under, name string) Settings {
	return Settings{Home: filepath.Join(under, name), Moniker: name, ChainID: chain.DefaultID,
		Inner: []string{"tcp://127.0.0.1:1", "127.0.0.1:2", "localhost:3"}}
}

func requireRefusal(t *testing.T, code string, err error) {
	t.Helper()
	var refusal Refusal
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, code, refusal.Code, refusal.Detail)
}

func TestATestnetsHomesAreSound(t *testing.T) {
	under := made(t)
	for _, m := range four {
		require.NoError(t, Inspect(of(under, m.Name)))
		for _, file := range []string{nodeKeyFile(filepath.Join(under, m.Name)), validatorKeyFile(filepath.Join(under, m.Name))} {
			stat, err := os.Stat(file)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), stat.Mode().Perm())
		}
	}
}

func TestPeersAreTheOtherMembersAndNobodyElse(t *testing.T) {
	n := terms()
	n.Cards = []Card{{31, "a", "", "id1", "h:1"}, {32, "b", "", "id2", "h:2"}, {33, "c", "", "id3", "h:3"}}
	c := consensusConfig(t.TempDir(), n.Cards[1], n, LocalDoors(27_000), pace)
	require.Equal(t, "id1@h:1,id3@h:3", c.P2P.PersistentPeers)
	require.Equal(t, "id1,id3", c.P2P.UnconditionalPeerIDs)
	require.False(t, c.P2P.PexReactor)
	require.Zero(t, c.P2P.MaxNumInboundPeers+c.P2P.MaxNumOutboundPeers)
}

func TestWhoJoinsLaterIsNamedAndNothingElseChanges(t *testing.T) {
	under := made(t)
	path := filepath.Join(under, "anhui", "config", "config.toml")
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	n := terms()
	n.Cards = []Card{{31, "a", "", "id1", "h:1"}, {34, "anhui", "", "id4", "h:4"}, {36, "e", "", "id6", "h:6"}}
	require.NoError(t, Peers(filepath.Join(under, "anhui"), n.Cards[1], n))
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	old, changed := strings.Split(string(before), "\n"), []string{}
	for i, line := range strings.Split(string(after), "\n") {
		if line != old[i] {
			changed = append(changed, line)
		}
	}
	require.Equal(t, []string{`persistent_peers = "id1@h:1,id6@h:6"`, `unconditional_peer_ids = "id1,id6"`}, changed)
	require.NoError(t, os.WriteFile(path, []byte("moniker = \"anhui\"\n"), 0o600))
	require.Error(t, Peers(filepath.Join(under, "anhui"), n.Cards[1], n))
}

func TestTheListsOfValidatorsHaveNothingTwice(t *testing.T) {
	n := terms()
	key := func(b byte) string { return hex.EncodeToString(append(make([]byte, 31), b)) }
	n.Cards = []Card{{31, "a", key(1), "id1", "h:1"}, {32, "b", key(1), "id2", "h:2"}}
	_, err := Genesis(n)
	requireRefusal(t, KeyTwice, err)
	n.Cards[1] = Card{31, "b", key(2), "id2", "h:2"}
	_, err = Genesis(n)
	requireRefusal(t, KeyTwice, err)
}

func TestAnotherGenesisOrChainIsRefused(t *testing.T) {
	under := made(t)
	told := of(under, "anhui")
	require.NoError(t, Inspect(told))
	raw, err := os.ReadFile(genesisFile(told.Home))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(genesisFile(told.Home), append(raw, '\n'), 0o600))
	requireRefusal(t, WrongGenesis, Inspect(told))
	other := of(under, "jiangsu")
	other.ChainID++
	requireRefusal(t, WrongChain, Inspect(other))
	require.NoError(t, os.Remove(genesisFile(told.Home)))
	requireRefusal(t, WrongGenesis, Inspect(told))
}

func TestAnotherMembersKeyIsRefused(t *testing.T) {
	under := made(t)
	stolen, err := os.ReadFile(validatorKeyFile(filepath.Join(under, "shanghai")))
	require.NoError(t, err)
	told := of(under, "anhui")
	require.NoError(t, os.WriteFile(validatorKeyFile(told.Home), stolen, 0o600))
	requireRefusal(t, KeyTwice, Inspect(told))
}

func TestAReadableKeyAndAnOpenDoorAreRefused(t *testing.T) {
	under := made(t)
	told := of(under, "anhui")
	require.NoError(t, os.Chmod(nodeKeyFile(told.Home), 0o640))
	requireRefusal(t, KeyReadable, Inspect(told))
	told = of(under, "jiangsu")
	for _, open := range []string{"0.0.0.0:8545", "tcp://10.0.0.1:26657", ":9090", "", "[::]:1"} {
		told.Inner[1] = open
		requireRefusal(t, OpenDoor, Inspect(told))
	}
	told.Inner[1] = "unix:///run/signer.sock"
	require.NoError(t, Inspect(told))
}

func TestANodeListensOnEveryAddressButForLoopback(t *testing.T) {
	require.Equal(t, "127.0.0.1:27000", ListenFor("127.0.0.1:27000"))
	require.Equal(t, "0.0.0.0:27000", ListenFor("31.ecert.example:27000"))
	require.Equal(t, "0.0.0.0:27000", ListenFor("203.0.113.31:27000"))
	require.Equal(t, "no port", ListenFor("no port"))
}

func TestTheSameCardsMakeTheSameGenesis(t *testing.T) {
	card, err := Init(t.TempDir(), 31, "shanghai", "127.0.0.1:27000")
	require.NoError(t, err)
	n := terms()
	n.Cards = []Card{card}
	var texts []string
	for range 2 {
		raw, err := Genesis(n)
		require.NoError(t, err)
		texts = append(texts, string(raw))
	}
	require.Equal(t, texts[0], texts[1])
}

func TestKeysThatAreThereStay(t *testing.T) {
	where := t.TempDir()
	first, err := Init(where, 31, "shanghai", "127.0.0.1:27000")
	require.NoError(t, err)
	second, err := Init(where, 31, "shanghai", "127.0.0.1:27000")
	require.NoError(t, err)
	require.Equal(t, first, second)
	_, err = Init(where, 3, "shanghai", "")
	require.Error(t, err)
}

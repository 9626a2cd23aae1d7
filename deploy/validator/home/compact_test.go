package home

import (
	"bytes"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/opt"
)

// overwritten makes a home whose one database holds every key three times over: too little to be compacted by itself.
func overwritten(t *testing.T) (where string, open func() *leveldb.DB) {
	t.Helper()
	where = t.TempDir()
	open = func() *leveldb.DB {
		db, err := leveldb.OpenFile(filepath.Join(where, "data", "state.db"), &opt.Options{WriteBuffer: 1 << 20})
		require.NoError(t, err)
		return db
	}
	db := open()
	draw := rand.New(rand.NewSource(1))
	for round := range 3 {
		for key := range 64 {
			value := make([]byte, 16<<10)
			draw.Read(value)
			require.NoError(t, db.Put([]byte(fmt.Sprint(key)), append(value, byte(round)), nil))
		}
	}
	require.NoError(t, db.Close())
	return where, open
}

func octets(t *testing.T, where string) (sum int64) {
	t.Helper()
	require.NoError(t, filepath.Walk(where, func(_ string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			sum += info.Size()
		}
		return err
	}))
	return sum
}

func TestWhatWasOverwrittenIsDroppedAndTheRestStays(t *testing.T) {
	where, open := overwritten(t)
	before := octets(t, where)
	require.NoError(t, Compact(where))
	require.Less(t, octets(t, where), before/2)
	db := open()
	defer db.Close()
	for key := range 64 {
		value, err := db.Get([]byte(fmt.Sprint(key)), nil)
		require.NoError(t, err)
		require.Len(t, value, 16<<10+1)
		require.True(t, bytes.HasSuffix(value, []byte{2}))
	}
}

func TestATableKeepsItsFilter(t *testing.T) {
	where, _ := overwritten(t)
	data := filepath.Join(where, "data")
	require.NoError(t, os.CopyFS(filepath.Join(data, "application.db"), os.DirFS(filepath.Join(data, "state.db"))))
	require.NoError(t, Compact(where))
	require.Greater(t, octets(t, filepath.Join(data, "application.db")), octets(t, filepath.Join(data, "state.db")))
}

func TestARunningNodesDatabasesAreLeftAlone(t *testing.T) {
	where, open := overwritten(t)
	db := open()
	defer db.Close()
	require.ErrorContains(t, Compact(where), "running node")
	require.ErrorContains(t, Compact(t.TempDir()), "no database")
}

package home

import (
	"errors"
	"fmt"
	"path/filepath"
	"syscall"

	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/filter"
	"github.com/syndtr/goleveldb/leveldb/opt"
	"github.com/syndtr/goleveldb/leveldb/storage"
	"github.com/syndtr/goleveldb/leveldb/util"
)

// Compact rewrites the databases of a home whose node is stopped, without what was deleted or overwritten since.
func Compact(where string) error {
	folders, err := filepath.Glob(filepath.Join(where, "data", "*.db"))
	if err != nil {
		return err
	}
	if len(folders) == 0 {
		return fmt.Errorf("no database in %s", filepath.Join(where, "data"))
	}
	for _, folder := range folders {
		if err := compact(folder); err != nil {
			if errors.Is(err, syscall.EAGAIN) || errors.Is(err, storage.ErrLocked) {
				return fmt.Errorf("%s is held by a running node", folder)
			}
			return fmt.Errorf("%s: %w", folder, err)
		}
	}
	return nil
}

func compact(folder string) error {
	everything := func(db *leveldb.DB) error { return db.CompactRange(util.Range{}) }
	nothing := func(*leveldb.DB) error { return nil } // what the first left behind is removed by the next to open
	return errors.Join(opened(folder, everything), opened(folder, nothing))
}

// filtered are the databases that cosmos-db opens, with the filter that it opens them with; CometBFT's have none.
var filtered = map[string]filter.Filter{
	"application.db": filter.NewBloomFilter(10),
	"evmindexer.db":  filter.NewBloomFilter(10),
}

func opened(folder string, act func(*leveldb.DB) error) error {
	db, err := leveldb.OpenFile(folder, &opt.Options{ErrorIfMissing: true, Filter: filtered[filepath.Base(folder)]})
	if err != nil {
		return err
	}
	return errors.Join(act(db), db.Close())
}

package home

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/opt"
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
			return fmt.Errorf("%s, which a running node holds: %w", folder, err)
		}
	}
	return nil
}

func compact(folder string) error {
	everything := func(db *leveldb.DB) error { return db.CompactRange(util.Range{}) }
	nothing := func(*leveldb.DB) error { return nil } // what the first left behind is removed by the next to open
	return errors.Join(opened(folder, everything), opened(folder, nothing))
}

func opened(folder string, act func(*leveldb.DB) error) error {
	db, err := leveldb.OpenFile(folder, &opt.Options{ErrorIfMissing: true})
	if err != nil {
		return err
	}
	return errors.Join(act(db), db.Close())
}

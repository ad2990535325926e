// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/server/v3/storage/mvcc"
	"go.etcd.io/etcd/server/v3/storage/schema"
	"google.golang.org/protobuf/proto"
)

// maxFaults is how many faults of a damaged file are worth reading.
const maxFaults = 5

// Contents is what a database really holds.
type Contents struct {
	// Revision is the latest one.
	Revision int64
	// Objects counts by resource at the latest revision.
	Objects map[string]int64
}

// String tells the contents in one line.
func (c *Contents) String() string {
	if len(c.Objects) == 0 {
		return fmt.Sprintf("no objects at revision %d", c.Revision)
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(c.Objects)) {
		parts = append(parts, fmt.Sprintf("%d %s", c.Objects[name], name))
	}
	return fmt.Sprintf("%s at revision %d", strings.Join(parts, ", "), c.Revision)
}

// inspect reads the whole database at path: every page is checked, every object counted and compared
// with the manifest.
func inspect(path string, m *Manifest) (*Contents, error) {
	db, err := bolt.Open(path, 0o400, &bolt.Options{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	defer db.Close()
	contents := &Contents{}
	err = db.View(func(tx *bolt.Tx) error {
		if err := checkPages(tx); err != nil {
			return err
		}
		keys := tx.Bucket(schema.Key.Name())
		if keys == nil {
			return errors.New("the database has no keys: it is none of etcd")
		}
		at, err := contents.count(keys, m)
		if err != nil {
			return err
		}
		if contents.Revision < m.Revision && compacted(tx) < m.Revision {
			return fmt.Errorf("the database ends at revision %d and the manifest at %d: the backup was put together of two", contents.Revision, m.Revision)
		}
		// What was compacted meanwhile can no longer be counted as it was.
		if compacted(tx) <= m.Revision && !maps.Equal(at, m.Objects) {
			return fmt.Errorf("the database holds %v and the manifest names %v: the backup was put together of two", at, m.Objects)
		}
		contents.Revision = max(contents.Revision, compacted(tx))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return contents, nil
}

func checkPages(tx *bolt.Tx) error {
	var faults []string
	for err := range tx.Check() {
		if len(faults) < maxFaults {
			faults = append(faults, err.Error())
		}
	}
	if len(faults) > 0 {
		return fmt.Errorf("the database is damaged: %s", strings.Join(faults, "; "))
	}
	return nil
}

// count fills in what is there at the latest revision and returns what was there at that of the manifest.
func (c *Contents) count(keys *bolt.Bucket, m *Manifest) (map[string]int64, error) {
	live := map[string]bool{}
	var at map[string]int64
	err := keys.ForEach(func(k, v []byte) error {
		kv := &mvccpb.KeyValue{}
		if len(k) < len(mvcc.NewRevBytes())-1 {
			return fmt.Errorf("the database holds the key %x, which is no revision", k)
		}
		if err := proto.Unmarshal(v, kv); err != nil {
			return fmt.Errorf("decode key at %x: %w", k, err)
		}
		revision := mvcc.BytesToRev(k).Main
		if revision > m.Revision && at == nil {
			at = byResource(m.Prefix, live)
		}
		c.Revision = max(c.Revision, revision)
		if name := resource(m.Prefix, kv.Key); name == "" {
			return nil
		}
		if mvcc.IsTombstone(k) {
			delete(live, string(kv.Key))
		} else {
			live[string(kv.Key)] = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	c.Objects = byResource(m.Prefix, live)
	if at == nil {
		at = c.Objects
	}
	return at, nil
}

func byResource(prefix string, live map[string]bool) map[string]int64 {
	counts := map[string]int64{}
	for key := range live {
		counts[resource(prefix, []byte(key))]++
	}
	return counts
}

// compacted returns the revision before which history is gone.
func compacted(tx *bolt.Tx) int64 {
	meta := tx.Bucket(schema.Meta.Name())
	if meta == nil {
		return 0
	}
	var latest int64
	for _, name := range [][]byte{schema.FinishedCompactKeyName, schema.ScheduledCompactKeyName} {
		if v := meta.Get(name); len(v) >= 8 {
			latest = max(latest, int64(binary.BigEndian.Uint64(v)))
		}
	}
	return latest
}

// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package embeddedetcd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/client/pkg/v3/fileutil"
	"go.etcd.io/etcd/client/pkg/v3/types"
	"go.etcd.io/etcd/server/v3/storage/datadir"
	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.etcd.io/etcd/server/v3/storage/wal/walpb"
	"google.golang.org/protobuf/proto"
)

const (
	// etcdDir is the directory of the member below the data directory.
	etcdDir = "etcd"
	// restoredMarker tells that the data was put there by a restore, and is right whatever other members say.
	restoredMarker = "restored"
	// asidePrefix begins the names of directories with data that a member has given up. The newest one is kept.
	asidePrefix = "etcd.old-"
)

// identity says whose data a directory holds.
type identity struct{ cluster, member types.ID }

// MarkRestored tells the member that the data below dataDir was restored from a backup: it is a cluster of its own, and
// other members are to join it anew.
func MarkRestored(dataDir string) error {
	return os.WriteFile(filepath.Join(dataDir, restoredMarker), nil, 0o600)
}

func isRestored(dataDir string) (bool, error) {
	_, err := os.Stat(filepath.Join(dataDir, restoredMarker))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func unmarkRestored(dataDir string) error {
	err := os.Remove(filepath.Join(dataDir, restoredMarker))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// readIdentity returns whose data lies below dataDir, or nil where there is none.
func readIdentity(dataDir string) (*identity, error) {
	dir := datadir.ToWALDir(filepath.Join(dataDir, etcdDir))
	if !wal.Exist(dir) {
		return nil, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(entries, func(e os.DirEntry) bool { return strings.HasSuffix(e.Name(), ".wal") })
	if i < 0 {
		return nil, nil
	}
	file, err := os.Open(filepath.Join(dir, entries[i].Name()))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	// Each file of the log begins with a checksum and then says whose it is.
	decoder := wal.NewDecoder(fileutil.NewFileReader(file))
	for range 2 {
		record := &walpb.Record{}
		if err := decoder.Decode(record); err != nil {
			return nil, fmt.Errorf("read %s: %w", file.Name(), err)
		}
		switch record.GetType() {
		case wal.CrcType:
			decoder.UpdateCRC(record.GetCrc())
		case wal.MetadataType:
			metadata := &etcdserverpb.Metadata{}
			if err := proto.Unmarshal(record.Data, metadata); err != nil {
				return nil, fmt.Errorf("read %s: %w", file.Name(), err)
			}
			return &identity{cluster: types.ID(metadata.GetClusterID()), member: types.ID(metadata.GetNodeID())}, nil
		}
	}
	return nil, fmt.Errorf("read %s: it does not say whose log it is", file.Name())
}

// setAside renames data that the member must not start with, and removes what was set aside before.
func setAside(dataDir string, now time.Time) (string, error) {
	entries, err := os.ReadDir(dataDir)
	if err != nil {
		return "", err
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), asidePrefix) {
			if err := os.RemoveAll(filepath.Join(dataDir, entry.Name())); err != nil {
				return "", err
			}
		}
	}
	aside := filepath.Join(dataDir, asidePrefix+now.UTC().Format("20060102T150405"))
	return aside, os.Rename(filepath.Join(dataDir, etcdDir), aside)
}

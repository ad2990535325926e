// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	recordSuffix = ".json"
	// maxRecord caps a record in bytes; one has some hundred.
	maxRecord = 64 << 10
)

// Store remembers the published volumes in one file each.
type Store struct {
	layout Layout
}

// NewStore returns the Store of l, and makes its directory.
func NewStore(l Layout) (*Store, error) {
	if err := os.MkdirAll(l.Records(), 0o700); err != nil {
		return nil, fmt.Errorf("make directory of volume records: %w", err)
	}
	return &Store{layout: l}, nil
}

// Save writes the record of v so that it is there whole or not at all.
func (s *Store) Save(v Volume) error {
	if err := CheckID(v.ID); err != nil {
		return err
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode volume record: %w", err)
	}
	temporary, err := os.CreateTemp(s.layout.Records(), "new-*")
	if err != nil {
		return fmt.Errorf("write volume record: %w", err)
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(raw)
	// A record is not synced to the disk: after a crash of the node no pod of it runs.
	if err = errors.Join(err, temporary.Close()); err != nil {
		return fmt.Errorf("write volume record: %w", err)
	}
	if err := os.Rename(temporary.Name(), s.path(v.ID)); err != nil {
		return fmt.Errorf("write volume record: %w", err)
	}
	return nil
}

// Delete removes the record of the volume id; it may be gone already.
func (s *Store) Delete(id string) error {
	if err := CheckID(id); err != nil {
		return err
	}
	if err := os.Remove(s.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove volume record: %w", err)
	}
	return nil
}

// Load returns all records. It drops those that cannot be read, and those without a directory: a
// publish that did not come to its end is asked for again, an unpublish needs no record. The
// second result tells what was dropped and why.
func (s *Store) Load() ([]Volume, []error) {
	entries, err := os.ReadDir(s.layout.Records())
	if err != nil {
		return nil, []error{fmt.Errorf("read volume records: %w", err)}
	}
	var volumes []Volume
	var dropped []error
	for _, entry := range entries {
		v, err := s.read(entry.Name())
		if err != nil {
			dropped = append(dropped, fmt.Errorf("volume record %s: %w", entry.Name(), err))
			os.Remove(filepath.Join(s.layout.Records(), entry.Name()))
			continue
		}
		volumes = append(volumes, v)
	}
	return volumes, dropped
}

func (s *Store) read(name string) (Volume, error) {
	id, isRecord := strings.CutSuffix(name, recordSuffix)
	path := filepath.Join(s.layout.Records(), name)
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return Volume{}, err
	case !isRecord:
		return Volume{}, errors.New("not complete")
	case !info.Mode().IsRegular() || info.Size() > maxRecord:
		return Volume{}, errors.New("not a record")
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return Volume{}, err
	}
	var v Volume
	if err := json.Unmarshal(raw, &v); err != nil {
		return Volume{}, err
	}
	if v.ID != id {
		return Volume{}, fmt.Errorf("holds the volume %q", v.ID)
	}
	if err := s.layout.CheckTarget(v.Target, string(v.PodUID)); err != nil {
		return Volume{}, err
	}
	d, err := Open(s.layout, v)
	if err != nil {
		return Volume{}, err
	}
	d.Close()
	return v, nil
}

func (s *Store) path(id string) string {
	return filepath.Join(s.layout.Records(), id+recordSuffix)
}

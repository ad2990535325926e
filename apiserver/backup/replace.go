// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/virtplane/virtplane/apiserver/embeddedetcd"
)

const (
	// orderFile tells a server which prepared data is to become its own.
	orderFile = "restore.json"
	// asidePrefix begins the name of replaced data. Only the latest is kept: each is as large as a database.
	asidePrefix = "replaced-"
)

// Order is a restore that is checked and prepared, and waits for the server to stop.
type Order struct {
	// Directory holds the prepared data, below the data directory.
	Directory string `json:"directory"`
	// Aside is where the replaced data goes, below the data directory.
	Aside string `json:"aside"`
	// Revision is where the server goes on.
	Revision int64 `json:"revision"`
	// From is when the backup was made.
	From time.Time `json:"from"`
}

// Place orders that the prepared data replaces that in dataDir. It takes effect with Carry.
func (s *Staged) Place(dataDir string, revision int64, now time.Time) (*Order, error) {
	o := &Order{
		Directory: filepath.Base(s.dir), Aside: asidePrefix + now.UTC().Format("20060102T150405.000000"),
		Revision: revision, From: s.Manifest.Time,
	}
	content, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("encode order: %w", err)
	}
	if err := errors.Join(syncTree(s.dir), writeFile(filepath.Join(dataDir, orderFile), content)); err != nil {
		return nil, fmt.Errorf("order restore: %w", err)
	}
	return o, nil
}

// Pending returns the order that waits in dataDir, or nil.
func Pending(dataDir string) (*Order, error) {
	content, err := os.ReadFile(filepath.Join(dataDir, orderFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read order to restore: %w", err)
	}
	o := &Order{}
	if err := json.Unmarshal(content, o); err != nil || !filepath.IsLocal(o.Directory) || !filepath.IsLocal(o.Aside) {
		return nil, fmt.Errorf("order to restore in %s cannot be read (%v): remove the file to go on with the present data", filepath.Join(dataDir, orderFile), err)
	}
	return o, nil
}

// Carry carries out what was ordered in dataDir, whose lock the caller holds, and returns the order,
// or nil when there is none. Interrupted at any point it is done by the next call.
func Carry(dataDir string) (*Order, error) {
	o, err := Pending(dataDir)
	if err != nil || o == nil {
		return nil, err
	}
	current, prepared, aside := filepath.Join(dataDir, etcdDir), filepath.Join(dataDir, o.Directory, etcdDir), filepath.Join(dataDir, o.Aside)
	if exists(prepared) {
		if exists(current) && !exists(aside) {
			if err := os.Rename(current, aside); err != nil {
				return nil, fmt.Errorf("put replaced data aside: %w", err)
			}
		}
		// Other members of a former cluster have to know that this data is meant to be older than theirs.
		if err := embeddedetcd.MarkRestored(dataDir); err != nil {
			return nil, fmt.Errorf("mark restored data: %w", err)
		}
		if err := os.Rename(prepared, current); err != nil {
			return nil, fmt.Errorf("put restored data in place: %w", err)
		}
	}
	if !exists(current) {
		return nil, fmt.Errorf("neither restored data in %s nor present data in %s: restore again after removing %s", prepared, current, filepath.Join(dataDir, orderFile))
	}
	if err := errors.Join(syncPath(dataDir), os.Remove(filepath.Join(dataDir, orderFile)), syncPath(dataDir)); err != nil {
		return nil, fmt.Errorf("finish restore: %w", err)
	}
	return o, tidy(dataDir, o)
}

// tidy removes what earlier restores left behind.
func tidy(dataDir string, o *Order) error {
	for _, pattern := range []string{stagePattern, asidePrefix + "*"} {
		found, err := filepath.Glob(filepath.Join(dataDir, pattern))
		if err != nil {
			return fmt.Errorf("find old data: %w", err)
		}
		for _, path := range found {
			if filepath.Base(path) == o.Aside || filepath.Base(path) == orderFile {
				continue
			}
			if err := os.RemoveAll(path); err != nil {
				return fmt.Errorf("remove old data: %w", err)
			}
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

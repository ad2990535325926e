// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"go.etcd.io/etcd/server/v3/storage/datadir"
)

const (
	// etcdDir is the directory of the member below the data directory.
	etcdDir = "etcd"
	// stagePattern names directories in which data is prepared; one that an interrupted restore left is removed by the next.
	stagePattern = "restore-*"
)

// Staged is a backup that was checked and lies beside the data that it is to replace.
type Staged struct {
	Manifest *Manifest
	Contents *Contents
	// dir is below the data directory, so that a rename puts it in place.
	dir string
}

// Stage copies a backup below dataDir and checks all of it: its hash, its pages, its revision and its objects.
func Stage(r io.Reader, dataDir string) (*Staged, error) {
	if err := os.MkdirAll(dataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	dir, err := os.MkdirTemp(dataDir, stagePattern)
	if err != nil {
		return nil, fmt.Errorf("make directory: %w", err)
	}
	s := &Staged{dir: dir}
	if err := s.fill(r); err != nil {
		return nil, errors.Join(err, s.Discard())
	}
	return s, nil
}

// Verify reads a backup to its end and returns what it holds. It needs as much space in the directory for temporary files.
func Verify(r io.Reader) (*Manifest, *Contents, error) {
	s, err := Stage(r, filepath.Join(os.TempDir(), fmt.Sprintf("virt-apiserver-verify-%d", os.Getpid())))
	if err != nil {
		return nil, nil, err
	}
	if err := os.RemoveAll(filepath.Dir(s.dir)); err != nil {
		return nil, nil, fmt.Errorf("remove temporary files: %w", err)
	}
	return s.Manifest, s.Contents, nil
}

// Discard removes the copy.
func (s *Staged) Discard() error {
	if err := os.RemoveAll(s.dir); err != nil {
		return fmt.Errorf("remove %s: %w", s.dir, err)
	}
	return nil
}

func (s *Staged) etcd() string { return filepath.Join(s.dir, etcdDir) }

func (s *Staged) fill(r io.Reader) error {
	in := bufio.NewReaderSize(r, 1<<20)
	var err error
	if s.Manifest, err = readManifest(in); err != nil {
		return err
	}
	path := datadir.ToBackendFileName(s.etcd())
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	if err := copyDatabase(path, in); err != nil {
		return err
	}
	s.Contents, err = inspect(path, s.Manifest)
	return err
}

// copyDatabase writes a snapshot without the hash at its end, which it checks.
func copyDatabase(path string, r io.Reader) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("make file: %w", err)
	}
	defer file.Close()
	check := newChecker()
	if _, err := io.Copy(io.MultiWriter(file, check), r); err != nil {
		if errors.Is(err, syscall.ENOSPC) {
			return fmt.Errorf("copy backup to %s: %w: the volume must hold the present data and the backup at the same time", path, err)
		}
		return fmt.Errorf("copy backup: %w", err)
	}
	if err := check.verify(); err != nil {
		return err
	}
	if err := file.Truncate(check.size - sha256.Size); err != nil {
		return fmt.Errorf("cut hash off: %w", err)
	}
	return file.Sync()
}

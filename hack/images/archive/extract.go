// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"archive/tar"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Extract lays the tree out below a directory, with owners when the caller is root.
func (t *Tree) Extract(dir string) error {
	t.fillParents()
	for _, name := range t.Paths() {
		if err := extractEntry(filepath.Join(dir, name), t.entries[name]); err != nil {
			return fmt.Errorf("extract %s: %w", name, err)
		}
	}
	return nil
}

func extractEntry(name string, e *Entry) error {
	switch e.Type {
	case tar.TypeSymlink:
		if err := os.Symlink(e.Link, name); err != nil {
			return err
		}
		return chownIfRoot(name, e)
	case tar.TypeDir:
		if err := os.Mkdir(name, 0o700); err != nil {
			return err
		}
	default:
		if err := extractFile(name, e); err != nil {
			return err
		}
	}
	if err := chownIfRoot(name, e); err != nil {
		return err
	}
	mode := os.FileMode(e.Mode & 0o777)
	if e.Mode&0o1000 != 0 {
		mode |= os.ModeSticky
	}
	return os.Chmod(name, mode)
}

func extractFile(name string, e *Entry) error {
	content, err := e.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, content); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

func chownIfRoot(name string, e *Entry) error {
	if os.Geteuid() != 0 {
		return nil
	}
	return os.Lchown(name, e.UID, e.GID)
}

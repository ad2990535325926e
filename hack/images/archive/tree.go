// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package archive writes image layers and OCI archives whose bytes depend on nothing but their
// content: entries are sorted, times are fixed, owners and modes are given by the caller.
package archive

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path"
	"sort"
	"strings"
	"time"
)

// Epoch is the time written into every entry and every image: a fixed one, so that unchanged input
// gives unchanged digests, and not 1970, which some tools take for "unknown".
var Epoch = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// Entry is one file of a layer. Its path in the Tree has no leading slash.
type Entry struct {
	Type     byte // tar.TypeReg, tar.TypeDir or tar.TypeSymlink
	Mode     int64
	UID, GID int
	Link     string // target of a symbolic link
	Size     int64
	Open     func() (io.ReadCloser, error) // content of a regular file
}

// Tree is a set of files that becomes one layer.
type Tree struct {
	entries map[string]*Entry
}

// NewTree returns an empty tree.
func NewTree() *Tree { return &Tree{entries: map[string]*Entry{}} }

// Clean gives the key under which a path is kept: relative, without "." and "..".
func Clean(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

// Add sets the entry at a path; an entry that was there is replaced.
func (t *Tree) Add(name string, e Entry) {
	if name = Clean(name); name != "" {
		t.entries[name] = &e
	}
}

// Dir adds a directory.
func (t *Tree) Dir(name string, mode int64, uid, gid int) {
	t.Add(name, Entry{Type: tar.TypeDir, Mode: mode, UID: uid, GID: gid})
}

// Symlink adds a symbolic link owned by root.
func (t *Tree) Symlink(name, target string) {
	t.Add(name, Entry{Type: tar.TypeSymlink, Mode: 0o777, Link: target})
}

// Bytes adds a regular file owned by root with the given content.
func (t *Tree) Bytes(name string, mode int64, content []byte) {
	t.Add(name, Entry{Type: tar.TypeReg, Mode: mode, Size: int64(len(content)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }})
}

// File adds a regular file whose content is read from the file system when the tree is written.
func (t *Tree) File(name string, mode int64, source string) error {
	info, err := os.Stat(source)
	if err != nil {
		return fmt.Errorf("add %s: %w", name, err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("add %s: %s is not a regular file", name, source)
	}
	t.Add(name, Entry{Type: tar.TypeReg, Mode: mode, Size: info.Size(),
		Open: func() (io.ReadCloser, error) { return os.Open(source) }})
	return nil
}

// Get returns the entry at a path, or nil.
func (t *Tree) Get(name string) *Entry { return t.entries[Clean(name)] }

// Remove takes an entry out, with everything below it.
func (t *Tree) Remove(name string) {
	name = Clean(name)
	delete(t.entries, name)
	for other := range t.entries {
		if strings.HasPrefix(other, name+"/") {
			delete(t.entries, other)
		}
	}
}

// Paths lists all paths in the order in which they are written: sorted, so parents come first.
func (t *Tree) Paths() []string {
	paths := make([]string, 0, len(t.entries))
	for name := range t.entries {
		paths = append(paths, name)
	}
	sort.Strings(paths)
	return paths
}

// fillParents adds the directories that entries lie in and nobody added (root, 0755).
func (t *Tree) fillParents() {
	for _, name := range t.Paths() {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if t.entries[dir] == nil {
				t.Dir(dir, 0o755, 0, 0)
			}
		}
	}
}

// Write writes the tree as an uncompressed tar stream.
func (t *Tree) Write(w io.Writer) error {
	t.fillParents()
	tw := tar.NewWriter(w)
	for _, name := range t.Paths() {
		if err := writeEntry(tw, name, t.entries[name]); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return tw.Close()
}

func writeEntry(tw *tar.Writer, name string, e *Entry) error {
	header := &tar.Header{Typeflag: e.Type, Name: name, Linkname: e.Link, Mode: e.Mode, Uid: e.UID, Gid: e.GID,
		Size: e.Size, ModTime: Epoch, Format: tar.FormatPAX}
	if e.Type == tar.TypeDir {
		header.Name += "/"
	}
	if err := tw.WriteHeader(header); err != nil || e.Type != tar.TypeReg {
		return err
	}
	content, err := e.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	_, err = io.Copy(tw, content)
	return err
}

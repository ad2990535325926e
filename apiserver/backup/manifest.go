// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package backup saves the objects of a running server to one file and makes a data directory of such a file.
//
// A backup is one line of JSON, the Manifest, and after it a snapshot of etcd as etcd's own tools read it.
package backup

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	// Format is the first word of every backup of this version.
	Format = "virtplane.io/backup/v1"
	// maxManifest is far above what any set of resources needs; a file without a line break is no backup.
	maxManifest = 64 << 10
)

// ErrNoBackup tells that a file does not begin like a backup.
var ErrNoBackup = errors.New("not a backup of virt-apiserver: the first line is no manifest")

// Manifest is the first line of a backup: what it was made from and what it must hold.
type Manifest struct {
	Format string    `json:"format"`
	Time   time.Time `json:"time"`
	// Version is that of the virt-apiserver that made the backup.
	Version string `json:"version"`
	// Cluster and Member are etcd's identifiers in hexadecimal.
	Cluster string `json:"cluster"`
	Member  string `json:"member"`
	// Prefix is where the objects are in etcd.
	Prefix string `json:"prefix"`
	// Revision is at which the objects were counted. The snapshot holds it and may hold later ones.
	Revision int64 `json:"revision"`
	// Objects counts by resource, as in "virtualmachines.kubevirt.io".
	Objects map[string]int64 `json:"objects"`
}

// write puts the manifest at the beginning of a backup.
func (m *Manifest) write(w io.Writer) error {
	line, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode manifest: %w", err)
	}
	if _, err := w.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	return nil
}

// readManifest takes the first line off a backup.
func readManifest(r *bufio.Reader) (*Manifest, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read manifest: %w", err)
		}
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return nil, errors.New("the file is empty: the backup was not written")
		}
		if errors.Is(err, io.EOF) || len(line) > maxManifest {
			return nil, ErrNoBackup
		}
	}
	m := &Manifest{}
	if err := json.Unmarshal(line, m); err != nil {
		return nil, ErrNoBackup
	}
	if m.Format != Format {
		if name, _, _ := strings.Cut(Format, "/v"); strings.HasPrefix(m.Format, name) {
			return nil, fmt.Errorf("the backup has the format %s and this virt-apiserver reads %s: use the release that made it", m.Format, Format)
		}
		return nil, ErrNoBackup
	}
	if m.Revision <= 0 || m.Prefix == "" {
		return nil, fmt.Errorf("the manifest names no revision or prefix: %w", ErrNoBackup)
	}
	return m, nil
}

// resource names the resource of a key under prefix, or nothing for what is no object.
func resource(prefix string, key []byte) string {
	rest, ok := strings.CutPrefix(string(key), strings.TrimSuffix(prefix, "/")+"/")
	if !ok {
		return ""
	}
	group, rest, ok := strings.Cut(rest, "/")
	if !ok {
		return ""
	}
	name, _, ok := strings.Cut(rest, "/")
	if !ok {
		return ""
	}
	return name + "." + group
}

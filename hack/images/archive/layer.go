// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Layer is an uncompressed layer kept in a file. Layers are not compressed because they only travel
// from one directory of this machine to another: gzip would cost seconds for nothing.
type Layer struct {
	path string
	meta layerMeta
}

type layerMeta struct {
	Digest v1.Hash `json:"digest"`
	Size   int64   `json:"size"`
}

// WriteLayer writes the tree to a file and notes its digest beside it. Both appear by rename, the
// digest last, so a run that was killed leaves nothing that OpenLayer would take.
func WriteLayer(t *Tree, path string) (*Layer, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("write layer: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".layer-*")
	if err != nil {
		return nil, fmt.Errorf("write layer: %w", err)
	}
	defer os.Remove(tmp.Name())
	hash := sha256.New()
	counter := &countingWriter{w: io.MultiWriter(tmp, hash)}
	if err := t.Write(counter); err != nil {
		tmp.Close()
		return nil, fmt.Errorf("write layer: %w", err)
	}
	if err := tmp.Close(); err != nil {
		return nil, fmt.Errorf("write layer: %w", err)
	}
	layer := &Layer{path: path, meta: layerMeta{
		Digest: v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(hash.Sum(nil))}, Size: counter.n}}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return nil, fmt.Errorf("write layer: %w", err)
	}
	meta, err := json.Marshal(layer.meta)
	if err != nil {
		return nil, fmt.Errorf("write layer: %w", err)
	}
	return layer, WriteFile(path+".json", meta)
}

// OpenLayer opens a layer that WriteLayer wrote; it is not read again, only its size is compared.
func OpenLayer(path string) (*Layer, error) {
	raw, err := os.ReadFile(path + ".json")
	if err != nil {
		return nil, fmt.Errorf("open layer: %w", err)
	}
	layer := &Layer{path: path}
	if err := json.Unmarshal(raw, &layer.meta); err != nil {
		return nil, fmt.Errorf("open layer %s: %w", path, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open layer: %w", err)
	}
	if info.Size() != layer.meta.Size {
		return nil, fmt.Errorf("open layer %s: it has %d bytes, want %d", path, info.Size(), layer.meta.Size)
	}
	return layer, nil
}

// WriteFile writes a file by rename, so that readers see the old or the new content.
func WriteFile(path string, content []byte) error {
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, content, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(tmp, path)
}

// Digest implements v1.Layer.
func (l *Layer) Digest() (v1.Hash, error) { return l.meta.Digest, nil }

// DiffID implements v1.Layer; without compression it is the digest.
func (l *Layer) DiffID() (v1.Hash, error) { return l.meta.Digest, nil }

// Compressed implements v1.Layer.
func (l *Layer) Compressed() (io.ReadCloser, error) { return os.Open(l.path) }

// Uncompressed implements v1.Layer.
func (l *Layer) Uncompressed() (io.ReadCloser, error) { return os.Open(l.path) }

// Size implements v1.Layer, in bytes.
func (l *Layer) Size() (int64, error) { return l.meta.Size, nil }

// MediaType implements v1.Layer.
func (l *Layer) MediaType() (types.MediaType, error) { return types.OCIUncompressedLayer, nil }

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

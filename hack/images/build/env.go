// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package build makes the project's images: from our binaries and from Debian packages, without
// Docker and without a registry. What goes into each image is in artifacts/images.
package build

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/virtplane/virtplane/hack/images/archive"
)

// Env is where a build finds its input and keeps what it made.
type Env struct {
	BinDir    string // our binaries
	CacheDir  string // layers and disks, named by the hash of what they are made from
	SourceDir string // artifacts/images
	Log       func(format string, args ...any)
}

// cachedLayer returns the layer with this name and key, and makes it when it is not there yet.
func (e *Env) cachedLayer(name, key string, make func(work string) (*archive.Tree, error)) (*archive.Layer, error) {
	path := e.layerPath(name, key)
	if layer, err := archive.OpenLayer(path); err == nil {
		now := time.Now()
		return layer, os.Chtimes(path, now, now) // what is in use is kept
	}
	start := time.Now()
	work, err := e.workDir()
	if err != nil {
		return nil, fmt.Errorf("make layer %s: %w", name, err)
	}
	defer os.RemoveAll(work)
	tree, err := make(work)
	if err != nil {
		return nil, fmt.Errorf("make layer %s: %w", name, err)
	}
	layer, err := archive.WriteLayer(tree, path)
	if err != nil {
		return nil, fmt.Errorf("make layer %s: %w", name, err)
	}
	size, err := layer.Size()
	if err != nil {
		return nil, err
	}
	e.Log("%s: new layer, %.1f MiB, %.1f s", name, float64(size)/(1<<20), time.Since(start).Seconds())
	return layer, e.prune(name)
}

// source gives the path of a file below artifacts/images.
func (e *Env) source(elem ...string) string {
	return filepath.Join(append([]string{e.SourceDir}, elem...)...)
}

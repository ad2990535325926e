// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/virtplane/virtplane/hack/images/archive"
)

// pause is the sandbox image of the local cluster: one static program that waits and reaps.
func pause() Image {
	return Image{
		Name:   "pause",
		Config: v1.Config{Entrypoint: []string{"/pause"}, User: "65535:65535", WorkingDir: "/"},
		layers: func(e *Env) ([]*archive.Layer, error) {
			source := e.source("pause", "pause.c")
			sum, err := newKey("pause", 1).file(source).sum()
			if err != nil {
				return nil, err
			}
			layer, err := e.cachedLayer("pause", sum, func(work string) (*archive.Tree, error) {
				if err := NeedTools("gcc"); err != nil {
					return nil, err
				}
				binary := filepath.Join(work, "pause")
				if err := compileStatic(binary, source); err != nil {
					return nil, err
				}
				tree := archive.NewTree()
				if err := tree.File("pause", 0o755, binary); err != nil {
					return nil, err
				}
				return tree, nil
			})
			return []*archive.Layer{layer}, err
		},
	}
}

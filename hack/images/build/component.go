// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/virtplane/virtplane/hack/images/archive"
)

// component is an image with nothing in it but one static binary of ours and the accounts it may
// run as.
func component(name, user string) Image {
	return Image{
		Name:   name,
		Config: v1.Config{Entrypoint: []string{"/usr/bin/" + name}, User: user, WorkingDir: "/"},
		layers: func(e *Env) ([]*archive.Layer, error) {
			base, err := e.accountsLayer()
			if err != nil {
				return nil, err
			}
			binary, err := e.binaryLayer(name)
			if err != nil {
				return nil, err
			}
			return []*archive.Layer{base, binary}, nil
		},
	}
}

// accountsLayer holds passwd, group and a /tmp.
func (e *Env) accountsLayer() (*archive.Layer, error) {
	sum, err := newKey("accounts", 1).dir(e.source("component")).sum()
	if err != nil {
		return nil, err
	}
	return e.cachedLayer("accounts", sum, func(string) (*archive.Tree, error) {
		tree := archive.NewTree()
		tree.Dir("tmp", 0o1777, 0, 0)
		for _, name := range []string{"passwd", "group"} {
			if err := tree.File("etc/"+name, 0o644, e.source("component", name)); err != nil {
				return nil, err
			}
		}
		return tree, nil
	})
}

// binaryLayer holds one of our binaries at /usr/bin/NAME.
func (e *Env) binaryLayer(name string) (*archive.Layer, error) {
	path := filepath.Join(e.BinDir, name)
	sum, err := newKey("binary", 1).text(name).file(path).sum()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s does not exist: build the binaries first, or name the images to build with --only", path)
	}
	if err != nil {
		return nil, err
	}
	return e.cachedLayer(name, sum, func(string) (*archive.Tree, error) {
		tree := archive.NewTree()
		return tree, tree.File("usr/bin/"+name, 0o755, path)
	})
}

// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/virtplane/virtplane/hack/images/archive"
)

// tools is busybox with a link per applet, for test pods: sh, nc, httpd, wget and so on.
func tools() Image {
	return Image{
		Name: "tools",
		Config: v1.Config{Cmd: []string{"/bin/sh"}, User: "0:0", WorkingDir: "/",
			Env: []string{"PATH=/bin", "HOME=/"}},
		layers: func(e *Env) ([]*archive.Layer, error) {
			sum, err := newKey("tools", 2).text(suite).dir(e.source("component")).sum()
			if err != nil {
				return nil, err
			}
			layer, err := e.cachedLayer("tools", sum, func(work string) (*archive.Tree, error) {
				debian, err := unpackDebian(work, []string{"busybox-static"})
				if err != nil {
					return nil, err
				}
				tree := archive.NewTree()
				tree.Dir("tmp", 0o1777, 0, 0)
				tree.Dir("root", 0o700, 0, 0)
				for _, name := range []string{"passwd", "group"} {
					if err := tree.File("etc/"+name, 0o644, e.source("component", name)); err != nil {
						return nil, err
					}
				}
				return tree, addBusybox(tree, debian, "bin", work)
			})
			return []*archive.Layer{layer}, err
		},
	}
}

// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/virtplane/virtplane/hack/images/archive"
)

// debianLayout leaves more than 2 GiB free to who installs something.
var debianLayout = diskLayout{bootSize: 24 << 20, rootSize: 3 << 30, inodes: 131072, journal: 16,
	signature: 0x76706462, rootUUID: "7670676e-6465-4269-8000-000000000001", compress: true}

// guestDebian is a containerDisk with an installed Debian. It takes minutes to make, and only some tests need it.
func guestDebian() Image {
	return Image{
		Name:     "guest-debian",
		Config:   v1.Config{User: "107:107"},
		OnDemand: true,
		layers: func(e *Env) ([]*archive.Layer, error) {
			sum, err := newKey("guest-debian", 1).text(suite).dir(e.source("guest-debian")).
				dir(e.source(bootDir, "boot")).file(e.source(bootDir, "init.c")).sum()
			if err != nil {
				return nil, err
			}
			layer, err := e.cachedLayer("guest-debian", sum, func(work string) (*archive.Tree, error) {
				if err := NeedTools("mmdebstrap", "chroot", "unshare", "gcc", "tar"); err != nil {
					return nil, err
				}
				g, err := newGuestSystem(e, work, "guest-debian", "tools")
				if err != nil {
					return nil, err
				}
				disk, err := g.buildDebian()
				if err != nil {
					return nil, err
				}
				return containerDisk(disk)
			})
			return []*archive.Layer{layer}, err
		},
	}
}

// buildDebian makes the disk and gives its path.
func (g *guestSystem) buildDebian() (string, error) {
	ours, err := g.debianFiles()
	if err != nil {
		return "", err
	}
	files := filepath.Join(g.work, "files.tar")
	if err := writeTar(files, ours); err != nil {
		return "", err
	}
	packages, err := readList(g.env.source(g.name, "packages"))
	if err != nil {
		return "", err
	}
	excluded, err := readList(g.env.source(g.name, "excluded"))
	if err != nil {
		return "", err
	}
	g.env.Log("%s: installing Debian packages", g.name)
	installed, err := installDebian(g.work, installation{
		packages: packages, excluded: excluded, files: files, setup: g.env.source(g.name, "setup"),
	})
	if err != nil {
		return "", err
	}
	root := g.tools.path("root")
	if err := os.Mkdir(root, 0o755); err != nil {
		return "", err
	}
	// Unlike an archive.Tree this keeps set-id bits, file capabilities and times: it is a system, not a layer of ours.
	if err := run(exec.Command("tar", "--extract", "--file", installed, "--directory", root, "--numeric-owner", "--same-owner",
		"--preserve-permissions", "--xattrs", "--xattrs-include=*", "--exclude=./dev/*")); err != nil {
		return "", err
	}
	return g.makeDisk(debianLayout)
}

// debianFiles holds what comes into the guest beside its packages: the kernel's modules and our own files.
func (g *guestSystem) debianFiles() (*archive.Tree, error) {
	tree := archive.NewTree()
	if err := g.addModules(tree); err != nil {
		return nil, err
	}
	// depmod, which setup runs, reads these.
	dir := path.Join("usr/lib/modules", g.modules.release)
	if err := pick(tree, g.debian, []string{dir + "/modules.builtin", dir + "/modules.builtin.modinfo", dir + "/modules.order"}); err != nil {
		return nil, err
	}
	if err := addDir(tree, g.env.source(g.name, "rootfs")); err != nil {
		return nil, err
	}
	for _, name := range tree.Paths() {
		if strings.HasPrefix(name, "etc/sudoers.d/") {
			tree.Get(name).Mode = 0o440
		}
	}
	return tree, nil
}

func writeTar(name string, tree *archive.Tree) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := tree.Write(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/virtplane/virtplane/hack/images/archive"
)

// tinyLayout holds 12 MiB of kernel, 4 MiB of initramfs and 1 MiB of boot loaders; the root file system is mostly free.
var tinyLayout = diskLayout{bootSize: 24 << 20, rootSize: 488 << 20, inodes: 16384, journal: 4,
	signature: 0x76706c74, rootUUID: "7670676e-7469-4e79-8000-000000000001"}

// guestTiny is a containerDisk: an image with one file, the disk of a small Debian system.
func guestTiny() Image {
	return Image{
		Name:   "guest-tiny",
		Config: v1.Config{User: "107:107"},
		layers: func(e *Env) ([]*archive.Layer, error) {
			program := filepath.Join(filepath.Dir(filepath.Dir(e.SourceDir)), "hack", "images", "guest-init")
			sum, err := newKey("guest-tiny", 2).text(suite).dir(e.source("guest-tiny")).dir(program).sum()
			if err != nil {
				return nil, err
			}
			layer, err := e.cachedLayer("guest-tiny", sum, func(work string) (*archive.Tree, error) {
				if err := NeedTools("mmdebstrap", "chroot", "unshare", "gcc", "go"); err != nil {
					return nil, err
				}
				disk, err := buildTiny(e, work, program)
				if err != nil {
					return nil, err
				}
				return containerDisk(disk)
			})
			return []*archive.Layer{layer}, err
		},
	}
}

// tinyGuest is one build of guest-tiny's disk.
type tinyGuest struct {
	*guestSystem
	init string // the compiled guest-init
}

// buildTiny makes the disk, with the program guest-init from its source, and gives its path.
func buildTiny(e *Env, work, program string) (string, error) {
	system, err := newGuestSystem(e, work, "guest-tiny", "packages")
	if err != nil {
		return "", err
	}
	g := &tinyGuest{system, filepath.Join(work, "guest-init")}
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", g.init, ".")
	cmd.Dir = program
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if err := run(cmd); err != nil {
		return "", err
	}
	root, err := g.rootTree()
	if err != nil {
		return "", err
	}
	if err := g.tools.extract("root", root); err != nil {
		return "", err
	}
	return g.makeDisk(tinyLayout)
}

// rootTree holds the root file system.
func (g *tinyGuest) rootTree() (*archive.Tree, error) {
	tree := archive.NewTree()
	files, err := readList(g.env.source("guest-tiny", "files"))
	if err != nil {
		return nil, err
	}
	if err := pick(tree, g.debian, files); err != nil {
		return nil, err
	}
	if err := addLibraries(tree, g.debian); err != nil {
		return nil, err
	}
	if err := addBusybox(tree, g.debian, "usr/bin", g.work); err != nil {
		return nil, err
	}
	// One directory of programs: usr/sbin is a link to it.
	for _, name := range tree.Paths() {
		if base, ok := strings.CutPrefix(name, "usr/sbin/"); ok {
			tree.Add("usr/bin/"+base, *tree.Get(name))
			tree.Remove(name)
		}
	}
	tree.Symlink("usr/sbin", "bin")
	for _, link := range []string{"bin", "lib", "lib64", "sbin"} {
		tree.Symlink(link, "usr/"+link)
	}
	if err := tree.File("usr/bin/guest-init", 0o755, g.init); err != nil {
		return nil, err
	}
	for _, verb := range []string{"poweroff", "reboot", "halt", "shutdown"} {
		tree.Symlink("usr/bin/"+verb, "guest-init")
	}
	tree.Symlink("etc/os-release", "../usr/lib/os-release")
	if err := g.addModules(tree); err != nil {
		return nil, err
	}
	for _, dir := range []string{"dev", "etc/dropbear", "mnt", "proc", "run", "sys", "var/lib/cloud", "var/log"} {
		tree.Dir(dir, 0o755, 0, 0)
	}
	tree.Symlink("var/run", "../run")
	tree.Dir("tmp", 0o1777, 0, 0)
	tree.Dir("root", 0o700, 0, 0)
	tree.Dir("home/debian", 0o755, 1000, 1000)
	if err := addDir(tree, g.env.source("guest-tiny", "rootfs")); err != nil {
		return nil, err
	}
	tree.Get("etc/shadow").Mode = 0o600
	return tree, nil
}

// addDir adds the files below a directory, owned by root.
func addDir(tree *archive.Tree, dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		mode := int64(0o644)
		if info.Mode()&0o100 != 0 {
			mode = 0o755
		}
		if info.Mode().Type() == fs.ModeSymlink {
			return fmt.Errorf("add %s: symbolic links are not expected here", path)
		}
		return tree.File(name, mode, path)
	})
}

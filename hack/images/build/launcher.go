// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"os"
	"os/exec"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/virtplane/virtplane/hack/images/archive"
)

const (
	launcherUID  = 107
	launcherData = "usr/share/virtplane/libvirt" // templates that virt-launcher installs at start
)

// launcher is libvirtd, QEMU and, as the last layer, virt-launcher. Our binary has a layer of its
// own, so that rebuilding it does not touch the rest.
func launcher() Image {
	return Image{
		Name: "virt-launcher",
		Config: v1.Config{Entrypoint: []string{"/usr/bin/virt-launcher"}, User: "107:107", WorkingDir: "/",
			Env: []string{"PATH=/usr/sbin:/usr/bin"}},
		layers: func(e *Env) ([]*archive.Layer, error) {
			binary, err := e.binaryLayer("virt-launcher")
			if err != nil {
				return nil, err
			}
			system, err := e.launcherSystem()
			if err != nil {
				return nil, err
			}
			return []*archive.Layer{system, binary}, nil
		},
	}
}

// launcherSystem is the layer with everything but our binary.
func (e *Env) launcherSystem() (*archive.Layer, error) {
	sum, err := newKey("virt-launcher", 2).text(suite).dir(e.source("virt-launcher")).sum()
	if err != nil {
		return nil, err
	}
	return e.cachedLayer("virt-launcher-system", sum, func(work string) (*archive.Tree, error) {
		if err := NeedTools("mmdebstrap", "unshare", "chroot", "ldconfig"); err != nil {
			return nil, err
		}
		e.Log("virt-launcher: unpacking Debian packages")
		tree, err := e.launcherTree(work)
		if err != nil {
			return nil, err
		}
		root := filepath.Join(work, "root")
		if err := os.Mkdir(root, 0o755); err != nil {
			return nil, err
		}
		if err := tree.Extract(root); err != nil {
			return nil, err
		}
		// The loader finds each of some sixty libraries by one look into this cache.
		if err := run(exec.Command("ldconfig", "-X", "-r", root)); err != nil {
			return nil, err
		}
		cache, err := os.ReadFile(filepath.Join(root, "etc/ld.so.cache"))
		if err != nil {
			return nil, err
		}
		tree.Bytes("etc/ld.so.cache", 0o644, cache)
		e.Log("virt-launcher: probing QEMU's capabilities")
		capabilities, err := probeCapabilities(root)
		if err != nil {
			return nil, err
		}
		tree.Bytes(launcherData+"/capabilities/tcg.xml", 0o644, capabilities)
		return tree, nil
	})
}

// launcherTree holds the files that artifacts/images/virt-launcher asks for.
func (e *Env) launcherTree(work string) (*archive.Tree, error) {
	packages, err := readList(e.source("virt-launcher", "packages"))
	if err != nil {
		return nil, err
	}
	patterns, err := readList(e.source("virt-launcher", "files"))
	if err != nil {
		return nil, err
	}
	debian, err := unpackDebian(work, packages)
	if err != nil {
		return nil, err
	}
	tree := archive.NewTree()
	for _, link := range []string{"bin", "lib", "lib64", "sbin"} {
		tree.Symlink(link, "usr/"+link)
	}
	if err := pick(tree, debian, patterns); err != nil {
		return nil, err
	}
	if err := addLibraries(tree, debian); err != nil {
		return nil, err
	}
	if err := addBusybox(tree, debian, "usr/bin", work); err != nil {
		return nil, err
	}
	for _, name := range []string{"passwd", "group", "nsswitch.conf"} {
		if err := tree.File("etc/"+name, 0o644, e.source("virt-launcher", "etc", name)); err != nil {
			return nil, err
		}
	}
	tree.Bytes("etc/ld.so.conf", 0o644, []byte("/usr/lib/x86_64-linux-gnu\n"))
	for _, name := range []string{"libvirtd.conf", "qemu.conf"} {
		if err := tree.File(launcherData+"/"+name, 0o644, e.source("virt-launcher", "libvirt", name)); err != nil {
			return nil, err
		}
	}
	for _, dir := range []string{"dev", "proc", "sys", "run", "var"} {
		tree.Dir(dir, 0o755, 0, 0)
	}
	tree.Dir("tmp", 0o1777, 0, 0)
	tree.Symlink("var/run", "/run")
	for _, dir := range []string{"run/virtplane", "run/kubevirt/container-disks", "run/kubevirt/secrets"} {
		tree.Dir(dir, 0o755, 0, 0)
	}
	tree.Dir("run/kubevirt-private", 0o700, launcherUID, launcherUID)
	return tree, nil
}

// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/virtplane/virtplane/hack/images/archive"
)

// bootDir holds what all guests boot by: the initramfs's program and the boot loaders' files.
const bootDir = "guest-tiny"

// guestSystem is what the disks of guests have in common: packages that are only unpacked, for the kernel, the boot
// loaders and the tools that make file systems.
type guestSystem struct {
	env  *Env
	work string
	name string // directory below artifacts/images: kernel parameters and list of modules

	debian  *archive.Tree
	tools   *diskTools
	modules *kernelModules
}

// newGuestSystem unpacks the packages that a file of the guest's directory lists.
func newGuestSystem(e *Env, work, name, list string) (*guestSystem, error) {
	e.Log("%s: unpacking Debian packages", name)
	packages, err := readList(e.source(name, list))
	if err != nil {
		return nil, err
	}
	g := &guestSystem{env: e, work: work, name: name}
	if g.debian, err = unpackDebian(work, packages); err != nil {
		return nil, err
	}
	if g.tools, err = newDiskTools(g.debian, work); err != nil {
		return nil, err
	}
	g.modules, err = findModules(g.debian, filepath.Join(g.tools.root, "usr/bin/busybox"))
	return g, err
}

// bootTree holds the boot partition: kernel, initramfs and the configuration of two boot loaders,
// SYSLINUX for BIOS and systemd-boot for UEFI.
func (g *guestSystem) bootTree() (*archive.Tree, error) {
	tree := archive.NewTree()
	kernel := g.debian.Get("boot/vmlinuz-" + g.modules.release)
	if kernel == nil {
		return nil, fmt.Errorf("make boot partition: no kernel %s", g.modules.release)
	}
	tree.Add("vmlinuz", *kernel)
	initramfs, err := g.initramfs()
	if err != nil {
		return nil, err
	}
	image := filepath.Join(g.work, "initrd.img")
	f, err := os.Create(image)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := initramfs.WriteCPIO(f); err != nil {
		return nil, fmt.Errorf("make initramfs: %w", err)
	}
	if err := tree.File("initrd.img", 0o644, image); err != nil {
		return nil, err
	}
	cmdline, err := readList(g.env.source(g.name, "boot", "cmdline"))
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"syslinux.cfg", "loader/loader.conf", "loader/entries/guest.conf"} {
		raw, err := os.ReadFile(g.env.source(bootDir, "boot", name))
		if err != nil {
			return nil, err
		}
		tree.Bytes(name, 0o644, []byte(strings.ReplaceAll(string(raw), "@CMDLINE@", strings.Join(cmdline, " "))))
	}
	efi := g.debian.Get("usr/lib/systemd/boot/efi/systemd-bootx64.efi")
	if efi == nil {
		return nil, errors.New("make boot partition: systemd-boot-efi has no systemd-bootx64.efi")
	}
	tree.Add("EFI/BOOT/BOOTX64.EFI", *efi)
	return tree, nil
}

// initramfs holds init.c, the drivers of disks and the lists by which it loads them.
func (g *guestSystem) initramfs() (*archive.Tree, error) {
	init := filepath.Join(g.work, "init")
	if err := compileStatic(init, g.env.source(bootDir, "init.c")); err != nil {
		return nil, err
	}
	tree := archive.NewTree()
	if err := tree.File("init", 0o755, init); err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(g.env.source(g.name, "modules"))
	if err != nil {
		return nil, err
	}
	groups := strings.SplitN(string(raw), "\n\n", 3)
	for i, list := range []string{"virtio", "others"} {
		if err := g.modules.addInOrder(tree, "modules/"+list, words(groups[i])); err != nil {
			return nil, err
		}
	}
	return tree, nil
}

// addModules adds the modules that the guest's list names.
func (g *guestSystem) addModules(to *archive.Tree) error {
	names, err := readList(g.env.source(g.name, "modules"))
	if err != nil {
		return err
	}
	return g.modules.add(to, names)
}

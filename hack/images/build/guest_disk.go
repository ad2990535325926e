// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/virtplane/virtplane/hack/images/archive"
)

const (
	bootSize      = 24 << 20  // kernel 12 MiB, initramfs 4 MiB, boot loaders 1 MiB
	rootSize      = 488 << 20 // mostly free; the image file holds only what is used
	diskSignature = 0x76706c74
	bootID        = "76706c74"
	rootUUID      = "7670676e-7469-4e79-8000-000000000001"
	rootLabel     = "guest-root" // guest-init looks for it
)

// bootTree holds the boot partition: kernel, initramfs and the configuration of two boot loaders,
// SYSLINUX for BIOS and systemd-boot for UEFI.
func (g *guest) bootTree() (*archive.Tree, error) {
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
	cmdline, err := readList(g.env.source("guest-tiny", "boot", "cmdline"))
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"syslinux.cfg", "loader/loader.conf", "loader/entries/guest.conf"} {
		raw, err := os.ReadFile(g.env.source("guest-tiny", "boot", name))
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

// diskTools is a small root file system with the Debian tools that make file systems, so that the
// result does not depend on what is installed on the machine that builds.
type diskTools struct{ root string }

func (g *guest) makeTools() (*diskTools, error) {
	tree := archive.NewTree()
	err := pick(tree, g.debian, []string{
		"usr/bin/mcopy", "usr/bin/mmd", "usr/bin/mattrib", "usr/bin/mmove", "usr/bin/mdel", "usr/bin/syslinux", "usr/bin/qemu-img", "usr/sbin/mke2fs",
		"usr/sbin/mkfs.fat", "usr/sbin/mkfs.vfat", "etc/mke2fs.conf", "usr/lib64/ld-linux-x86-64.so.2",
		// mtools converts file names through these
		"usr/lib/x86_64-linux-gnu/gconv/IBM850.so", "usr/lib/x86_64-linux-gnu/gconv/gconv-modules", "usr/lib/x86_64-linux-gnu/gconv/gconv-modules.d/*",
	})
	if err != nil {
		return nil, err
	}
	if err := addLibraries(tree, g.debian); err != nil {
		return nil, err
	}
	if err := addBusybox(tree, g.debian, "usr/bin", g.work); err != nil {
		return nil, err
	}
	for _, link := range []string{"bin", "lib", "lib64", "sbin"} {
		tree.Symlink(link, "usr/"+link)
	}
	tree.Dir("tmp", 0o1777, 0, 0)
	tree.Dir("proc", 0o755, 0, 0)
	tree.Dir("work", 0o700, 0, 0)
	tree.Bytes("dev/null", 0o666, nil) // tools redirect to it; what is written is thrown away with the directory
	tools := &diskTools{root: filepath.Join(g.work, "tools")}
	if err := os.Mkdir(tools.root, 0o755); err != nil {
		return nil, err
	}
	return tools, tree.Extract(tools.root)
}

// run runs a tool in its root file system, in the directory /work. The tool sees /proc (syslinux
// hands files to mtools through it), in a mount namespace that ends with it.
func (t *diskTools) run(args ...string) error {
	const script = `mount -t proc proc "$0/proc" && exec chroot "$0" /bin/busybox sh -c 'cd /work && exec "$@"' sh "$@"`
	cmd := exec.Command("unshare", append([]string{"--mount", "--propagation", "private", "sh", "-c", script, t.root}, args...)...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin", "LC_ALL=C", "TZ=UTC", "MTOOLS_SKIP_CHECK=1",
		"SOURCE_DATE_EPOCH=" + strconv.FormatInt(archive.Epoch.Unix(), 10)}
	return run(cmd)
}

// makeDisk makes the disk out of the files of its two partitions.
func (t *diskTools) makeDisk(boot, root, debian *archive.Tree) (string, error) {
	work := filepath.Join(t.root, "work")
	for name, tree := range map[string]*archive.Tree{"boot": boot, "root": root} {
		dir := filepath.Join(work, name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			return "", err
		}
		if err := tree.Extract(dir); err != nil {
			return "", err
		}
	}
	for name, size := range map[string]int64{"boot.img": bootSize, "root.img": rootSize} {
		if err := os.WriteFile(filepath.Join(work, name), nil, 0o600); err != nil {
			return "", err
		}
		if err := os.Truncate(filepath.Join(work, name), size); err != nil {
			return "", err
		}
	}
	commands := [][]string{
		{"mkfs.vfat", "--invariant", "-F", "16", "-n", "GUEST-BOOT", "-i", bootID, "-h", strconv.Itoa(partitionAlign / sectorSize), "boot.img"},
		{"syslinux", "--install", "boot.img"},
		{"/usr/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-m", "0", "-N", "16384", "-L", rootLabel, "-U", rootUUID,
			"-O", "^resize_inode", "-J", "size=4",
			"-E", "hash_seed=" + rootUUID + ",lazy_itable_init=0,lazy_journal_init=0,nodiscard,root_owner=0:0", "-d", "root", "root.img"},
	}
	commands = append(commands, t.copyBoot(boot)...)
	for _, command := range commands {
		if err := t.run(command...); err != nil {
			return "", err
		}
	}
	mbr, err := content(debian, "usr/lib/syslinux/mbr/mbr.bin")
	if err != nil {
		return "", err
	}
	err = writeDisk(filepath.Join(work, "disk.raw"), mbr, diskSignature, []partition{
		{kind: typeFAT32LBA, active: true, path: filepath.Join(work, "boot.img")},
		{kind: typeLinux, path: filepath.Join(work, "root.img")},
	})
	if err != nil {
		return "", err
	}
	return filepath.Join(work, "disk.qcow2"), t.run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", "disk.raw", "disk.qcow2")
}

// copyBoot gives the commands that copy the boot tree into its partition, in the tree's order.
func (t *diskTools) copyBoot(boot *archive.Tree) [][]string {
	var commands [][]string
	for _, name := range boot.Paths() {
		if boot.Get(name).Size > 0 {
			commands = append(commands, []string{"mcopy", "-i", "boot.img", "boot/" + name, "::/" + name})
		} else {
			commands = append(commands, []string{"mmd", "-i", "boot.img", "::/" + name})
		}
	}
	return commands
}

// content reads a file of a tree.
func content(tree *archive.Tree, name string) ([]byte, error) {
	entry := tree.Get(name)
	if entry == nil {
		return nil, fmt.Errorf("read %s: no package has it", name)
	}
	r, err := entry.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

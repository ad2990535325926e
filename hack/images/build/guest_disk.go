// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"fmt"
	"os"
	"strconv"

	"github.com/virtplane/virtplane/hack/images/archive"
)

// rootLabel is the label of the root file system: init.c in the initramfs looks for it.
const rootLabel = "guest-root"

// diskLayout says how large the two partitions of a guest's disk are, and gives the names that would be random otherwise.
type diskLayout struct {
	bootSize, rootSize int64 // bytes; free room takes none in the image
	inodes             int
	journal            int // MiB
	signature          uint32
	rootUUID           string
	// compress makes the image smaller, for some processor time at each first read of a cluster.
	compress bool
}

// makeDisk makes the disk out of the boot partition's tree and the directory "root" of the tools' working directory, and
// gives its path.
func (g *guestSystem) makeDisk(layout diskLayout) (string, error) {
	g.env.Log("%s: making the disk", g.name)
	boot, err := g.bootTree()
	if err != nil {
		return "", err
	}
	t := g.tools
	if err := t.extract("boot", boot); err != nil {
		return "", err
	}
	for name, size := range map[string]int64{"boot.img": layout.bootSize, "root.img": layout.rootSize} {
		if err := os.WriteFile(t.path(name), nil, 0o600); err != nil {
			return "", err
		}
		if err := os.Truncate(t.path(name), size); err != nil {
			return "", err
		}
	}
	bootID := fmt.Sprintf("%08x", layout.signature)
	commands := [][]string{
		{"mkfs.vfat", "--invariant", "-F", "16", "-n", "GUEST-BOOT", "-i", bootID, "-h", strconv.Itoa(partitionAlign / sectorSize), "boot.img"},
		{"syslinux", "--install", "boot.img"},
		{"/usr/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-m", "0", "-N", strconv.Itoa(layout.inodes), "-L", rootLabel, "-U", layout.rootUUID,
			"-O", "^resize_inode", "-J", "size=" + strconv.Itoa(layout.journal),
			"-E", "hash_seed=" + layout.rootUUID + ",lazy_itable_init=0,lazy_journal_init=0,nodiscard,root_owner=0:0", "-d", "root", "root.img"},
	}
	commands = append(commands, copyBoot(boot)...)
	for _, command := range commands {
		if err := t.run(command...); err != nil {
			return "", err
		}
	}
	mbr, err := content(g.debian, "usr/lib/syslinux/mbr/mbr.bin")
	if err != nil {
		return "", err
	}
	err = writeDisk(t.path("disk.raw"), mbr, layout.signature, []partition{
		{kind: typeFAT32LBA, active: true, path: t.path("boot.img")},
		{kind: typeLinux, path: t.path("root.img")},
	})
	if err != nil {
		return "", err
	}
	convert := []string{"qemu-img", "convert", "-f", "raw", "-O", "qcow2"}
	if layout.compress {
		convert = append(convert, "-c", "-o", "compression_type=zstd")
	}
	return t.path("disk.qcow2"), t.run(append(convert, "disk.raw", "disk.qcow2")...)
}

// copyBoot gives the commands that copy the boot tree into its partition, in the tree's order.
func copyBoot(boot *archive.Tree) [][]string {
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

// containerDisk is the content of an image that holds nothing but a disk.
func containerDisk(disk string) (*archive.Tree, error) {
	const name = "disk/disk.qcow2"
	tree := archive.NewTree()
	tree.Dir("disk", 0o555, launcherUID, launcherUID)
	if err := tree.File(name, 0o444, disk); err != nil {
		return nil, err
	}
	entry := tree.Get(name)
	entry.UID, entry.GID = launcherUID, launcherUID
	return tree, nil
}

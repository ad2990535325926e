// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/virtplane/virtplane/hack/images/archive"
)

// diskTools is a small root file system with the Debian tools that make file systems, so that the
// result does not depend on what is installed on the machine that builds.
type diskTools struct{ root string }

func newDiskTools(debian *archive.Tree, work string) (*diskTools, error) {
	tree := archive.NewTree()
	err := pick(tree, debian, []string{
		"usr/bin/mcopy", "usr/bin/mmd", "usr/bin/mattrib", "usr/bin/mmove", "usr/bin/mdel", "usr/bin/syslinux", "usr/bin/qemu-img", "usr/sbin/mke2fs",
		"usr/sbin/mkfs.fat", "usr/sbin/mkfs.vfat", "etc/mke2fs.conf", "usr/lib64/ld-linux-x86-64.so.2",
		// mtools converts file names through these
		"usr/lib/x86_64-linux-gnu/gconv/IBM850.so", "usr/lib/x86_64-linux-gnu/gconv/gconv-modules", "usr/lib/x86_64-linux-gnu/gconv/gconv-modules.d/*",
	})
	if err != nil {
		return nil, err
	}
	if err := addLibraries(tree, debian); err != nil {
		return nil, err
	}
	if err := addBusybox(tree, debian, "usr/bin", work); err != nil {
		return nil, err
	}
	for _, link := range []string{"bin", "lib", "lib64", "sbin"} {
		tree.Symlink(link, "usr/"+link)
	}
	tree.Dir("tmp", 0o1777, 0, 0)
	tree.Dir("proc", 0o755, 0, 0)
	tree.Dir("work", 0o700, 0, 0)
	tree.Bytes("dev/null", 0o666, nil) // tools redirect to it; what is written is thrown away with the directory
	tools := &diskTools{root: filepath.Join(work, "tools")}
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

// path is where the tools see a file of their working directory.
func (t *diskTools) path(name string) string { return filepath.Join(t.root, "work", name) }

// extract lays a tree out in a directory of the tools' working directory.
func (t *diskTools) extract(name string, tree *archive.Tree) error {
	if err := os.Mkdir(t.path(name), 0o755); err != nil {
		return err
	}
	return tree.Extract(t.path(name))
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

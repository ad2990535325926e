// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// sharedDirs hold the host's programs, which a node uses read-only. On a merged-/usr host all but /usr are links.
var sharedDirs = []string{"usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32"}

// sharedFiles are what those programs need of /etc; the rest of the node's /etc is its own.
var sharedFiles = []string{"alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "nsswitch.conf", "passwd", "group", "protocols", "services", "ssl"}

// ownDirs exist in every node's root.
var ownDirs = []string{"etc", "proc", "sys", "dev", "run", "tmp", "opt", "root", "mnt", "var/lib/kubelet", "var/lib/containerd", "var/log", "var/tmp"}

// enterRoot builds the node's root directory out of directories of its own and read-only parts of the host, and
// makes it the root of this mount namespace. A pod with a hostPath volume sees the node, not the host.
func enterRoot(node *Node) error {
	if err := unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Mount(node.Root, node.Root, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind root: %w", err)
	}
	for _, dir := range ownDirs {
		if err := os.MkdirAll(filepath.Join(node.Root, dir), 0o755); err != nil {
			return err
		}
	}
	if err := os.Symlink("/run", filepath.Join(node.Root, "var/run")); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	for _, dir := range sharedDirs {
		if err := shareDir(node.Root, dir); err != nil {
			return err
		}
	}
	for _, name := range sharedFiles {
		path := filepath.Join("/etc", name)
		if err := bind(path, filepath.Join(node.Root, path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, b := range node.Binds {
		if err := bind(b.Source, filepath.Join(node.Root, b.Target)); err != nil {
			return err
		}
	}
	if err := mountKernel(node.Root); err != nil {
		return err
	}
	return pivot(node.Root)
}

func shareDir(root, dir string) error {
	source, target := filepath.Join("/", dir), filepath.Join(root, dir)
	info, err := os.Lstat(source)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink == 0 {
		return bind(source, target)
	}
	link, err := os.Readlink(source)
	if err != nil {
		return err
	}
	if err := os.Symlink(link, target); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// mountKernel gives the node its own views of processes and network devices, and the host's devices and cgroups.
func mountKernel(root string) error {
	const quiet = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	for _, m := range []struct {
		source, target, kind string
		flags                uintptr
		options              string
	}{
		{"proc", "proc", "proc", quiet, ""},
		{"sysfs", "sys", "sysfs", quiet, ""},
		{"/sys/fs/cgroup", "sys/fs/cgroup", "", unix.MS_BIND | unix.MS_REC, ""},
		{"/dev", "dev", "", unix.MS_BIND | unix.MS_REC, ""},
		{"shm", "dev/shm", "tmpfs", unix.MS_NOSUID | unix.MS_NODEV, "mode=1777"},
		{"run", "run", "tmpfs", unix.MS_NOSUID | unix.MS_NODEV, "mode=755"},
		{"tmp", "tmp", "tmpfs", unix.MS_NOSUID | unix.MS_NODEV, "mode=1777"},
	} {
		if err := unix.Mount(m.source, filepath.Join(root, m.target), m.kind, m.flags, m.options); err != nil {
			return fmt.Errorf("mount /%s: %w", m.target, err)
		}
	}
	return nil
}

// pivot makes root the root directory, drops the host's, and shares the mounts of the node among its containers as
// systemd does on a machine: volumes with mount propagation depend on it.
func pivot(root string) error {
	const old = ".host"
	if err := os.MkdirAll(filepath.Join(root, old), 0o700); err != nil {
		return err
	}
	if err := unix.PivotRoot(root, filepath.Join(root, old)); err != nil {
		return fmt.Errorf("pivot root: %w", err)
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	if err := unix.Unmount("/"+old, unix.MNT_DETACH); err != nil {
		return fmt.Errorf("drop the host's root: %w", err)
	}
	if err := os.Remove("/" + old); err != nil {
		return err
	}
	return unix.Mount("", "/", "", unix.MS_SHARED|unix.MS_REC, "")
}

// bind makes source visible at target, read-only; target is made as a file or a directory to match.
func bind(source, target string) error {
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	if info.IsDir() {
		err = os.MkdirAll(target, 0o755)
	} else if err = os.MkdirAll(filepath.Dir(target), 0o755); err == nil {
		var file *os.File
		if file, err = os.OpenFile(target, os.O_CREATE|os.O_RDONLY, 0o644); err == nil {
			file.Close()
		}
	}
	if err != nil {
		return err
	}
	if err := unix.Mount(source, target, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("bind %s: %w", source, err)
	}
	if err := unix.MountSetattr(unix.AT_FDCWD, target, unix.AT_RECURSIVE, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}); err != nil {
		return fmt.Errorf("make %s read-only: %w", target, err)
	}
	return nil
}

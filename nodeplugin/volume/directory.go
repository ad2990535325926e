// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/virtplane/virtplane/launcher/session"
)

const (
	// directoryMode lets the launcher, which is not root, enter.
	directoryMode = 0o755
	// socketMode lets the launcher connect: on Linux that takes the right to write.
	socketMode = 0o666
	// nextName is the socket before it listens with its final mode.
	nextName = ".next"
)

// Directory is an open session directory.
type Directory struct {
	file *os.File
}

// Create makes the directory of v where it is missing, and opens it.
func Create(l Layout, v Volume) (*Directory, error) {
	parent, err := l.openParent(v.Target)
	if err != nil {
		return nil, err
	}
	defer unix.Close(parent)
	err = unix.Mkdirat(parent, filepath.Base(v.Target), directoryMode)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("make session directory: %w", err)
	}
	d, err := openAt(parent, filepath.Base(v.Target))
	if err != nil {
		return nil, err
	}
	// The process's umask must not keep the launcher out.
	if err := os.Chmod(d.path(""), directoryMode); err != nil {
		d.Close()
		return nil, fmt.Errorf("open session directory to the launcher: %w", err)
	}
	return d, nil
}

// Open opens the directory of v, which exists.
func Open(l Layout, v Volume) (*Directory, error) {
	parent, err := l.openParent(v.Target)
	if err != nil {
		return nil, err
	}
	defer unix.Close(parent)
	return openAt(parent, filepath.Base(v.Target))
}

// Remove takes the directory at target away with all that this package makes in it; it may be
// gone already.
func Remove(l Layout, target string) error {
	parent, err := l.openParent(target)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(parent)
	d, err := openAt(parent, filepath.Base(target))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	for _, name := range []string{session.SocketName, nextName} {
		if err := unix.Unlinkat(d.fd(), name, 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove session socket: %w", err)
		}
	}
	err = unix.Unlinkat(parent, filepath.Base(target), unix.AT_REMOVEDIR)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove session directory: %w", err)
	}
	return nil
}

// Listen makes a new session socket in place of an older one. The launcher sees it only when it
// listens. Closing the listener leaves the file for Remove.
func (d *Directory) Listen() (*net.UnixListener, error) {
	if err := unix.Unlinkat(d.fd(), nextName, 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("remove old session socket: %w", err)
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: d.path(nextName), Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("listen on session socket: %w", err)
	}
	listener.SetUnlinkOnClose(false)
	if err := os.Chmod(d.path(nextName), socketMode); err != nil {
		listener.Close()
		return nil, fmt.Errorf("open session socket to the launcher: %w", err)
	}
	if err := unix.Renameat(d.fd(), nextName, d.fd(), session.SocketName); err != nil {
		listener.Close()
		return nil, fmt.Errorf("publish session socket: %w", err)
	}
	return listener, nil
}

// Close closes the directory; its listeners stay.
func (d *Directory) Close() { d.file.Close() }

func (d *Directory) fd() int { return int(d.file.Fd()) }

// path is a short path to name in the directory, through the open descriptor: the kubelet's
// paths are longer than the 107 bytes that a socket's address can hold.
func (d *Directory) path(name string) string {
	return filepath.Join("/proc/self/fd", fmt.Sprint(d.fd()), name)
}

// openParent opens the directory above target without following a link on the way.
func (l Layout) openParent(target string) (int, error) {
	if err := l.CheckTarget(target, ""); err != nil {
		return -1, err
	}
	root, err := unix.Open(l.Kubelet, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("open kubelet directory: %w", err)
	}
	defer unix.Close(root)
	relative := strings.TrimPrefix(filepath.Dir(target), l.Kubelet+"/")
	fd, err := unix.Openat2(root, relative, &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
	})
	if err != nil {
		return -1, fmt.Errorf("open directory of the volume: %w", err)
	}
	return fd, nil
}

func openAt(parent int, name string) (*Directory, error) {
	fd, err := unix.Openat(parent, name, unix.O_DIRECTORY|unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open session directory: %w", err)
	}
	return &Directory{file: os.NewFile(uintptr(fd), name)}, nil
}

// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package registration

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
	"google.golang.org/grpc"
	"k8s.io/klog/v2"
)

const (
	// recheck finds a socket that vanished together with its directory, of which no event tells.
	recheck = 10 * time.Second
	// stopTimeout is how long calls may take to end when the process stops.
	stopTimeout = 3 * time.Second
	// maxPath is the longest path in bytes that a socket's address can hold on Linux (unix(7)).
	maxPath = 107
	// maxMessage caps a gRPC message in bytes; the kubelet's are a few KiB.
	maxMessage = 1 << 20
)

// serve answers gRPC calls on a unix socket at path until ctx ends, and makes the socket again
// when somebody removes it. It closes ready once the first socket listens.
func serve(ctx context.Context, path string, services func(grpc.ServiceRegistrar), ready chan<- struct{}) error {
	logger := klog.FromContext(ctx)
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage))
	services(server)
	defer stop(server)
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch directory of %s: %w", path, err)
	}
	defer watcher.Close()
	tick := time.NewTicker(recheck)
	defer tick.Stop()

	failed := make(chan error, 1)
	var current *socket
	for {
		if !current.present() {
			if current != nil {
				logger.Info("Socket was removed, listening again", "socket", path)
				current.listener.Close()
			}
			if current, err = listen(path); err != nil {
				return err
			}
			// Watching the directory twice is harmless; it may be a new one.
			if err := watcher.Add(filepath.Dir(path)); err != nil {
				return fmt.Errorf("watch directory of %s: %w", path, err)
			}
			go func(l net.Listener) {
				// A listener that was closed above ends its Serve without harm to the others.
				if err := server.Serve(l); err != nil && !errors.Is(err, net.ErrClosed) && !errors.Is(err, grpc.ErrServerStopped) {
					select {
					case failed <- fmt.Errorf("serve %s: %w", path, err):
					default:
					}
				}
			}(current.listener)
			if ready != nil {
				close(ready)
				ready = nil
			}
			continue // the socket may have gone before the watch began
		}
		select {
		case <-ctx.Done():
			current.remove()
			return nil
		case err := <-failed:
			return err
		case <-watcher.Events:
		case <-watcher.Errors:
		case <-tick.C:
		}
	}
}

func stop(server *grpc.Server) {
	timer := time.AfterFunc(stopTimeout, server.Stop)
	defer timer.Stop()
	server.GracefulStop()
}

// socket is a listening socket and the file that it had when it was made.
type socket struct {
	path     string
	listener *net.UnixListener
	file     os.FileInfo
}

func listen(path string) (*socket, error) {
	if len(path) > maxPath {
		return nil, fmt.Errorf("listen on %s: the path has more than the %d bytes that a socket's address can hold; choose a shorter kubelet directory", path, maxPath)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("make directory of %s: %w", path, err)
	}
	// A process that was killed leaves its socket behind.
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("remove old socket: %w", err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	// By the time a listener closes the path may belong to another one.
	l.SetUnlinkOnClose(false)
	if err := os.Chmod(path, 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.Close()
		return nil, fmt.Errorf("restrict %s: %w", path, err)
	}
	info, err := os.Lstat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.Close()
		return nil, fmt.Errorf("stat %s: %w", path, err)
	}
	return &socket{path: path, listener: l, file: info}, nil
}

// present tells whether the socket's file is still the one that was made.
func (s *socket) present() bool {
	if s == nil || s.file == nil {
		return false
	}
	now, err := os.Lstat(s.path)
	return err == nil && os.SameFile(now, s.file) && sameBirth(now, s.file)
}

// sameBirth tells a file from a new one with the same inode number: filesystems reuse numbers.
func sameBirth(a, b os.FileInfo) bool {
	x, ok := a.Sys().(*syscall.Stat_t)
	y, ok2 := b.Sys().(*syscall.Stat_t)
	return ok && ok2 && x.Ctim == y.Ctim
}

// remove takes the socket away, so that the kubelet forgets a plugin that was uninstalled.
func (s *socket) remove() {
	if s.present() {
		os.Remove(s.path)
	}
	s.listener.Close()
}

// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package network

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Sysctls reads and writes /proc/sys/net of the network namespace that the calling thread is in.
//
// A container without privilege sees /proc/sys read-only. What is read-only is that mount, not the
// kernel: CAP_SYS_ADMIN makes a new instance of procfs, which is attached to no directory and so
// changes nothing for anybody else, and CAP_NET_ADMIN over the pod's network namespace is what
// the kernel asks for when its settings are written. Below sys/net, the kernel looks names up in
// the namespace of the thread that opens them.
type Sysctls struct {
	net *os.File
}

// OpenSysctls returns the Sysctls of this kernel.
func OpenSysctls() (*Sysctls, error) {
	context, err := unix.Fsopen("proc", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("open procfs: %w", err)
	}
	defer unix.Close(context)
	if err := unix.FsconfigCreate(context); err != nil {
		return nil, fmt.Errorf("create procfs: %w", err)
	}
	mount, err := unix.Fsmount(context, unix.FSMOUNT_CLOEXEC, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOEXEC)
	if err != nil {
		return nil, fmt.Errorf("mount procfs: %w", err)
	}
	defer unix.Close(mount)
	fd, err := unix.Openat(mount, "sys/net", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open sys/net: %w", err)
	}
	return &Sysctls{net: os.NewFile(uintptr(fd), "sys/net")}, nil
}

// Get returns the setting at name, such as ipv4/ip_forward.
func (s *Sysctls) Get(name string) (string, error) {
	f, err := s.open(name, unix.O_RDONLY)
	if err != nil {
		return "", err
	}
	defer f.Close()
	value := make([]byte, 64)
	n, err := f.Read(value)
	if err != nil {
		return "", fmt.Errorf("read sysctl %s: %w", name, err)
	}
	return strings.TrimSpace(string(value[:n])), nil
}

// Set writes the setting at name where it is not value yet.
func (s *Sysctls) Set(name, value string) error {
	if now, err := s.Get(name); err != nil || now == value {
		return err
	}
	f, err := s.open(name, unix.O_WRONLY)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("set sysctl %s: %w", name, err)
	}
	return nil
}

// SetIfPresent is Set for a setting that some kernels lack.
func (s *Sysctls) SetIfPresent(name, value string) error {
	if err := s.Set(name, value); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func (s *Sysctls) open(name string, flags int) (*os.File, error) {
	if !filepath.IsLocal(name) {
		return nil, fmt.Errorf("open sysctl %s: not a local name", name)
	}
	fd, err := unix.Openat(int(s.net.Fd()), name, flags|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, fmt.Errorf("open sysctl %s: %w", name, err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

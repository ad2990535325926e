// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package libvirtd runs the libvirt daemon of one launcher: it lays out its directories, starts it
// and starts it again when it dies. QEMU outlives the daemon, which finds it again.
package libvirtd

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/virtplane/virtplane/launcher/capcache"
)

const (
	daemonPath = "/usr/sbin/libvirtd"
	// Templates is where the image keeps the daemon's configuration and QEMU's capabilities.
	Templates = "/usr/share/virtplane/libvirt"
)

// Layout is where the daemon keeps its things. The directories are those that it and virsh would
// choose for a user whose home is Home, so that `kubectl exec POD -- virsh list` finds the daemon.
type Layout struct {
	Home string
}

func (l Layout) config() string { return filepath.Join(l.Home, ".config") }
func (l Layout) cache() string  { return filepath.Join(l.Home, ".cache") }

// Socket is where the daemon listens.
func (l Layout) Socket() string { return filepath.Join(l.cache(), "libvirt", "libvirt-sock") }

// PIDFile holds the process ID of the domain's QEMU while it runs.
func (l Layout) PIDFile(domain string) string {
	return filepath.Join(l.cache(), "libvirt", "qemu", "run", domain+".pid")
}

// LogFile holds what the domain's QEMU said.
func (l Layout) LogFile(domain string) string {
	return filepath.Join(l.cache(), "libvirt", "qemu", "log", domain+".log")
}

// Environment is the daemon's. One malloc arena is enough for one client and one domain.
func (l Layout) Environment() []string {
	return []string{
		"PATH=/usr/sbin:/usr/bin",
		"LC_ALL=C",
		"HOME=" + l.Home,
		"XDG_CONFIG_HOME=" + l.config(),
		"XDG_CACHE_HOME=" + l.cache(),
		"XDG_RUNTIME_DIR=" + l.cache(),
		"MALLOC_ARENA_MAX=1",
		"MALLOC_TRIM_THRESHOLD_=65536",
	}
}

// Prepare makes the daemon's directories and installs its configuration from templates. The
// capability cache only saves time: without it Prepare gives an error that need not stop anybody.
func (l Layout) Prepare(templates string) (cacheError, err error) {
	config := filepath.Join(l.config(), "libvirt")
	for _, dir := range []string{config, filepath.Join(l.cache(), "libvirt")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("prepare libvirtd: %w", err)
		}
	}
	for _, name := range []string{"libvirtd.conf", "qemu.conf"} {
		content, err := os.ReadFile(filepath.Join(templates, name))
		if err != nil {
			return nil, fmt.Errorf("prepare libvirtd: %w", err)
		}
		if err := os.WriteFile(filepath.Join(config, name), content, 0o600); err != nil {
			return nil, fmt.Errorf("prepare libvirtd: %w", err)
		}
	}
	return capcache.Install(filepath.Join(templates, "capabilities"), l.cache()), nil
}

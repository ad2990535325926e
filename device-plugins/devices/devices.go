// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package devices holds the devices of a node that launchers ask for: kvm, tun and vhost-net, and
// how to tell whether a guest can use them.
package devices

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/device-plugins/plugin"
)

// units is how many launchers of a node may use a device: more than the pods that a node can hold.
const units = 1000

// Host is where the host's files are seen.
type Host struct {
	// Dev is the host's /dev.
	Dev string
	// Proc is a /proc; the files that are read are the same in every PID namespace.
	Proc string
}

// All returns the devices of h.
func All(h Host) []plugin.Device {
	return []plugin.Device{
		{Resource: v1.KVMResource, Path: "/dev/kvm", Units: units, Probe: h.probeKVM},
		{Resource: v1.TunResource, Path: "/dev/net/tun", Units: units, Probe: h.probeTun},
		{Resource: v1.VhostNetResource, Path: "/dev/vhost-net", Units: units, Probe: h.probeVhostNet},
	}
}

// errNotOpened says that a container without the device in its device cgroup may see it but not
// open it. Whoever is given the device can.
var errNotOpened = errors.New("not permitted to open")

// open opens the character device name, which also loads the module behind it where the kernel
// does that. It returns errNotOpened where this process is kept from looking.
func (h Host) open(name string, major, minor uint32) (*os.File, error) {
	path := filepath.Join(h.Dev, name)
	var stat unix.Stat_t
	if err := unix.Stat(path, &stat); err != nil {
		return nil, fmt.Errorf("find /dev/%s: %w", name, err)
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFCHR || unix.Major(stat.Rdev) != major || unix.Minor(stat.Rdev) != minor {
		return nil, fmt.Errorf("/dev/%s is not the character device %d:%d", name, major, minor)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return nil, errNotOpened
	case err != nil:
		return nil, fmt.Errorf("open /dev/%s: %w", name, err)
	}
	return f, nil
}

// registered tells whether a driver stands behind the misc device name. The file in /dev alone
// does not say so: systemd makes it for modules that are merely installed.
func (h Host) registered(name string) bool {
	raw, err := os.ReadFile(filepath.Join(h.Proc, "misc"))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(raw)) {
		if fields := strings.Fields(line); len(fields) == 2 && fields[1] == name {
			return true
		}
	}
	return false
}

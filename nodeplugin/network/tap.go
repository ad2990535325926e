// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package network

import (
	"fmt"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// ensureTap makes the tap device that QEMU opens as its owner. It stays when this process ends:
// it belongs to the pod's namespace and goes with it.
func (p *Plumber) ensureTap(handle *netlink.Handle, wanted *plan) (netlink.Link, error) {
	link, err := findLink(handle, tapName, "tuntap")
	if err != nil {
		return nil, err
	}
	if link == nil {
		if err := p.makeTap(wanted.queues > 1); err != nil {
			return nil, err
		}
		if link, err = findLink(handle, tapName, "tuntap"); err != nil {
			return nil, err
		}
	}
	tap, ok := link.(*netlink.Tuntap)
	if !ok || tap.Mode != netlink.TUNTAP_MODE_TAP || tap.Owner != v1.RuntimeUID || tap.Group != v1.RuntimeUID {
		return nil, fmt.Errorf("get %s: it is not a tap device of user and group %d", tapName, v1.RuntimeUID)
	}
	if tap.Flags&netlink.TUNTAP_MULTI_QUEUE == 0 {
		wanted.queues = 1 // a device of an older version, in use
	}
	return link, nil
}

// makeTap makes the device through the tun driver, which puts it into the namespace of the thread
// that opens it.
func (p *Plumber) makeTap(queues bool) error {
	fd, err := unix.Open(p.TunDevice, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open %s: %w", p.TunDevice, err)
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq(tapName)
	if err != nil {
		return fmt.Errorf("make %s: %w", tapName, err)
	}
	// The header tells QEMU of checksums and segments that are left to the other side.
	flags := uint16(unix.IFF_TAP | unix.IFF_NO_PI | unix.IFF_VNET_HDR)
	if queues {
		flags |= unix.IFF_MULTI_QUEUE
	}
	request.SetUint16(flags)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		return fmt.Errorf("make %s: %w", tapName, err)
	}
	for _, step := range []struct {
		request uint
		value   int
	}{
		{unix.TUNSETOWNER, v1.RuntimeUID},
		{unix.TUNSETGROUP, v1.RuntimeUID},
		{unix.TUNSETPERSIST, 1},
	} {
		if err := unix.IoctlSetInt(fd, step.request, step.value); err != nil {
			return fmt.Errorf("hand %s to user %d: %w", tapName, v1.RuntimeUID, err)
		}
	}
	return nil
}

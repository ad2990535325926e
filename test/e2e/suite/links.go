// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"errors"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

// Links are the network links of a pod.
type Links struct {
	// Names are those of all links.
	Names []string
	// Peer is the index that the other end of eth0 has in the node.
	Peer int
}

// Links lists the network links that a process sees.
func (n Node) Links(pid int) Links {
	n.Helper()
	handle := n.netlink(pid)
	defer handle.Close()
	all, err := handle.LinkList()
	Need(n, err, "list links")
	var links Links
	for _, link := range all {
		links.Names = append(links.Names, link.Attrs().Name)
		if link.Attrs().Name == "eth0" {
			links.Peer = link.Attrs().ParentIndex
		}
	}
	return links
}

// HasLink tells whether the node itself has a link with that index.
func (n Node) HasLink(index int) bool {
	n.Helper()
	handle := n.netlink(n.PID("init"))
	defer handle.Close()
	_, err := handle.LinkByIndex(index)
	if err != nil && !errors.As(err, &netlink.LinkNotFoundError{}) {
		n.Fatalf("look for link %d of %s: %v", index, n.ID, err)
	}
	return err == nil
}

func (n Node) netlink(pid int) *netlink.Handle {
	n.Helper()
	namespace, err := netns.GetFromPid(pid)
	Need(n, err, "open network namespace")
	defer namespace.Close()
	handle, err := netlink.NewHandleAt(namespace)
	Need(n, err, "open netlink socket")
	return handle
}

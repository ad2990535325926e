// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package network connects guests with their pods' networks: it finds out which network namespace
// a launcher lives in and makes bridge, tap and address translation there. It decides nothing
// about who may be connected.
package network

import (
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Namespace is the network namespace of a launcher.
type Namespace struct {
	file *os.File
	id   ID
}

// ID tells network namespaces apart while they exist.
type ID struct {
	device, inode uint64
}

// ID returns the namespace's identity.
func (n *Namespace) ID() ID { return n.id }

// Close lets the namespace go.
func (n *Namespace) Close() { n.file.Close() }

// Guard knows the network namespaces that are not a launcher's.
type Guard struct {
	own ID
	// node is the number that the kernel gave the node's namespace, as seen from the own one; -1
	// when there is none.
	node    int
	sysctls *Sysctls
}

// NewGuard returns the Guard of this process.
func NewGuard(sysctls *Sysctls) (*Guard, error) {
	own, err := os.Open("/proc/self/ns/net")
	if err != nil {
		return nil, fmt.Errorf("open own network namespace: %w", err)
	}
	defer own.Close()
	g := &Guard{node: -1, sysctls: sysctls}
	if g.own, err = identify(own); err != nil {
		return nil, fmt.Errorf("identify own network namespace: %w", err)
	}
	// The other end of a pod's interface (veth, macvlan, ipvlan) is in the node's namespace.
	link, err := netlink.LinkByName(podInterface)
	var notFound netlink.LinkNotFoundError
	switch {
	case errors.As(err, &notFound):
	case err != nil:
		return nil, fmt.Errorf("get own network interface: %w", err)
	default:
		g.node = link.Attrs().NetNsID
	}
	return g, nil
}

// Of returns the network namespace of the peer of conn. The kernel gives a connected unix socket
// the namespace in which its peer made the other end, so that it needs no trust in the peer, and
// no sight of its process; passed, the descriptor that the peer says is its namespace, has to
// agree. The namespaces of this process and of the node are refused.
func (g *Guard) Of(conn *net.UnixConn, passed *os.File) (*Namespace, error) {
	attested, err := peerNamespace(conn)
	if err != nil {
		return nil, err
	}
	ns, err := g.check(attested, passed)
	if err != nil {
		attested.Close()
		return nil, err
	}
	return ns, nil
}

func (g *Guard) check(attested, passed *os.File) (*Namespace, error) {
	id, err := identify(attested)
	if err != nil {
		return nil, fmt.Errorf("identify the launcher's network namespace: %w", err)
	}
	claimed, err := identify(passed)
	if err != nil {
		return nil, fmt.Errorf("passed descriptor: %w", err)
	}
	if claimed != id {
		return nil, errors.New("passed descriptor: not the network namespace of the launcher")
	}
	if id == g.own {
		return nil, errors.New("the launcher is in the node plugin's network namespace")
	}
	// The kernel numbers the namespaces that the own one knows of; it has a number for the node's.
	number, err := netlink.GetNetNsIdByFd(int(attested.Fd()))
	if err != nil {
		return nil, fmt.Errorf("look up the launcher's network namespace: %w", err)
	}
	if number >= 0 && number == g.node {
		return nil, errors.New("the launcher is in the node's network namespace")
	}
	ns := &Namespace{file: attested, id: id}
	initial, err := ns.initial(g.sysctls)
	if err != nil {
		return nil, err
	}
	if initial {
		return nil, errors.New("the launcher is in the host's network namespace")
	}
	return ns, nil
}

// initial tells whether the namespace is the first one of the kernel, which alone has the settings
// of the whole network stack.
func (n *Namespace) initial(sysctls *Sysctls) (bool, error) {
	initial := false
	err := n.Do(func() error {
		_, err := sysctls.Get("core/netdev_budget")
		initial = err == nil
		return nil
	})
	return initial, err
}

// peerNamespace returns the network namespace in which the peer made its end of conn.
func peerNamespace(conn *net.UnixConn) (*os.File, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("get the launcher's network namespace: %w", err)
	}
	fd, ioctlErr := -1, error(nil)
	err = raw.Control(func(sock uintptr) {
		fd, ioctlErr = unix.IoctlRetInt(int(sock), unix.SIOCGSKNS)
	})
	if err = errors.Join(err, ioctlErr); err != nil {
		return nil, fmt.Errorf("get the launcher's network namespace: %w", err)
	}
	return os.NewFile(uintptr(fd), "netns"), nil
}

// identify returns the identity of f, which has to be a network namespace.
func identify(f *os.File) (ID, error) {
	fd := int(f.Fd())
	var fs unix.Statfs_t
	if err := unix.Fstatfs(fd, &fs); err != nil {
		return ID{}, fmt.Errorf("stat filesystem: %w", err)
	}
	if fs.Type != unix.NSFS_MAGIC {
		return ID{}, errors.New("not a namespace")
	}
	kind, err := unix.IoctlRetInt(fd, unix.NS_GET_NSTYPE)
	if err != nil {
		return ID{}, fmt.Errorf("get namespace type: %w", err)
	}
	if kind != unix.CLONE_NEWNET {
		return ID{}, errors.New("not a network namespace")
	}
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return ID{}, fmt.Errorf("stat namespace: %w", err)
	}
	return ID{device: stat.Dev, inode: stat.Ino}, nil
}

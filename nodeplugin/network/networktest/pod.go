// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package networktest makes network namespaces that look like a pod's, for tests as root.
package networktest

import (
	"os"
	"runtime"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Pod is a network namespace with an interface eth0.
type Pod struct {
	// File is the namespace.
	File *os.File
}

// NewPod makes a pod's namespace, whose eth0 has the addresses, in CIDR form. It ends with the test.
func NewPod(t testing.TB, addresses ...string) *Pod {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	p := &Pod{}
	err := onThread(func() (err error) {
		if err = unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return err
		}
		if p.File, err = os.Open("/proc/thread-self/ns/net"); err != nil {
			return err
		}
		return addInterface(addresses)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.File.Close() })
	return p
}

// Do runs fn on a thread inside the namespace.
func (p *Pod) Do(t testing.TB, fn func() error) {
	t.Helper()
	err := onThread(func() error {
		if err := unix.Setns(int(p.File.Fd()), unix.CLONE_NEWNET); err != nil {
			return err
		}
		return fn()
	})
	if err != nil {
		t.Fatal(err)
	}
}

func addInterface(addresses []string) error {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = "eth0"
	veth := &netlink.Veth{LinkAttrs: attrs, PeerName: "far"}
	if err := netlink.LinkAdd(veth); err != nil {
		return err
	}
	for _, text := range addresses {
		address, err := netlink.ParseAddr(text)
		if err != nil {
			return err
		}
		if address.IP.To4() == nil {
			address.Flags = unix.IFA_F_NODAD
		}
		if err := netlink.AddrAdd(veth, address); err != nil {
			return err
		}
	}
	return netlink.LinkSetUp(veth)
}

// onThread runs fn on a thread that ends with it. The main thread cannot end and stands for the process in
// /proc/self, so it is not used.
func onThread(fn func() error) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			defer runtime.UnlockOSThread()
			result <- onThread(fn) // cannot run on this thread while it is locked
			return
		}
		result <- fn()
	}()
	return <-result
}

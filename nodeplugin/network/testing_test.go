// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package network

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const (
	podIPv4  = "192.0.2.10"
	podIPv6  = "2001:db8::10"
	peerIPv4 = "192.0.2.1"
	peerIPv6 = "2001:db8::1"
	podMTU   = 1450
)

func needRoot(t testing.TB) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
}

// newNamespace makes an empty network namespace that ends with the test.
func newNamespace(t testing.TB) *Namespace {
	t.Helper()
	needRoot(t)
	type result struct {
		file *os.File
		err  error
	}
	made := make(chan result, 1)
	go onOwnThread(func() {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			made <- result{err: err}
			return
		}
		f, err := os.Open("/proc/thread-self/ns/net")
		made <- result{f, err}
	})
	r := <-made
	if r.err != nil {
		t.Fatal(r.err)
	}
	id, err := identify(r.file)
	if err != nil {
		t.Fatal(err)
	}
	ns := &Namespace{file: r.file, id: id}
	t.Cleanup(ns.Close)
	within(t, ns, func(h *netlink.Handle) error {
		// Waiting for duplicates that cannot be costs two seconds for each interface.
		if err := os.WriteFile("/proc/sys/net/ipv6/conf/default/accept_dad", []byte("0"), 0); err != nil {
			return err
		}
		return setUp(h, "lo")
	})
	return ns
}

func within(t testing.TB, ns *Namespace, fn func(*netlink.Handle) error) {
	t.Helper()
	err := ns.Do(func() error {
		h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
		if err != nil {
			return err
		}
		defer h.Close()
		return fn(h)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func setUp(h *netlink.Handle, name string, addresses ...string) error {
	link, err := h.LinkByName(name)
	if err != nil {
		return err
	}
	for _, text := range addresses {
		a, err := netlink.ParseAddr(text)
		if err != nil {
			return err
		}
		if a.IP.To4() == nil {
			a.Flags = unix.IFA_F_NODAD
		}
		if err := h.AddrAdd(link, a); err != nil {
			return err
		}
	}
	return h.LinkSetUp(link)
}

// wire connects two namespaces by a pair of interfaces.
func wire(t testing.TB, a *Namespace, aName string, b *Namespace, bName string) {
	t.Helper()
	within(t, a, func(h *netlink.Handle) error {
		attrs := netlink.NewLinkAttrs()
		attrs.Name, attrs.MTU = aName, podMTU
		return h.LinkAdd(&netlink.Veth{
			LinkAttrs: attrs, PeerName: bName, PeerMTU: podMTU, PeerNamespace: netlink.NsFd(int(b.file.Fd())),
		})
	})
}

// testPod is a pod with a neighbour, and a stand-in for its guest.
type testPod struct {
	peer, pod, guest *Namespace
	plumber          *Plumber
}

func newTestPod(t testing.TB, addresses ...string) *testPod {
	t.Helper()
	p := &testPod{peer: newNamespace(t), pod: newNamespace(t), guest: newNamespace(t)}
	wire(t, p.peer, "eth0", p.pod, "eth0")
	within(t, p.peer, func(h *netlink.Handle) error { return setUp(h, "eth0", peerIPv4+"/24", peerIPv6+"/64") })
	within(t, p.pod, func(h *netlink.Handle) error { return setUp(h, "eth0", addresses...) })
	settle(t, p.pod, "eth0")
	sysctls, err := OpenSysctls()
	if err != nil {
		t.Fatal(err)
	}
	p.plumber = &Plumber{Sysctls: sysctls, TunDevice: "/dev/net/tun"}
	return p
}

// plugGuest connects the stand-in with the in-pod bridge, as QEMU does through the tap.
func (p *testPod) plugGuest(t testing.TB, r *Result) {
	t.Helper()
	iface := r.Interfaces[0]
	wire(t, p.pod, "guest", p.guest, "eth0")
	within(t, p.pod, func(h *netlink.Handle) error {
		bridge, err := h.LinkByName(iface.Bridge)
		if err != nil {
			return err
		}
		port, err := h.LinkByName("guest")
		if err != nil {
			return err
		}
		if err := h.LinkSetMaster(port, bridge); err != nil {
			return err
		}
		return h.LinkSetUp(port)
	})
	within(t, p.guest, func(h *netlink.Handle) error {
		addresses := []string{iface.Address}
		if iface.AddressV6 != "" {
			addresses = append(addresses, iface.AddressV6)
		}
		if err := setUp(h, "eth0", addresses...); err != nil {
			return err
		}
		for _, gateway := range []string{iface.Gateway, iface.GatewayV6} {
			if gateway == "" {
				continue
			}
			if err := h.RouteAdd(&netlink.Route{Gw: net.ParseIP(gateway)}); err != nil {
				return err
			}
		}
		return nil
	})
}

// settle waits until the interface has its carrier and its link-local address.
func settle(t testing.TB, ns *Namespace, name string) {
	t.Helper()
	within(t, ns, func(h *netlink.Handle) error {
		for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
			link, err := h.LinkByName(name)
			if err != nil {
				return err
			}
			list, err := h.AddrList(link, netlink.FAMILY_V6)
			if err != nil {
				return err
			}
			ready := link.Attrs().OperState == netlink.OperUp
			for _, a := range list {
				ready = ready && a.Flags&unix.IFA_F_TENTATIVE == 0
			}
			if ready && len(list) > 0 {
				return nil
			}
			time.Sleep(5 * time.Millisecond)
		}
		return errors.New(name + " does not come up")
	})
}

// serveName answers each connection in ns to address with the client's address.
func serveName(t testing.TB, ns *Namespace, address string) {
	t.Helper()
	var l net.Listener
	err := ns.Do(func() (err error) {
		l, err = net.Listen("tcp", address)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			host, _, _ := net.SplitHostPort(c.RemoteAddr().String())
			io.WriteString(c, host)
			c.Close()
		}
	}()
}

const (
	// answered is long enough for a lost first packet to be sent again.
	answered = 5 * time.Second
	// silent is how long a test waits for an answer that must not come.
	silent = 1200 * time.Millisecond
)

// ask dials address from ns and returns what it hears.
func ask(ns *Namespace, address, source string, timeout time.Duration) (string, error) {
	var c net.Conn
	err := ns.Do(func() (err error) {
		dialer := net.Dialer{Timeout: timeout}
		if source != "" {
			dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(source)}
		}
		c, err = dialer.Dial("tcp", address)
		return err
	})
	if err != nil {
		return "", err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(2 * time.Second))
	heard, err := io.ReadAll(c)
	return string(heard), err
}

func masqueraded(ports ...v1.Port) *v1.VirtualMachineInstance {
	vmi := &v1.VirtualMachineInstance{}
	vmi.Namespace, vmi.Name = "tenant", "demo"
	vmi.Spec.Domain.Devices.Interfaces = []v1.Interface{{
		Name: "default", Ports: ports,
		InterfaceBindingMethod: v1.InterfaceBindingMethod{Masquerade: &v1.InterfaceMasquerade{}},
	}}
	vmi.Spec.Networks = []v1.Network{{Name: "default", NetworkSource: v1.NetworkSource{Pod: &v1.PodNetwork{}}}}
	return vmi
}

// socketPair returns the plugin's end of a connection that was dialled from ns.
func socketPair(t testing.TB, ns *Namespace) *net.UnixConn {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dial := func() error {
		c, err := net.Dial("unix", path)
		if err == nil {
			t.Cleanup(func() { c.Close() })
		}
		return err
	}
	if ns == nil {
		err = dial()
	} else {
		err = ns.Do(dial)
	}
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := l.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { accepted.Close() })
	return accepted
}

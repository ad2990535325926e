// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package network

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

func newGuard(t *testing.T) *Guard {
	t.Helper()
	needRoot(t)
	sysctls, err := OpenSysctls()
	if err != nil {
		t.Fatal(err)
	}
	g, err := NewGuard(sysctls)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func openFile(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestNamespaceIsThatOfThePeer(t *testing.T) {
	g, pod := newGuard(t), newNamespace(t)
	ns, err := g.Of(socketPair(t, pod), pod.file)
	if err != nil {
		t.Fatal(err)
	}
	defer ns.Close()
	if ns.ID() != pod.ID() {
		t.Fatalf("got %v, want %v", ns.ID(), pod.ID())
	}
}

func TestForeignDescriptorsAreRefused(t *testing.T) {
	g, pod, other := newGuard(t), newNamespace(t), newNamespace(t)
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, passed := range map[string]*os.File{
		"another pod's namespace": other.file,
		"the host's namespace":    openFile(t, "/proc/self/ns/net"),
		"a mount namespace":       openFile(t, "/proc/self/ns/mnt"),
		"a fifo":                  openFile(t, fifo),
		"a directory":             openFile(t, "/"),
		"a file of procfs":        openFile(t, "/proc/self/status"),
	} {
		t.Run(name, func(t *testing.T) {
			ns, err := g.Of(socketPair(t, pod), passed)
			if err == nil {
				ns.Close()
				t.Fatal("accepted")
			}
			if !strings.HasPrefix(err.Error(), "passed descriptor") {
				t.Fatalf("refused for another reason: %v", err)
			}
		})
	}
}

// TestPrivilegedNamespacesAreRefused has peers that really are where no launcher may be, and say so.
func TestPrivilegedNamespacesAreRefused(t *testing.T) {
	g := newGuard(t)
	own := openFile(t, "/proc/self/ns/net")
	if _, err := g.Of(socketPair(t, nil), own); err == nil || !strings.Contains(err.Error(), "plugin's") {
		t.Errorf("own namespace: %v", err)
	}
	// A plugin in a pod of its own, on a node that is the host itself.
	elsewhere := &Guard{node: -1, sysctls: g.sysctls}
	if _, err := elsewhere.Of(socketPair(t, nil), own); err == nil || !strings.Contains(err.Error(), "host's") {
		t.Errorf("host's namespace: %v", err)
	}
	// A plugin in a pod on a node that is a namespace itself.
	node, plugin := newNamespace(t), newNamespace(t)
	wire(t, node, "veth0", plugin, podInterface)
	within(t, plugin, func(*netlink.Handle) error {
		inPod, err := NewGuard(g.sysctls)
		if err != nil {
			return err
		}
		inPod.own = plugin.ID() // /proc/self is not this thread's
		ns, err := inPod.check(dup(t, node.file), node.file)
		if err == nil || !strings.Contains(err.Error(), "node's") {
			t.Errorf("node's namespace: %v, %v", ns, err)
		}
		pod := newNamespace(t)
		ns, err = inPod.check(dup(t, pod.file), pod.file)
		if err != nil {
			t.Errorf("pod's namespace: %v", err)
			return nil
		}
		ns.Close()
		return nil
	})
}

func dup(t *testing.T, f *os.File) *os.File {
	t.Helper()
	fd, err := unix.Dup(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), f.Name())
}

func TestThreadsDoNotStayInTheNamespace(t *testing.T) {
	pod := newNamespace(t)
	want := ID{}
	if f := openFile(t, "/proc/self/ns/net"); true {
		want, _ = identify(f)
	}
	for range 20 {
		if err := pod.Do(func() error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	// The runtime ends the threads a moment after the goroutines that were locked to them.
	strays := threadsOutside(t, want)
	for deadline := time.Now().Add(5 * time.Second); len(strays) > 0 && time.Now().Before(deadline); strays = threadsOutside(t, want) {
		runtime.Gosched()
	}
	for _, path := range strays {
		t.Errorf("%s is still in a pod's namespace", path)
	}
}

// threadsOutside returns the threads of this process whose network namespace is not home.
func threadsOutside(t *testing.T, home ID) []string {
	t.Helper()
	tasks, err := filepath.Glob("/proc/self/task/*/ns/net")
	if err != nil || len(tasks) == 0 {
		t.Fatal(err)
	}
	var outside []string
	for _, path := range tasks {
		f, err := os.Open(path)
		if err != nil {
			continue // a thread that is ending
		}
		if id, err := identify(f); err == nil && id != home {
			outside = append(outside, path)
		}
		f.Close()
	}
	return outside
}

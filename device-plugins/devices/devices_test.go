// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package devices

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

var realHost = Host{Dev: "/dev", Proc: "/proc"}

// TestKVMIsUsableOnlyWithCPUSupport holds on every machine: the probe never says yes on a CPU
// without virtualization, whatever /dev/kvm can do.
func TestKVMIsUsableOnlyWithCPUSupport(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("x86 only")
	}
	err := realHost.probeKVM(t.Context())
	if cpu := realHost.virtualization(); cpu != nil && err == nil {
		t.Fatalf("usable, although %v", cpu)
	}
	t.Logf("probe: %v", err)
}

// TestGuestRunsWhereKVMDoes shows that the test guest is a right program: any KVM runs it.
func TestGuestRunsWhereKVMDoes(t *testing.T) {
	f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	if err := runGuest(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// TestAHangingGuestIsAProblem runs a guest that never halts.
func TestAHangingGuestIsAProblem(t *testing.T) {
	f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	old := guestProgram
	guestProgram = []byte{0xeb, 0xfe} // jmp to itself
	defer func() { guestProgram = old }()
	ctx, cancel := context.WithTimeout(t.Context(), guestTimeout/8)
	defer cancel()
	if err := runGuest(ctx, f); err == nil || !strings.Contains(err.Error(), "hangs") {
		t.Fatalf("got %v", err)
	}
}

func TestCPUFlags(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("x86 only")
	}
	for flags, usable := range map[string]bool{
		"fpu vmx sse2":      true,
		"fpu svm":           true,
		"fpu vmx_ept hyper": false,
		"fpu hypervisor lm": false,
		"":                  false,
	} {
		dir := t.TempDir()
		text := "processor\t: 0\nvmx flags\t: vnmi svm vmx\nflags\t\t: " + flags + "\n"
		if err := os.WriteFile(filepath.Join(dir, "cpuinfo"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := (Host{Proc: dir}).virtualization(); (err == nil) != usable {
			t.Errorf("flags %q: got %v, want usable %v", flags, err, usable)
		}
	}
}

func TestDeviceFilesThatAreNotTheDevice(t *testing.T) {
	dev := t.TempDir()
	h := Host{Dev: dev, Proc: "/proc"}
	if err := h.probeKVM(t.Context()); err == nil {
		t.Error("absent: usable")
	}
	// A runtime that bind-mounts an absent path leaves a directory behind.
	if err := os.Mkdir(filepath.Join(dev, "kvm"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := h.probeKVM(t.Context()); err == nil {
		t.Error("directory: usable")
	}
	if err := unix.Mknod(filepath.Join(dev, "vhost-net"), unix.S_IFCHR|0o600, int(unix.Mkdev(1, 3))); err != nil {
		t.Skip("cannot make a device: ", err)
	}
	if err := h.probeVhostNet(t.Context()); err == nil {
		t.Error("another device by this name: usable")
	}
}

func TestTunFollowsTheDevice(t *testing.T) {
	f, err := os.OpenFile("/dev/net/tun", os.O_RDWR, 0)
	if err == nil {
		f.Close()
	}
	if probe := realHost.probeTun(t.Context()); (probe == nil) != (err == nil) {
		t.Fatalf("probe %v, open %v", probe, err)
	}
}

// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package devices

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// probeKVM tells why a guest could not boot on /dev/kvm. The file says little: it is there on
// hosts where guests cannot boot, in three ways, and each has its check.
//
//   - The module is installed but the CPU (or the firmware's settings) lacks virtualization:
//     opening fails, or no driver is registered in /proc/misc.
//   - A paravirtual backend (PVM) stands behind it: it makes VMs and vCPUs and runs the small
//     program below, because it emulates or runs such code in user mode, but it cannot boot an
//     ordinary kernel. Its hosts are cloud machines without nested virtualization, so the CPU has
//     neither vmx nor svm, and every real backend on x86 needs one of the two. The kernel hides
//     the flag when the firmware has locked the feature.
//   - Virtualization is there and broken, as by a faulty nested hypervisor: the program below does
//     not come to its end.
//
// The first two need no right to the device, so they also hold in a container whose device
// cgroup keeps it from opening /dev/kvm; the third is made where the device may be opened.
func (h Host) probeKVM(ctx context.Context) error {
	f, err := h.open("kvm", 10, 232)
	switch {
	case errors.Is(err, errNotOpened):
		if !h.registered("kvm") {
			return errors.New("no driver stands behind /dev/kvm")
		}
		return h.virtualization()
	case err != nil:
		return err
	}
	defer f.Close()
	if err := h.virtualization(); err != nil {
		return err
	}
	if err := runGuest(ctx, f); err != nil {
		return fmt.Errorf("run a test guest: %w", err)
	}
	return nil
}

// virtualization tells whether the CPU can virtualize. Other architectures have no such flag;
// there the driver does not register without it.
func (h Host) virtualization() error {
	if runtime.GOARCH != "amd64" {
		return nil
	}
	raw, err := os.ReadFile(filepath.Join(h.Proc, "cpuinfo"))
	if err != nil {
		return fmt.Errorf("read CPU flags: %w", err)
	}
	for line := range strings.Lines(string(raw)) {
		name, flags, _ := strings.Cut(line, ":")
		if strings.TrimSpace(name) != "flags" {
			continue
		}
		for _, flag := range strings.Fields(flags) {
			if flag == "vmx" || flag == "svm" {
				return nil
			}
		}
		break // all CPUs of a machine are alike in this
	}
	return errors.New("the CPU has neither vmx nor svm: /dev/kvm cannot boot ordinary guests")
}

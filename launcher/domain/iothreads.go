// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"fmt"

	"libvirt.org/go/libvirtxml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// maxIOThreads is far more than a pod has CPUs.
const maxIOThreads = 256

// ioThreads hands out the threads that do the disks' I/O beside the guest's CPUs. Only virtio disks
// can use them.
type ioThreads struct {
	// total is the number of threads; their IDs count from 1.
	total uint
	// shared are the first threads, which disks without one of their own take in turn; all of them at
	// once with spread.
	shared uint
	spread bool
	// next counts the disks that share, own the threads that are given away.
	next, own uint
}

func newIOThreads(vmi *v1.VirtualMachineInstance) (*ioThreads, error) {
	domain := &vmi.Spec.Domain
	var dedicated, others uint
	for i := range domain.Devices.Disks {
		switch disk := &domain.Devices.Disks[i]; {
		case !onVirtio(disk):
			if isTrue(disk.DedicatedIOThread, false) {
				return nil, fmt.Errorf("spec.domain.devices.disks[%d].dedicatedIOThread: needs a disk on the bus virtio", i)
			}
		case isTrue(disk.DedicatedIOThread, false):
			dedicated++
		default:
			others++
		}
	}
	t := &ioThreads{}
	if domain.IOThreadsPolicy == nil {
		if dedicated == 0 {
			return t, nil
		}
		// A disk with a thread of its own takes the others off the guest's CPUs as well.
		t.shared = min(others, 1)
		t.total = t.shared + dedicated
		return t, nil
	}
	switch *domain.IOThreadsPolicy {
	case v1.IOThreadsPolicyShared:
		t.shared = 1
	case v1.IOThreadsPolicyAuto:
		// Twice the guest's CPUs keep them busy; more threads than disks would only idle.
		limit := 2 * vcpus(domain.CPU)
		t.shared = min(others, max(1, limit-min(limit, dedicated)))
	case v1.IOThreadsPolicySupplementalPool:
		if domain.IOThreads == nil || domain.IOThreads.SupplementalPoolThreadCount == nil || *domain.IOThreads.SupplementalPoolThreadCount == 0 {
			return nil, fmt.Errorf("spec.domain.ioThreads.supplementalPoolThreadCount: the policy supplementalPool needs a number of threads; set one")
		}
		t.shared, t.spread = uint(*domain.IOThreads.SupplementalPoolThreadCount), true
	default:
		return nil, fmt.Errorf("spec.domain.ioThreadsPolicy: %q is not supported; use shared, auto or supplementalPool", *domain.IOThreadsPolicy)
	}
	t.total = t.shared + dedicated
	if t.total > maxIOThreads {
		return nil, fmt.Errorf("spec.domain.ioThreads: %d threads are too many; use at most %d", t.total, maxIOThreads)
	}
	return t, nil
}

// assign gives the disk its thread.
func (t *ioThreads) assign(disk *v1.Disk, driver *libvirtxml.DomainDiskDriver) {
	switch {
	case t.total == 0 || !onVirtio(disk):
	case isTrue(disk.DedicatedIOThread, false):
		t.own++
		driver.IOThread = ptr(t.shared + t.own)
	case t.spread:
		driver.IOThreads = &libvirtxml.DomainDiskIOThreads{}
		for id := range t.shared {
			driver.IOThreads.IOThread = append(driver.IOThreads.IOThread, libvirtxml.DomainDiskIOThread{ID: id + 1})
		}
	case t.shared > 0:
		driver.IOThread = ptr(t.next%t.shared + 1)
		t.next++
	}
}

func onVirtio(disk *v1.Disk) bool { return disk.Disk != nil && disk.Disk.Bus == v1.DiskBusVirtio }

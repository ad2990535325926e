// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

var inputBuses = []string{"usb", "virtio"}

// maxPeripherals caps the lists of devices that have no limit of their own: QEMU's buses are full long before.
const maxPeripherals = 64

func peripherals(d *v1.Devices, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, in := range d.Inputs {
		p := at.Child("inputs").Index(i)
		if in.Type != "tablet" {
			errs = append(errs, field.NotSupported(p.Child("type"), in.Type, []string{"tablet"}))
		}
		if !slices.Contains(inputBuses, in.Bus) {
			errs = append(errs, field.NotSupported(p.Child("bus"), in.Bus, inputBuses))
		}
	}
	if w := d.Watchdog; w != nil {
		p := at.Child("watchdog")
		if w.Name == "" {
			errs = append(errs, field.Required(p.Child("name"), "name the watchdog"))
		}
		errs = append(errs, exactlyOne(p, "watchdog type", members(w.WatchdogDevice))...)
	}
	if d.Sound != nil && d.Sound.Name == "" {
		errs = append(errs, field.Required(at.Child("sound", "name"), "Sound device requires a name field."))
	}
	if d.Video != nil && !on(d.AutoattachGraphicsDevice, true) {
		errs = append(errs, field.Invalid(at.Child("video"), d.Video.Type, "needs a display; remove the field, or autoattachGraphicsDevice: false"))
	}
	if d.TPM != nil && !on(d.TPM.Enabled, true) && on(d.TPM.Persistent, false) {
		errs = append(errs, field.Invalid(at.Child("tpm", "persistent"), true, "the device is switched off by enabled: false"))
	}
	for _, list := range []struct {
		field string
		n     int
	}{
		{"inputs", len(d.Inputs)}, {"panicDevices", len(d.PanicDevices)}, {"gpus", len(d.GPUs)},
		{"hostDevices", len(d.HostDevices)}, {"filesystems", len(d.Filesystems)},
	} {
		if list.n > maxPeripherals {
			errs = append(errs, field.TooMany(at.Child(list.field), list.n, maxPeripherals))
		}
	}
	return errs
}

// ioThreads checks the threads that serve the guest's disks.
func ioThreads(d *v1.DomainSpec, at *field.Path) field.ErrorList {
	pool := d.IOThreadsPolicy != nil && *d.IOThreadsPolicy == v1.IOThreadsPolicySupplementalPool
	count := d.IOThreads != nil && d.IOThreads.SupplementalPoolThreadCount != nil
	p := at.Child("ioThreads", "supplementalPoolThreadCount")
	switch {
	case pool && (!count || *d.IOThreads.SupplementalPoolThreadCount == 0):
		return field.ErrorList{field.Required(p, "the ioThreadsPolicy supplementalPool needs a number of threads greater than 0")}
	case count && *d.IOThreads.SupplementalPoolThreadCount > maxCPUs:
		return field.ErrorList{field.Invalid(p, *d.IOThreads.SupplementalPoolThreadCount, fmt.Sprintf("must be at most %d", maxCPUs))}
	}
	return nil
}

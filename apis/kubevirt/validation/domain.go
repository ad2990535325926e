// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// maxCPUs is what a q35 machine of QEMU 10.0 takes with its default interrupt controller.
const maxCPUs = 255

var (
	// minMemory is the least memory that the API takes, as published.
	minMemory = resource.MustParse("1M")
	// maxMemory is what processors of 46 address bits reach.
	maxMemory = resource.MustParse("64Ti")
	// mostCPU is more than any node has, and can be counted in thousandths.
	mostCPU     = resource.MustParse("1M")
	machineType = regexp.MustCompile(`^(q35|pc-q35-[a-z0-9.]+)$`)
	policies    = []string{"force", "require", "optional", "disable", "forbid"}
)

func domain(d *v1.DomainSpec, path *field.Path) field.ErrorList {
	errs := memory(d, path)
	errs = append(errs, cpu(d.CPU, path.Child("cpu"))...)
	errs = append(errs, cpuResources(d.Resources, path.Child("resources"))...)
	errs = append(errs, firmware(d, path.Child("firmware"))...)
	if t := d.Machine.Type; !machineType.MatchString(t) {
		errs = append(errs, field.Invalid(path.Child("machine", "type"), t, fmt.Sprintf("is not supported: %s (allowed values: [q35* pc-q35*])", t)))
	}
	errs = append(errs, dedicated(d, path)...)
	errs = append(errs, hugepages(d.Memory, path.Child("memory"))...)
	errs = append(errs, clock(d.Clock, path.Child("clock"))...)
	errs = append(errs, features(d.Features, path.Child("features"))...)
	errs = append(errs, ioThreads(d, path)...)
	errs = append(errs, peripherals(&d.Devices, path.Child("devices"))...)
	return append(errs, disks(d.Devices.Disks, path.Child("devices", "disks"))...)
}

func memory(d *v1.DomainSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	resources := path.Child("resources")
	request, requested := d.Resources.Requests[corev1.ResourceMemory]
	limit, limited := d.Resources.Limits[corev1.ResourceMemory]
	if requested && request.Cmp(minMemory) < 0 {
		errs = append(errs, field.Invalid(resources.Child("requests", "memory"), request.String(), "must be at least 1M"))
	}
	if limited && limit.Cmp(minMemory) < 0 {
		errs = append(errs, field.Invalid(resources.Child("limits", "memory"), limit.String(), "must be at least 1M"))
	}
	for _, most := range []struct {
		field  string
		amount resource.Quantity
	}{{"requests", request}, {"limits", limit}} {
		if most.amount.Cmp(maxMemory) > 0 {
			errs = append(errs, field.Invalid(resources.Child(most.field, "memory"), most.amount.String(), fmt.Sprintf("must be at most %s", maxMemory.String())))
		}
	}
	if requested && limited && request.Cmp(limit) > 0 {
		errs = append(errs, field.Invalid(resources.Child("requests", "memory"), request.String(), fmt.Sprintf("must not exceed resources.limits.memory (%s)", limit.String())))
	}
	if d.Memory == nil || d.Memory.Guest == nil {
		return append(errs, field.Required(path.Child("memory", "guest"),
			"no memory requested, at least one of memory.guest, resources.requests.memory and resources.limits.memory must be set"))
	}
	guest := d.Memory.Guest
	at := path.Child("memory", "guest")
	if derived := guestIsDerived(d, request, requested, limit, limited); !derived && guest.Cmp(minMemory) < 0 {
		errs = append(errs, field.Invalid(at, guest.String(), "must be at least 1M"))
	}
	if derived := guestIsDerived(d, request, requested, limit, limited); !derived && guest.Cmp(maxMemory) > 0 {
		errs = append(errs, field.Invalid(at, guest.String(), fmt.Sprintf("must be at most %s", maxMemory.String())))
	}
	if limited && guest.Cmp(limit) > 0 {
		errs = append(errs, field.Invalid(at, guest.String(), fmt.Sprintf("must be equal to or less than the memory limit %s", limit.String())))
	}
	return errs
}

// guestIsDerived tells that memory.guest repeats a resource, whose problem was named at its own field.
func guestIsDerived(d *v1.DomainSpec, request resource.Quantity, requested bool, limit resource.Quantity, limited bool) bool {
	return limited && d.Memory.Guest.Cmp(limit) == 0 || requested && d.Memory.Guest.Cmp(request) == 0
}

func cpuResources(r v1.ResourceRequirements, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	request, requested := r.Requests[corev1.ResourceCPU]
	limit, limited := r.Limits[corev1.ResourceCPU]
	errs = append(errs, amounts(r.Requests, path.Child("requests"))...)
	errs = append(errs, amounts(r.Limits, path.Child("limits"))...)
	if requested && limited && request.Cmp(limit) > 0 {
		errs = append(errs, field.Invalid(path.Child("requests", "cpu"), request.String(), fmt.Sprintf("must not exceed resources.limits.cpu (%s)", limit.String())))
	}
	return errs
}

// amounts checks what is asked of a node besides memory.
func amounts(list corev1.ResourceList, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, name := range slices.Sorted(maps.Keys(list)) {
		at, amount := path.Child(string(name)), list[name]
		for _, problem := range utilvalidation.IsQualifiedName(string(name)) {
			errs = append(errs, field.Invalid(path, string(name), problem))
		}
		switch {
		case name == corev1.ResourceMemory:
		case amount.Sign() < 0:
			errs = append(errs, field.Invalid(at, amount.String(), "must not be negative"))
		case name == corev1.ResourceCPU && amount.Cmp(mostCPU) > 0:
			errs = append(errs, field.Invalid(at, amount.String(), fmt.Sprintf("must be at most %s", mostCPU.String())))
		}
	}
	return errs
}

func cpu(c *v1.CPU, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	total := uint64(c.Cores) * uint64(c.Sockets) * uint64(c.Threads)
	if c.Cores > maxCPUs || c.Sockets > maxCPUs || c.Threads > maxCPUs || total > maxCPUs {
		errs = append(errs, field.Invalid(path, fmt.Sprintf("%d sockets x %d cores x %d threads", c.Sockets, c.Cores, c.Threads),
			fmt.Sprintf("a guest has at most %d CPUs", maxCPUs)))
	}
	if c.MaxSockets != 0 && c.Sockets > c.MaxSockets {
		errs = append(errs, field.Invalid(path.Child("sockets"), c.Sockets, fmt.Sprintf("Number of sockets in CPU topology is greater than the maximum sockets allowed (maxSockets: %d)", c.MaxSockets)))
	}
	for i, f := range c.Features {
		p := path.Child("features").Index(i)
		if f.Name == "" {
			errs = append(errs, field.Required(p.Child("name"), "name the CPU feature"))
		}
		if !slices.Contains(policies, f.Policy) {
			errs = append(errs, field.NotSupported(p.Child("policy"), f.Policy, policies))
		}
	}
	return errs
}

// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// dedicated checks guests whose CPUs are nobody else's.
func dedicated(d *v1.DomainSpec, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	c := d.CPU
	huge := d.Memory != nil && d.Memory.Hugepages != nil
	if !c.DedicatedCPUPlacement {
		if c.IsolateEmulatorThread {
			errs = append(errs, field.Invalid(at.Child("cpu", "isolateEmulatorThread"), true, "IsolateEmulatorThread should be only set in combination with DedicatedCPUPlacement"))
		}
		if c.NUMA != nil && c.NUMA.GuestMappingPassthrough != nil {
			errs = append(errs, field.Invalid(at.Child("cpu", "numa", "guestMappingPassthrough"), "{}", "needs cpu.dedicatedCpuPlacement"))
		}
		if c.Realtime != nil {
			errs = append(errs, field.Invalid(at.Child("cpu", "realtime"), "{}", "needs cpu.dedicatedCpuPlacement and cpu.numa.guestMappingPassthrough"))
		}
		return errs
	}
	if c.Threads > 2 {
		errs = append(errs, field.Invalid(at.Child("cpu", "threads"), c.Threads, "Not more than two threads must be provided at the moment when dedicatedCpuPlacement is set"))
	}
	if c.NUMA != nil && c.NUMA.GuestMappingPassthrough != nil && !huge {
		errs = append(errs, field.Invalid(at.Child("cpu", "numa", "guestMappingPassthrough"), "{}", "needs memory.hugepages"))
	}
	if c.Realtime != nil && c.NUMA == nil {
		errs = append(errs, field.Invalid(at.Child("cpu", "realtime"), "{}", "needs cpu.numa.guestMappingPassthrough"))
	}
	request, requested := d.Resources.Requests[corev1.ResourceCPU]
	limit, limited := d.Resources.Limits[corev1.ResourceCPU]
	for _, part := range []struct {
		field string
		cpus  resource.Quantity
		set   bool
	}{{"requests", request, requested}, {"limits", limit, limited}} {
		if part.set && part.cpus.MilliValue()%1000 != 0 {
			errs = append(errs, field.Invalid(at.Child("resources", part.field, "cpu"), part.cpus.String(), "provided resources CPU must be a whole number with dedicatedCpuPlacement"))
		}
	}
	if requested && limited && request.Cmp(limit) != 0 {
		errs = append(errs, field.Invalid(at.Child("resources", "requests", "cpu"), request.String(),
			fmt.Sprintf("must equal resources.limits.cpu (%s) with dedicatedCpuPlacement", limit.String())))
	}
	return errs
}

// hugepages checks a guest whose memory is huge pages of its node.
func hugepages(m *v1.Memory, at *field.Path) field.ErrorList {
	if m == nil || m.Hugepages == nil {
		return nil
	}
	at = at.Child("hugepages", "pageSize")
	size, err := m.Hugepages.Page()
	switch {
	case err != nil:
		return field.ErrorList{field.Invalid(at, m.Hugepages.PageSize, "must be a size such as 2Mi or 1Gi")}
	case m.Guest == nil:
		return nil
	case m.Guest.Cmp(size) < 0:
		return field.ErrorList{field.Invalid(at, m.Hugepages.PageSize, fmt.Sprintf("must be at most the guest's memory %s", m.Guest))}
	case m.Guest.Value()%size.Value() != 0:
		return field.ErrorList{field.Invalid(at, m.Hugepages.PageSize, fmt.Sprintf("the guest's memory %s is not a multiple of it", m.Guest))}
	}
	return nil
}

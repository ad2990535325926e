// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/utils/ptr"
)

// Part is one component of the installation.
type Part struct {
	// Name is that of the component and of its workload.
	Name string
	// Exists tells that the workload is there; nothing else counts without it.
	Exists bool
	// Wanted is the number of pods that there shall be, Ready of those that are ready, Updated of those that were made from
	// the workload as it is now.
	Wanted, Ready, Updated int32
	// Seen tells that the numbers are about the workload as it is now.
	Seen bool
}

// rolledOut tells that no pod is going to be replaced.
func (p Part) rolledOut() bool { return p.Exists && p.Seen && p.Updated >= p.Wanted }

// complete tells that all pods are ready.
func (p Part) complete() bool { return p.Exists && p.Ready >= p.Wanted }

// available tells that some pod is ready.
func (p Part) available() bool { return p.Exists && p.Ready > 0 }

// absence says why the part is not available.
func (p Part) absence() string {
	switch {
	case !p.Exists:
		return p.Name + " does not exist"
	case p.Wanted == 0:
		return p.Name + " shall run nowhere"
	}
	return fmt.Sprintf("no pod of %s is ready", p.Name)
}

// lack says why the part is not complete.
func (p Part) lack() string {
	if !p.Exists {
		return p.Name + " does not exist"
	}
	return fmt.Sprintf("%d of %d pods of %s are ready", p.Ready, p.Wanted, p.Name)
}

// progress says what the part is doing.
func (p Part) progress() string {
	switch {
	case !p.Exists:
		return p.Name + " does not exist"
	case !p.Seen:
		return fmt.Sprintf("%s has changed", p.Name)
	}
	return fmt.Sprintf("%d of %d pods of %s are up to date", p.Updated, p.Wanted, p.Name)
}

// Deployment returns the part that a Deployment is; nil for one that does not exist.
func Deployment(name string, d *appsv1.Deployment) Part {
	if d == nil {
		return Part{Name: name}
	}
	return Part{Name: name, Exists: true, Wanted: ptr.Deref(d.Spec.Replicas, 1), Ready: d.Status.ReadyReplicas,
		Updated: d.Status.UpdatedReplicas, Seen: d.Status.ObservedGeneration >= d.Generation}
}

// StatefulSet returns the part that a StatefulSet is; nil for one that does not exist.
func StatefulSet(name string, s *appsv1.StatefulSet) Part {
	if s == nil {
		return Part{Name: name}
	}
	return Part{Name: name, Exists: true, Wanted: ptr.Deref(s.Spec.Replicas, 1), Ready: s.Status.ReadyReplicas,
		Updated: s.Status.UpdatedReplicas, Seen: s.Status.ObservedGeneration >= s.Generation}
}

// DaemonSet returns the part that a DaemonSet is; nil for one that does not exist.
func DaemonSet(name string, d *appsv1.DaemonSet) Part {
	if d == nil {
		return Part{Name: name}
	}
	return Part{Name: name, Exists: true, Wanted: d.Status.DesiredNumberScheduled, Ready: d.Status.NumberReady,
		Updated: d.Status.UpdatedNumberScheduled, Seen: d.Status.ObservedGeneration >= d.Generation}
}

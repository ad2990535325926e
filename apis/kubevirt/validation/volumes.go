// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

var pullPolicies = []corev1.PullPolicy{corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever}

// single are the kinds of volume that an instance has once.
var single = map[string]bool{"serviceAccount": true, "downwardMetrics": true, "memoryDump": true}

func volumes(spec *v1.VirtualMachineInstanceSpec, root *field.Path) field.ErrorList {
	at := root.Child("volumes")
	errs := tooMany(at, len(spec.Volumes))
	known := map[string]*v1.Volume{}
	seen := map[string]bool{}
	counted := map[string]int{}
	for i := range spec.Volumes {
		v := &spec.Volumes[i]
		known[v.Name] = v
		errs = append(errs, names(at.Index(i).Child("name"), v.Name, seen)...)
		errs = append(errs, volume(v, at.Index(i))...)
		for _, kind := range members(v.VolumeSource) {
			if counted[kind]++; counted[kind] > 1 && single[kind] {
				errs = append(errs, field.Invalid(at.Index(i).Child(kind), v.Name, fmt.Sprintf("%s has more than one volume of the type %s", at, kind)))
			}
		}
	}
	devices := root.Child("domain", "devices")
	for i, d := range spec.Domain.Devices.Disks {
		p := devices.Child("disks").Index(i)
		switch v := known[d.Name]; {
		case v == nil:
			errs = append(errs, field.Invalid(p.Child("name"), d.Name, fmt.Sprintf("%s has no volume '%s' for this disk", at, d.Name)))
		case d.LUN != nil && v.PersistentVolumeClaim == nil && v.DataVolume == nil:
			errs = append(errs, field.Invalid(p.Child("lun"), d.Name, "can only be mapped to a DataVolume or PersistentVolumeClaim volume"))
		}
	}
	return append(errs, bootOrders(&spec.Domain.Devices, devices)...)
}

func volume(v *v1.Volume, at *field.Path) field.ErrorList {
	errs := exactlyOne(at, "volume source", members(v.VolumeSource))
	return append(errs, source(&v.VolumeSource, at)...)
}

func containerDisk(s *v1.ContainerDiskSource, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	if strings.TrimSpace(s.Image) == "" {
		errs = append(errs, field.Required(at.Child("image"), "name the image that holds the disk"))
	}
	if s.ImagePullPolicy != "" && !slices.Contains(pullPolicies, s.ImagePullPolicy) {
		errs = append(errs, field.NotSupported(at.Child("imagePullPolicy"), s.ImagePullPolicy, pullPolicies))
	}
	return append(errs, pathInImage(s.Path, at.Child("path"))...)
}

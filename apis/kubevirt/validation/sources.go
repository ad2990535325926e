// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"path"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// source checks what is particular to each kind of volume.
func source(s *v1.VolumeSource, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	named := func(name string, fields ...string) {
		if name == "" {
			errs = append(errs, field.Required(at.Child(fields[0], fields[1:]...), "is a required field"))
		}
	}
	if c := s.ContainerDisk; c != nil {
		errs = append(errs, containerDisk(c, at.Child("containerDisk"))...)
	}
	if c := s.CloudInitNoCloud; c != nil {
		errs = append(errs, cloudInit(c, at.Child("cloudInitNoCloud"))...)
	}
	if c := s.CloudInitConfigDrive; c != nil {
		same := v1.CloudInitNoCloudSource(*c)
		errs = append(errs, cloudInit(&same, at.Child("cloudInitConfigDrive"))...)
	}
	if e := s.EmptyDisk; e != nil && e.Capacity.Sign() <= 0 {
		errs = append(errs, field.Invalid(at.Child("emptyDisk", "capacity"), e.Capacity.String(), "must be greater than 0"))
	}
	if c := s.PersistentVolumeClaim; c != nil {
		named(c.ClaimName, "persistentVolumeClaim", "claimName")
	}
	if c := s.Ephemeral; c != nil && c.PersistentVolumeClaim != nil {
		named(c.PersistentVolumeClaim.ClaimName, "ephemeral", "persistentVolumeClaim", "claimName")
	}
	if d := s.DataVolume; d != nil {
		named(d.Name, "dataVolume", "name")
	}
	if c := s.ConfigMap; c != nil {
		named(c.Name, "configMap", "name")
	}
	if c := s.Secret; c != nil {
		named(c.SecretName, "secret", "secretName")
	}
	if a := s.ServiceAccount; a != nil {
		named(a.ServiceAccountName, "serviceAccount", "serviceAccountName")
	}
	if p := s.Sysprep; p != nil {
		errs = append(errs, exactlyOne(at.Child("sysprep"), "source: secret or configMap", members(*p))...)
	}
	if h := s.HostDisk; h != nil {
		errs = append(errs, hostDisk(h, at.Child("hostDisk"))...)
	}
	return errs
}

func hostDisk(h *v1.HostDisk, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	if !path.IsAbs(h.Path) {
		errs = append(errs, field.Required(at.Child("path"), "must be an absolute path"))
	}
	switch h.Type {
	case v1.HostDiskExists:
		if !h.Capacity.IsZero() {
			errs = append(errs, field.Invalid(at.Child("capacity"), h.Capacity.String(), "is only possible with type DiskOrCreate"))
		}
	case v1.HostDiskExistsOrCreate:
	default:
		errs = append(errs, field.NotSupported(at.Child("type"), h.Type, []v1.HostDiskType{v1.HostDiskExists, v1.HostDiskExistsOrCreate}))
	}
	return errs
}

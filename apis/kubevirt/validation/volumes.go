// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"encoding/base64"
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// maxCloudInit caps inline cloud-init data in bytes, as published; more goes into a secret.
const maxCloudInit = 2048

var pullPolicies = []corev1.PullPolicy{corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever}

func volumes(spec *v1.VirtualMachineInstanceSpec, root *field.Path) field.ErrorList {
	at := root.Child("volumes")
	errs := tooMany(at, len(spec.Volumes))
	known := map[string]bool{}
	seen := map[string]bool{}
	for i := range spec.Volumes {
		v := &spec.Volumes[i]
		known[v.Name] = true
		errs = append(errs, names(at.Index(i).Child("name"), v.Name, seen)...)
		errs = append(errs, volume(v, at.Index(i))...)
	}
	devices := root.Child("domain", "devices")
	for i, d := range spec.Domain.Devices.Disks {
		if !known[d.Name] {
			errs = append(errs, field.Invalid(devices.Child("disks").Index(i).Child("name"), d.Name,
				fmt.Sprintf("%s has no volume '%s' for this disk", at, d.Name)))
		}
	}
	return append(errs, bootOrders(&spec.Domain.Devices, devices)...)
}

func volume(v *v1.Volume, at *field.Path) field.ErrorList {
	errs := exactlyOne(at, "volume source", members(v.VolumeSource))
	if s := v.ContainerDisk; s != nil {
		errs = append(errs, containerDisk(s, at.Child("containerDisk"))...)
	}
	if s := v.CloudInitNoCloud; s != nil {
		errs = append(errs, cloudInit(s, at.Child("cloudInitNoCloud"))...)
	}
	if s := v.EmptyDisk; s != nil && s.Capacity.Sign() <= 0 {
		errs = append(errs, field.Invalid(at.Child("emptyDisk", "capacity"), s.Capacity.String(), "must be greater than 0"))
	}
	return errs
}

func containerDisk(s *v1.ContainerDiskSource, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	if strings.TrimSpace(s.Image) == "" {
		errs = append(errs, field.Required(at.Child("image"), "name the image that holds the disk"))
	}
	if s.ImagePullPolicy != "" && !slices.Contains(pullPolicies, s.ImagePullPolicy) {
		errs = append(errs, field.NotSupported(at.Child("imagePullPolicy"), s.ImagePullPolicy, pullPolicies))
	}
	if s.Path != "" && (!path.IsAbs(s.Path) || path.Clean(s.Path) == "/" || path.Clean(s.Path) != s.Path) {
		errs = append(errs, field.Invalid(at.Child("path"), s.Path, "must be the absolute path of a file, without . or .. in it"))
	}
	return errs
}

func cloudInit(s *v1.CloudInitNoCloudSource, at *field.Path) field.ErrorList {
	var users, networks []string
	var errs field.ErrorList
	if s.UserDataSecretRef != nil {
		users = append(users, "secretRef")
		if s.UserDataSecretRef.Name == "" {
			errs = append(errs, field.Required(at.Child("secretRef", "name"), "name the secret"))
		}
	}
	if s.NetworkDataSecretRef != nil {
		networks = append(networks, "networkDataSecretRef")
		if s.NetworkDataSecretRef.Name == "" {
			errs = append(errs, field.Required(at.Child("networkDataSecretRef", "name"), "name the secret"))
		}
	}
	for _, inline := range []struct {
		field, value string
		kind         *[]string
		encoded      bool
	}{
		{"userData", s.UserData, &users, false},
		{"userDataBase64", s.UserDataBase64, &users, true},
		{"networkData", s.NetworkData, &networks, false},
		{"networkDataBase64", s.NetworkDataBase64, &networks, true},
	} {
		if inline.value == "" {
			continue
		}
		*inline.kind = append(*inline.kind, inline.field)
		data := []byte(inline.value)
		if inline.encoded {
			var err error
			if data, err = base64.StdEncoding.DecodeString(inline.value); err != nil {
				errs = append(errs, field.Invalid(at.Child(inline.field), "", "is not valid base64: "+err.Error()))
			}
		}
		if len(data) > maxCloudInit {
			errs = append(errs, field.TooLong(at.Child(inline.field), "", maxCloudInit))
		}
	}
	if len(users) > 1 {
		errs = append(errs, field.Invalid(at, fmt.Sprint(users), "must have only one source of user data"))
	}
	if len(networks) > 1 {
		errs = append(errs, field.Invalid(at, fmt.Sprint(networks), "must have only one source of network data"))
	}
	if len(users)+len(networks) == 0 {
		errs = append(errs, field.Required(at, "must have at least one of userData, userDataBase64, secretRef, networkData, networkDataBase64 and networkDataSecretRef"))
	}
	return errs
}

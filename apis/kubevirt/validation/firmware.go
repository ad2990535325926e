// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// maxSerial is the longest serial number that SMBIOS and disks take, in characters.
const maxSerial = 256

// maxKernelArgs is the longest command line that a Linux kernel of x86 takes, in bytes.
const maxKernelArgs = 2048

var (
	serialNumber = regexp.MustCompile(`^[A-Za-z0-9_.+-]+$`)
	uuid         = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

func firmware(d *v1.DomainSpec, at *field.Path) field.ErrorList {
	f := d.Firmware
	if f == nil {
		return nil
	}
	var errs field.ErrorList
	if f.UUID != "" && !uuid.MatchString(string(f.UUID)) {
		errs = append(errs, field.Invalid(at.Child("uuid"), f.UUID, "must be a UUID such as 5d307ca9-b3ef-428c-8861-06e72d69f223"))
	}
	errs = append(errs, serial(f.Serial, at.Child("serial"))...)
	errs = append(errs, bootloader(f.Bootloader, d.Features, at.Child("bootloader"))...)
	return append(errs, kernelBoot(f.KernelBoot, at.Child("kernelBoot"))...)
}

func serial(number string, at *field.Path) field.ErrorList {
	if number == "" || len(number) <= maxSerial && serialNumber.MatchString(number) {
		return nil
	}
	return field.ErrorList{field.Invalid(at, number, "must be at most 256 characters of [A-Za-z0-9_.+-]")}
}

func bootloader(b *v1.Bootloader, features *v1.Features, at *field.Path) field.ErrorList {
	if b == nil || b.EFI == nil {
		return nil
	}
	if b.BIOS != nil {
		return field.ErrorList{field.Invalid(at, "[bios efi]", "both EFI and BIOS are set, but they are mutually exclusive; remove one of them")}
	}
	smm := features != nil && features.SMM != nil && on(features.SMM.Enabled, true)
	if on(b.EFI.SecureBoot, true) && !smm {
		return field.ErrorList{field.Invalid(at.Child("efi", "secureBoot"), true,
			"SecureBoot (on by default) requires SMM to be enabled; enable spec.domain.features.smm, or set secureBoot to false")}
	}
	return nil
}

func kernelBoot(k *v1.KernelBoot, at *field.Path) field.ErrorList {
	if k == nil {
		return nil
	}
	var errs field.ErrorList
	if len(k.KernelArgs) > maxKernelArgs {
		errs = append(errs, field.TooLong(at.Child("kernelArgs"), "", maxKernelArgs))
	}
	c := k.Container
	if c == nil {
		if k.KernelArgs != "" {
			errs = append(errs, field.Invalid(at.Child("kernelArgs"), k.KernelArgs, "kernel arguments cannot be provided without an external kernel: set container too"))
		}
		return errs
	}
	at = at.Child("container")
	if strings.TrimSpace(c.Image) == "" {
		errs = append(errs, field.Required(at.Child("image"), "name the image that holds the kernel"))
	}
	if c.KernelPath == "" {
		errs = append(errs, field.Required(at.Child("kernelPath"), "name the kernel's path in the image"))
	}
	errs = append(errs, pathInImage(c.KernelPath, at.Child("kernelPath"))...)
	errs = append(errs, pathInImage(c.InitrdPath, at.Child("initrdPath"))...)
	if c.ImagePullPolicy != "" && !slices.Contains(pullPolicies, c.ImagePullPolicy) {
		errs = append(errs, field.NotSupported(at.Child("imagePullPolicy"), c.ImagePullPolicy, pullPolicies))
	}
	return errs
}

// pathInImage checks the path of a file in an image: nothing in it may lead out of the image.
func pathInImage(p string, at *field.Path) field.ErrorList {
	if p == "" || path.IsAbs(p) && p != "/" && path.Clean(p) == p {
		return nil
	}
	return field.ErrorList{field.Invalid(at, p, "must be the absolute path of a file, without . or .. in it")}
}

// on returns the value of a switch that has a default.
func on(value *bool, standard bool) bool {
	if value == nil {
		return standard
	}
	return *value
}

// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package disk

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// Kernel is what a guest boots without a boot loader; the paths are empty for what it does not.
type Kernel struct {
	Kernel, Initrd string
}

// PrepareKernel finds the kernel and the initial RAM disk of an instance in their mounted image.
func (p *Preparer) PrepareKernel(vmi *v1.VirtualMachineInstance) (Kernel, error) {
	const field = "spec.domain.firmware.kernelBoot"
	f := vmi.Spec.Domain.Firmware
	if f == nil || f.KernelBoot == nil {
		return Kernel{}, nil
	}
	c := f.KernelBoot.Container
	switch {
	case c == nil && f.KernelBoot.KernelArgs != "":
		return Kernel{}, fmt.Errorf("%s.kernelArgs: there is no kernel for them; set container", field)
	case c == nil:
		return Kernel{}, nil
	case c.KernelPath == "":
		return Kernel{}, fmt.Errorf("%s.container.kernelPath: is needed to boot from; set the path of the kernel in the image", field)
	}
	var k Kernel
	for _, file := range []struct {
		name, path string
		found      *string
	}{{"kernelPath", c.KernelPath, &k.Kernel}, {"initrdPath", c.InitrdPath, &k.Initrd}} {
		if file.path == "" {
			continue
		}
		clean := strings.TrimPrefix(path.Clean("/"+file.path), "/")
		f, err := openBeneath(p.KernelBoot, clean)
		if err != nil {
			return Kernel{}, fmt.Errorf("%s.container.%s: image %s: %w", field, file.name, c.Image, err)
		}
		info, err := f.Stat()
		f.Close()
		if err != nil {
			return Kernel{}, fmt.Errorf("%s.container.%s: image %s: %w", field, file.name, c.Image, err)
		}
		if !info.Mode().IsRegular() {
			return Kernel{}, fmt.Errorf("%s.container.%s: image %s: /%s is not a file", field, file.name, c.Image, clean)
		}
		*file.found = filepath.Join(p.KernelBoot, clean)
	}
	return k, nil
}

// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package disk

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func kernelBoot(args string, c *v1.KernelBootContainer) *v1.VirtualMachineInstance {
	vmi := &v1.VirtualMachineInstance{}
	vmi.Spec.Domain.Firmware = &v1.Firmware{KernelBoot: &v1.KernelBoot{KernelArgs: args, Container: c}}
	return vmi
}

func TestKernelIsFoundInItsImage(t *testing.T) {
	root := t.TempDir()
	p := Preparer{KernelBoot: root}
	if err := os.Mkdir(filepath.Join(root, "boot"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"vmlinuz", "initrd"} {
		if err := os.WriteFile(filepath.Join(root, "boot", name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(root, "boot", "link")); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		vmi   *v1.VirtualMachineInstance
		want  Kernel
		fault string
	}{
		"none":              {&v1.VirtualMachineInstance{}, Kernel{}, ""},
		"no image":          {kernelBoot("", nil), Kernel{}, ""},
		"arguments alone":   {kernelBoot("console=ttyS0", nil), Kernel{}, "kernelArgs: there is no kernel for them"},
		"kernel alone":      {kernelBoot("", &v1.KernelBootContainer{KernelPath: "/boot/vmlinuz"}), Kernel{Kernel: root + "/boot/vmlinuz"}, ""},
		"both":              {kernelBoot("", &v1.KernelBootContainer{KernelPath: "boot/vmlinuz", InitrdPath: "/boot/../boot/initrd"}), Kernel{root + "/boot/vmlinuz", root + "/boot/initrd"}, ""},
		"initrd alone":      {kernelBoot("", &v1.KernelBootContainer{InitrdPath: "/boot/initrd"}), Kernel{}, "kernelPath: is needed"},
		"absent":            {kernelBoot("", &v1.KernelBootContainer{Image: "k:v1", KernelPath: "/nothing"}), Kernel{}, "container.kernelPath: image k:v1: /nothing"},
		"a directory":       {kernelBoot("", &v1.KernelBootContainer{KernelPath: "/boot"}), Kernel{}, "/boot is not a file"},
		"a link":            {kernelBoot("", &v1.KernelBootContainer{KernelPath: "/boot/link"}), Kernel{}, "symbolic link"},
		"out of the image":  {kernelBoot("", &v1.KernelBootContainer{KernelPath: "../../etc/passwd"}), Kernel{}, "/etc/passwd"},
		"a directory as it": {kernelBoot("", &v1.KernelBootContainer{KernelPath: "/boot/vmlinuz", InitrdPath: "/"}), Kernel{}, "initrdPath"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := p.PrepareKernel(tc.vmi)
			if tc.fault == "" && (err != nil || got != tc.want) {
				t.Fatalf("got %+v, %v; want %+v", got, err, tc.want)
			}
			if tc.fault != "" && (err == nil || !strings.Contains(err.Error(), tc.fault)) {
				t.Fatalf("got %v, want %q", err, tc.fault)
			}
		})
	}
}

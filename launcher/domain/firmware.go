// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package domain

import (
	"fmt"
	"path/filepath"

	"libvirt.org/go/libvirtxml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// The firmware of Debian's package ovmf. Secure boot needs an image that keeps its variables from
// the guest's kernel by system management mode, and variables in which the usual keys are enrolled.
const (
	ovmfCode        = "/usr/share/OVMF/OVMF_CODE_4M.fd"
	ovmfVars        = "/usr/share/OVMF/OVMF_VARS_4M.fd"
	ovmfCodeSecured = "/usr/share/OVMF/OVMF_CODE_4M.ms.fd"
	ovmfVarsSecured = "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"
	// nvramFile holds the variables of one instance; it begins as a copy of the above.
	nvramFile = "nvram.fd"
)

// efi returns how the instance boots by UEFI; nil when it boots by BIOS.
func efi(vmi *v1.VirtualMachineInstance) *v1.EFI {
	if f := vmi.Spec.Domain.Firmware; f != nil && f.Bootloader != nil {
		return f.Bootloader.EFI
	}
	return nil
}

// secureBoot tells that the firmware runs signed boot loaders only, which is UEFI's default.
func secureBoot(vmi *v1.VirtualMachineInstance) bool {
	e := efi(vmi)
	return e != nil && isTrue(e.SecureBoot, true)
}

func bootOS(in Input) (*libvirtxml.DomainOS, error) {
	vmi := in.VMI
	machine := "q35"
	if m := vmi.Spec.Domain.Machine; m != nil && m.Type != "" {
		machine = m.Type
	}
	os := &libvirtxml.DomainOS{
		Type:   &libvirtxml.DomainOSType{Arch: "x86_64", Machine: machine, Type: "hvm"},
		SMBios: &libvirtxml.DomainSMBios{Mode: "sysinfo"},
	}
	f := vmi.Spec.Domain.Firmware
	if f == nil {
		return os, nil
	}
	if k := f.KernelBoot; k != nil {
		os.Kernel, os.Initrd, os.Cmdline = in.Kernel.Kernel, in.Kernel.Initrd, k.KernelArgs
	}
	if f.Bootloader == nil {
		return os, nil
	}
	if bios := f.Bootloader.BIOS; bios != nil && isTrue(bios.UseSerial, false) && vmi.SerialConsole() {
		os.BIOS = &libvirtxml.DomainBIOS{UseSerial: yes}
	}
	if f.Bootloader.EFI == nil {
		return os, nil
	}
	if isTrue(f.Bootloader.EFI.Persistent, false) {
		return nil, fmt.Errorf("spec.domain.firmware.bootloader.efi.persistent: is not supported; leave it out, the variables then last as long as the instance")
	}
	if in.Private == "" {
		return nil, fmt.Errorf("spec.domain.firmware.bootloader.efi: there is no directory for the firmware's variables")
	}
	code, vars, secure := ovmfCode, ovmfVars, no
	if secureBoot(vmi) {
		if smm := vmi.Spec.Domain.Features; smm == nil || smm.SMM == nil || !isTrue(smm.SMM.Enabled, true) {
			return nil, fmt.Errorf("spec.domain.firmware.bootloader.efi.secureBoot: needs spec.domain.features.smm; enable it, or set secureBoot to false")
		}
		code, vars, secure = ovmfCodeSecured, ovmfVarsSecured, yes
	}
	os.Loader = &libvirtxml.DomainLoader{Path: code, Readonly: yes, Secure: secure, Type: "pflash", Format: "raw"}
	os.NVRam = &libvirtxml.DomainNVRam{NVRam: filepath.Join(in.Private, nvramFile), Template: vars, TemplateFormat: "raw", Format: "raw"}
	return os, nil
}

// isTrue reads a switch that has a default.
func isTrue(value *bool, standard bool) bool {
	if value == nil {
		return standard
	}
	return *value
}

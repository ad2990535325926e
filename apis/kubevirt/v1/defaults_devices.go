// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

// The least that Hyper-V guests take as the number of tries for a lock, which is the default.
const defaultSpinRetries = 4096

func setDeviceDefaults(devices *Devices) {
	for i := range devices.Inputs {
		in := &devices.Inputs[i]
		if in.Bus == "" {
			in.Bus = defaultInputBus
		}
		if in.Type == "" {
			in.Type = defaultInputType
		}
	}
	if w := devices.Watchdog; w != nil {
		if w.I6300ESB != nil && w.I6300ESB.Action == "" {
			w.I6300ESB.Action = WatchdogActionReset
		}
		if w.Diag288 != nil && w.Diag288.Action == "" {
			w.Diag288.Action = WatchdogActionReset
		}
	}
}

func setFeatureDefaults(f *Features) {
	if f == nil {
		return
	}
	if f.ACPI.Enabled == nil {
		f.ACPI.Enabled = ptr(true)
	}
	if f.Hyperv == nil || f.Hyperv.Spinlocks == nil {
		return
	}
	if s := f.Hyperv.Spinlocks; s.Retries == nil && (s.Enabled == nil || *s.Enabled) {
		s.Retries = ptr(uint32(defaultSpinRetries))
	}
}

// setEmptyLists fills in lists that clients expect even when they are empty, which is more than the storage tells from none.
func setEmptyLists(spec *VirtualMachineInstanceSpec) {
	for i := range spec.AccessCredentials {
		key := spec.AccessCredentials[i].SSHPublicKey
		if key == nil || key.PropagationMethod.QemuGuestAgent == nil {
			continue
		}
		if agent := key.PropagationMethod.QemuGuestAgent; agent.Users == nil {
			agent.Users = []string{}
		}
	}
}

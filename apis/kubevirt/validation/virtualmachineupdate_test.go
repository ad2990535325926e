// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"testing"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

const wrongMachine = `spec.template.spec.domain.machine.type: Invalid value: "pc": is not supported: pc (allowed values: [q35* pc-q35*])`

func TestAChangedVirtualMachineIsChecked(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*v1.VirtualMachine)
		want   []string
	}{
		{"memory", func(vm *v1.VirtualMachine) { vm.Spec.Template.Spec.Domain.Memory.Guest = quantity("1Gi") }, nil},
		{"name", func(vm *v1.VirtualMachine) { vm.Name = "other" }, []string{`metadata.name: Invalid value: "other": field is immutable`}},
		{"no template", func(vm *v1.VirtualMachine) { vm.Spec.Template = nil }, []string{`spec.template: Required value: missing virtual machine template.`}},
		{"machine", func(vm *v1.VirtualMachine) { vm.Spec.Template.Spec.Domain.Machine = &v1.Machine{Type: "pc"} }, []string{wrongMachine}},
		{"no run strategy", func(vm *v1.VirtualMachine) { vm.Spec.RunStrategy = nil }, []string{
			`spec.runStrategy: Required value: RunStrategy must be specified: Always, Halted, Manual, RerunOnFailure, Once`,
		}},
		{"running too", func(vm *v1.VirtualMachine) { vm.Spec.Running = ptr(true) }, []string{
			`spec.running: Invalid value: true: Running and RunStrategy are mutually exclusive. Note that Running is deprecated, please use RunStrategy instead`,
		}},
		{"instance type", func(vm *v1.VirtualMachine) { vm.Spec.Instancetype = &v1.InstancetypeMatcher{Name: "small"} }, []string{
			`spec.instancetype: Forbidden: instance types are not supported by this version of virtplane; write CPU, memory and devices into the template`,
		}},
		{"labels of the template", func(vm *v1.VirtualMachine) { vm.Spec.Template.Labels = map[string]string{"kubevirt.io/nodeName": "n"} }, []string{
			`spec.template.metadata.labels[kubevirt.io/nodeName]: Forbidden: creation of the following reserved kubevirt.io/ labels on a VMI object is prohibited`,
		}},
		{"annotations of the template", func(vm *v1.VirtualMachine) {
			vm.Spec.Template.Annotations = map[string]string{"kubevirt.io/ignitiondata": ""}
		}, []string{
			`spec.template.metadata.annotations[kubevirt.io/ignitiondata]: Forbidden: ignition is not supported by this version of virtplane; use cloud-init`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			stored := machine(nil)
			stored.ResourceVersion = "1"
			changed := stored.DeepCopy()
			c.change(changed)
			compare(t, VirtualMachineUpdate(changed, stored), c.want)
		})
	}
}

// outdated returns a machine that an older version let in and that breaks a rule in each of its parts.
func outdated() *v1.VirtualMachine {
	vm := machine(func(s *v1.VirtualMachineInstanceSpec) {
		s.Domain.Machine = &v1.Machine{Type: "pc"}
		s.Domain.Devices.GPUs = []v1.GPU{{Name: "gpu"}}
	})
	vm.ResourceVersion = "1"
	vm.Finalizers = []string{"example.com/held"}
	vm.Spec.Template.Labels = map[string]string{"kubevirt.io/nodeName": "n"}
	vm.Spec.Template.Annotations = map[string]string{"kubevirt.io/ignitiondata": "{}"}
	vm.Spec.Instancetype, vm.Spec.Preference = &v1.InstancetypeMatcher{}, &v1.PreferenceMatcher{}
	vm.Spec.DataVolumeTemplates = []v1.DataVolumeTemplateSpec{{}}
	return vm
}

func TestWhatIsStoredIsNotCheckedAgain(t *testing.T) {
	for name, change := range map[string]func(*v1.VirtualMachine){
		"nothing":                func(*v1.VirtualMachine) {},
		"finalizers":             func(vm *v1.VirtualMachine) { vm.Finalizers = nil },
		"labels":                 func(vm *v1.VirtualMachine) { vm.Labels = map[string]string{"a": "b"} },
		"stop":                   func(vm *v1.VirtualMachine) { vm.Spec.RunStrategy = ptr(v1.RunStrategyHalted) },
		"running for a strategy": func(vm *v1.VirtualMachine) { vm.Spec.RunStrategy, vm.Spec.Running = nil, ptr(false) },
		"less of what is wrong": func(vm *v1.VirtualMachine) {
			vm.Spec.Instancetype, vm.Spec.DataVolumeTemplates, vm.Spec.Template.Annotations = nil, nil, nil
		},
		"all set right": func(vm *v1.VirtualMachine) { vm.Spec = machine(nil).Spec },
	} {
		t.Run(name, func(t *testing.T) {
			vm := outdated()
			change(vm)
			compare(t, VirtualMachineUpdate(vm, outdated()), nil)
		})
	}
}

func TestAChangedPartObeysTheRulesOfToday(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*v1.VirtualMachine)
		want   []string
	}{
		{"spec of the template", func(vm *v1.VirtualMachine) { vm.Spec.Template.Spec.Hostname = "web" }, []string{
			`spec.template.spec.domain.devices.gpus: Forbidden: GPUs are not supported by this version of virtplane; remove the field`,
			wrongMachine,
		}},
		{"run strategy", func(vm *v1.VirtualMachine) { vm.Spec.RunStrategy = ptr(v1.VirtualMachineRunStrategy("Often")) }, []string{
			`spec.runStrategy: Unsupported value: "Often": supported values: "Always", "Halted", "Manual", "RerunOnFailure", "Once"`,
		}},
		{"labels of the template", func(vm *v1.VirtualMachine) { vm.Spec.Template.Labels["app"] = "web" }, []string{
			`spec.template.metadata.labels[kubevirt.io/nodeName]: Forbidden: creation of the following reserved kubevirt.io/ labels on a VMI object is prohibited`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			vm := outdated()
			c.change(vm)
			compare(t, VirtualMachineUpdate(vm, outdated()), c.want)
		})
	}
}

func TestAMachineIsFrozenWhileItIsCopiedOrPutBack(t *testing.T) {
	hostname := func(vm *v1.VirtualMachine) { vm.Spec.Template.Spec.Hostname = "web" }
	stop := func(vm *v1.VirtualMachine) { vm.Spec.RunStrategy = ptr(v1.RunStrategyHalted) }
	storage := func(vm *v1.VirtualMachine) {
		vm.Spec.Template.Spec.Volumes = vm.Spec.Template.Spec.Volumes[:1]
		vm.Spec.Template.Spec.Domain.Devices.Disks = vm.Spec.Template.Spec.Domain.Devices.Disks[:1]
	}
	for _, c := range []struct {
		name              string
		snapshot, restore *string
		change            func(*v1.VirtualMachine)
		want              []string
	}{
		{"snapshot, hostname", ptr("monday"), nil, hostname, nil},
		{"snapshot, stop", ptr("monday"), nil, stop, []string{`spec.runStrategy: Forbidden: cannot be changed until snapshot "monday" completes`}},
		{"snapshot, the same said otherwise", ptr("monday"), nil, func(vm *v1.VirtualMachine) { vm.Spec.RunStrategy, vm.Spec.Running = nil, ptr(true) }, nil},
		{"snapshot, storage", ptr("monday"), nil, storage, []string{
			`spec.template.spec.volumes: Forbidden: cannot be changed until snapshot "monday" completes`,
			`spec.template.spec.domain.devices.disks: Forbidden: cannot be changed until snapshot "monday" completes`,
		}},
		{"restore, hostname", nil, ptr("sunday"), hostname, []string{`spec: Forbidden: cannot be changed until restore "sunday" completes`}},
		{"restore, label", nil, ptr("sunday"), func(vm *v1.VirtualMachine) { vm.Labels = map[string]string{"a": "b"} }, nil},
		{"neither", nil, nil, storage, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			stored := machine(nil)
			stored.ResourceVersion = "1"
			stored.Status.SnapshotInProgress, stored.Status.RestoreInProgress = c.snapshot, c.restore
			changed := stored.DeepCopy()
			c.change(changed)
			compare(t, VirtualMachineUpdate(changed, stored), c.want)
		})
	}
}

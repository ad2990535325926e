// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"testing"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestVirtualMachine(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*v1.VirtualMachine)
		want   []string
	}{
		{"valid", func(*v1.VirtualMachine) {}, nil},
		{"running in place of a run strategy", func(vm *v1.VirtualMachine) { vm.Spec.RunStrategy, vm.Spec.Running = nil, ptr(false) }, nil},
		{"no template", func(vm *v1.VirtualMachine) { vm.Spec.Template = nil }, []string{
			`spec.template: Required value: missing virtual machine template.`,
		}},
		{"neither running nor run strategy, and no template", func(vm *v1.VirtualMachine) { vm.Spec = v1.VirtualMachineSpec{} }, []string{
			`spec.runStrategy: Required value: RunStrategy must be specified: Always, Halted, Manual, RerunOnFailure, Once`,
			`spec.template: Required value: missing virtual machine template.`,
		}},
		{"both running and run strategy", func(vm *v1.VirtualMachine) { vm.Spec.Running = ptr(true) }, []string{
			`spec.running: Invalid value: true: Running and RunStrategy are mutually exclusive. Note that Running is deprecated, please use RunStrategy instead`,
		}},
		{"unknown run strategy", func(vm *v1.VirtualMachine) { vm.Spec.RunStrategy = ptr(v1.VirtualMachineRunStrategy("Often")) }, []string{
			`spec.runStrategy: Unsupported value: "Often": supported values: "Always", "Halted", "Manual", "RerunOnFailure", "Once"`,
		}},
		{"metadata of the template", func(vm *v1.VirtualMachine) {
			vm.Spec.Template.Labels = map[string]string{"app": "a b", "kubevirt.io/nodeName": "n"}
			vm.Spec.Template.Annotations = map[string]string{"/": "x"}
		}, []string{
			`spec.template.metadata.labels: Invalid value: "a b": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
			`spec.template.metadata.labels[kubevirt.io/nodeName]: Forbidden: creation of the following reserved kubevirt.io/ labels on a VMI object is prohibited`,
			`spec.template.metadata.annotations: Invalid value: "/": prefix part must be non-empty`,
			`spec.template.metadata.annotations: Invalid value: "/": name part must be non-empty`,
			`spec.template.metadata.annotations: Invalid value: "/": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
		}},
		{"annotations that ask for what there is not", func(vm *v1.VirtualMachine) {
			vm.Spec.Template.Annotations = map[string]string{"hooks.kubevirt.io/hookSidecars": "[]", "kubevirt.io/ignitiondata": "{}", "kubevirt.io/note": "free"}
		}, []string{
			`spec.template.metadata.annotations[hooks.kubevirt.io/hookSidecars]: Forbidden: sidecars that change a domain are not supported by this version of virtplane; remove the annotation`,
			`spec.template.metadata.annotations[kubevirt.io/ignitiondata]: Forbidden: ignition is not supported by this version of virtplane; use cloud-init`,
		}},
		{"name", func(vm *v1.VirtualMachine) { vm.Name = "A" }, []string{`metadata.name: Invalid value: "A": ` + subdomainRule}},
	} {
		t.Run(c.name, func(t *testing.T) {
			vm := machine(nil)
			c.change(vm)
			compare(t, VirtualMachine(vm), c.want)
		})
	}
}

func TestVirtualMachineInstanceMetadata(t *testing.T) {
	vmi := instance(nil)
	v1.SetInstanceSpecDefaults(&vmi.Spec)
	vmi.Labels = map[string]string{}
	var want []string
	for _, label := range []string{
		"kubevirt.io/created-by", "kubevirt.io/nodeName", "kubevirt.io/schedulable",
		"kubevirt.io/migrationJobUID", "kubevirt.io/migrationTargetNodeName", "kubevirt.io/install-strategy",
	} {
		vmi.Labels[label] = "x"
		want = append(want, "metadata.labels["+label+"]: Forbidden: creation of the following reserved kubevirt.io/ labels on a VMI object is prohibited")
	}
	vmi.Labels["kubevirt.io/domain"] = "free"
	compare(t, VirtualMachineInstance(vmi), want)

	vmi.Labels, vmi.Annotations = nil, map[string]string{"kubevirt.io/ignitiondata": "{}"}
	compare(t, VirtualMachineInstance(vmi), []string{
		`metadata.annotations[kubevirt.io/ignitiondata]: Forbidden: ignition is not supported by this version of virtplane; use cloud-init`,
	})
}

func TestVirtualMachineInstanceUpdate(t *testing.T) {
	stored := instance(nil)
	v1.SetInstanceSpecDefaults(&stored.Spec)
	stored.ResourceVersion = "1"
	stored.Labels = map[string]string{v1.NodeNameLabel: "node1"}

	changed := stored.DeepCopy()
	changed.Labels["app"], changed.Annotations = "web", map[string]string{"note": "x"}
	changed.Spec.Domain.Memory.Guest = quantity("131072Ki") // the same amount
	compare(t, VirtualMachineInstanceUpdate(changed, stored), nil)

	changed = stored.DeepCopy()
	changed.Labels[v1.NodeNameLabel] = "node2"
	changed.Spec.Domain.Memory.Guest = quantity("1Gi")
	compare(t, VirtualMachineInstanceUpdate(changed, stored), []string{
		`metadata.labels[kubevirt.io/nodeName]: Forbidden: modification of a reserved kubevirt.io/ label on a VMI object is prohibited`,
		`spec: Forbidden: update of VMI object is restricted: the spec of a running instance cannot be changed; change the VirtualMachine and restart it`,
	})

	changed = stored.DeepCopy()
	delete(changed.Labels, v1.NodeNameLabel)
	compare(t, VirtualMachineInstanceUpdate(changed, stored), []string{
		`metadata.labels[kubevirt.io/nodeName]: Forbidden: modification of a reserved kubevirt.io/ label on a VMI object is prohibited`,
	})
}

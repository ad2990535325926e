// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/test/e2e/suite"
)

// TestBadInput applies manifests that cannot work. Those whose fault shows in the manifest are refused.
func TestBadInput(t *testing.T) {
	t.Parallel()
	n := cluster.NewNamespace(t)
	halted := suite.RunStrategy(v1.RunStrategyHalted)
	for _, c := range []struct {
		name   string
		change suite.Option
		// text replaces the first of a pair by the second in the manifest, where types allow no mistake.
		text []string
		want []string
		// applied is what server-side apply says, if that is something else.
		applied []string
	}{
		{name: "no template", change: func(vm *v1.VirtualMachine) { vm.Spec.Template = nil },
			want: []string{"spec.template: Required value"}},
		{name: "disk without volume", change: func(vm *v1.VirtualMachine) { vm.Spec.Template.Spec.Volumes = vm.Spec.Template.Spec.Volumes[:1] },
			want: []string{"spec.template.spec.domain.devices.disks[1].name", "cloudinit"}},
		{name: "running and runStrategy", change: func(vm *v1.VirtualMachine) { vm.Spec.Running = ptr.To(true) },
			want: []string{"spec.running", "mutually exclusive"}},
		{name: "memory of nothing", change: func(vm *v1.VirtualMachine) {
			vm.Spec.Template.Spec.Domain.Memory.Guest = ptr.To(resource.MustParse("0"))
		},
			want: []string{"spec.template.spec.domain.memory.guest"}},
		{name: "unknown field", text: []string{"masquerade: {}", "masquerade: {}\n            masqerade: {}"},
			want:    []string{"unknown field", "spec.template.spec.domain.devices.interfaces[0].masqerade"},
			applied: []string{`.spec.template.spec.domain.devices.interfaces[name="default"].masqerade: field not declared in schema`}},
		{name: "unknown run strategy", text: []string{"runStrategy: Halted", "runStrategy: Sometimes"},
			want: []string{"spec.runStrategy", "Sometimes", "RerunOnFailure"}},
		{name: "not a quantity", text: []string{"guest: 128Mi", "guest: much"},
			want: []string{"quantities must match"}},
		{name: "several at once", change: func(vm *v1.VirtualMachine) {
			vm.Spec.Template.Spec.Domain.Memory.Guest = ptr.To(resource.MustParse("0"))
			vm.Spec.Template.Spec.Volumes = vm.Spec.Template.Spec.Volumes[1:]
		}, want: []string{"spec.template.spec.domain.memory.guest", "spec.template.spec.domain.devices.disks[0].name"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := n.In(t)
			options := []suite.Option{halted}
			if c.change != nil {
				options = append(options, c.change)
			}
			raw, err := yaml.Marshal(n.Machine("bad", options...))
			suite.Need(t, err, "encode machine")
			manifest := string(raw)
			if len(c.text) == 2 {
				if !strings.Contains(manifest, c.text[0]) {
					t.Fatalf("there is no %q in\n%s", c.text[0], manifest)
				}
				manifest = strings.Replace(manifest, c.text[0], c.text[1], 1)
			}
			refused(n, manifest, c.want, "apply")
			if c.applied != nil {
				c.want = c.applied
			}
			refused(n, manifest, c.want, "apply", "--server-side")
		})
	}
	if got := n.Kubectl("get", "vms", "--output=name"); got != "" {
		t.Errorf("refused, and yet there: %s", got)
	}
}

// refused applies a manifest and looks for words in the answer.
func refused(n *suite.Namespace, manifest string, want []string, args ...string) {
	n.Helper()
	o := n.Try(manifest, "kubectl", append(args, "--filename=-")...)
	if o.Code == 0 {
		n.Errorf("kubectl %v takes it", args)
	}
	if !containsAll(o.Stderr, want) {
		n.Errorf("kubectl %v: want %q in the answer: %s", args, want, o.Stderr)
	}
	n.Logf("kubectl %v: %s", args, o.Stderr)
}

// TestCannotStart creates machines whose fault shows only in the cluster, and reads why from their status.
func TestCannotStart(t *testing.T) {
	t.Parallel()
	n := cluster.NewNamespace(t)
	const image = "virtplane.io/no-such-image:dev"
	n.Create("image", suite.Image(image))
	n.Create("memory", func(vm *v1.VirtualMachine) {
		vm.Spec.Template.Spec.Domain.Memory.Guest = ptr.To(resource.MustParse("4Ti"))
	})
	n.Create("nodisk", suite.Image(suite.ToolsImage))
	for _, c := range []struct {
		name     string
		statuses []v1.VirtualMachinePrintableStatus
		says     []string
	}{
		{"image", []v1.VirtualMachinePrintableStatus{v1.VirtualMachineStatusErrImagePull, v1.VirtualMachineStatusImagePullBackOff}, []string{image}},
		{"memory", []v1.VirtualMachinePrintableStatus{v1.VirtualMachineStatusUnschedulable}, []string{"Insufficient memory"}},
		{"nodisk", []v1.VirtualMachinePrintableStatus{v1.VirtualMachineStatusCrashLoopBackOff}, []string{"root", "disk"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := n.In(t)
			var said string
			vm := n.AwaitVM(c.name, "telling what is wrong", suite.Boot, func(vm *v1.VirtualMachine) bool {
				if vm == nil || !slices.Contains(c.statuses, vm.Status.PrintableStatus) {
					return false
				}
				for _, condition := range vm.Status.Conditions {
					if condition.Status == v1.ConditionFalse && containsAll(condition.Message, c.says) {
						said = string(condition.Type) + ": " + condition.Message
						return true
					}
				}
				return false
			})
			t.Logf("%s: %s", vm.Status.PrintableStatus, said)
			prints(n, "get vm "+c.name, string(vm.Status.PrintableStatus)[:3])
			n.Kubectl("delete", "vm", c.name, "--timeout=30s")
		})
	}
}

func containsAll(text string, words []string) bool {
	for _, word := range words {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// run runs kubectl through kube-apiserver in a namespace and expects it to succeed.
func (k kubectl) run(args ...string) string {
	k.t.Helper()
	out, err := cluster.kubectlWithInput(k.input, append([]string{"-n", k.namespace}, args...)...)
	if err != nil {
		k.t.Errorf("kubectl %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return out
}

// fail expects kubectl to fail.
func (k kubectl) fail(args ...string) string {
	k.t.Helper()
	out, err := cluster.kubectlWithInput(k.input, append([]string{"-n", k.namespace}, args...)...)
	if err == nil {
		k.t.Errorf("kubectl %s succeeded: %s", strings.Join(args, " "), out)
	}
	return out
}

// with returns kubectl with a manifest as its input.
func (k kubectl) with(input string) kubectl {
	k.input = input
	return k
}

type kubectl struct {
	t                *testing.T
	namespace, input string
}

// demo returns the example of the repository.
func demo(t *testing.T) string {
	t.Helper()
	return string(must(os.ReadFile(filepath.Join("..", "..", "artifacts", "examples", "demo.yaml")))(t))
}

func expectOutput(t *testing.T, what, got, want string) {
	t.Helper()
	if strings.TrimSpace(got) != want {
		t.Errorf("%s prints\n%s\nwant\n%s", what, got, want)
	}
}

func TestKubectlApplyTwice(t *testing.T) {
	k := kubectl{t: t, namespace: newNamespace(t)}.with(demo(t))
	expectOutput(t, "first apply", k.run("apply", "-f", "-"), "virtualmachine.kubevirt.io/demo created")
	before := getVM(t, k.namespace, "demo")
	expectOutput(t, "second apply", k.run("apply", "-f", "-"), "virtualmachine.kubevirt.io/demo unchanged")
	expectOutput(t, "diff", k.run("diff", "-f", "-"), "")
	if after := getVM(t, k.namespace, "demo"); after.ResourceVersion != before.ResourceVersion {
		t.Error("the second apply wrote")
	}
	changed := strings.Replace(demo(t), "guest: 128Mi", "guest: 256Mi", 1)
	expectOutput(t, "apply of a change", k.with(changed).run("apply", "-f", "-"), "virtualmachine.kubevirt.io/demo configured")
	if vm := getVM(t, k.namespace, "demo"); vm.Spec.Template.Spec.Domain.Memory.Guest.String() != "256Mi" || len(vm.Spec.Template.Spec.Volumes) != 2 || vm.Generation != 2 {
		t.Errorf("applied %+v", vm.Spec.Template.Spec)
	}
}

// TestKubectlApplyOfAnInstanceTwice holds that defaults, which are stored in an instance, are no difference.
func TestKubectlApplyOfAnInstanceTwice(t *testing.T) {
	k := kubectl{t: t, namespace: newNamespace(t)}
	manifest := func(name, disks string) string {
		return `{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachineInstance","metadata":{"name":"` + name + `"},"spec":{` +
			`"domain":{"memory":{"guest":"1Gi"},"features":{"acpi":{}},"devices":{"disks":` + disks + `}},` +
			`"volumes":[{"name":"root","containerDisk":{"image":"example.com/guest"}},{"name":"data","emptyDisk":{"capacity":"1Gi"}}]}}`
	}
	demo := k.with(manifest("demo", `[{"name":"root"},{"name":"data"}]`))
	expectOutput(t, "first apply", demo.run("apply", "-f", "-"), "virtualmachineinstance.kubevirt.io/demo created")
	expectOutput(t, "second apply", demo.run("apply", "-f", "-"), "virtualmachineinstance.kubevirt.io/demo unchanged")
	expectOutput(t, "diff", demo.run("diff", "-f", "-"), "")

	// Where the server added a disk kubectl sends the order of the list, which changes nothing.
	short := k.with(manifest("short", `[{"name":"root"}]`))
	short.run("apply", "-f", "-")
	before := getVMI(t, k.namespace, "short")
	short.run("apply", "-f", "-")
	expectOutput(t, "diff", short.run("diff", "-f", "-"), "")
	if after := getVMI(t, k.namespace, "short"); after.ResourceVersion != before.ResourceVersion {
		t.Error("the second apply wrote")
	}
}

func TestKubectlApplyServerSideTwice(t *testing.T) {
	k := kubectl{t: t, namespace: newNamespace(t)}.with(demo(t))
	expectOutput(t, "first apply", k.run("apply", "--server-side", "-f", "-"), "virtualmachine.kubevirt.io/demo serverside-applied")
	before := getVM(t, k.namespace, "demo")
	k.run("apply", "--server-side", "-f", "-")
	expectOutput(t, "diff", k.run("diff", "--server-side", "-f", "-"), "")
	if after := getVM(t, k.namespace, "demo"); after.ResourceVersion != before.ResourceVersion {
		t.Error("the second apply wrote")
	}
}

func TestKubectlReads(t *testing.T) {
	k := kubectl{t: t, namespace: newNamespace(t)}
	vm := create(t, k.namespace, newVM("demo"))
	vm.Status.PrintableStatus = v1.VirtualMachineStatusRunning
	vm.Status.Conditions = []v1.VirtualMachineCondition{{Type: v1.VirtualMachineReady, Status: v1.ConditionTrue}}
	must(machines(k.namespace).UpdateStatus(t.Context(), vm, metav1.UpdateOptions{}))(t)
	setPhase(t, createVMI(t, k.namespace, newVMI("demo")), v1.Running, func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.NodeName = "node1"
		vmi.Status.Interfaces = []v1.VirtualMachineInstanceNetworkInterface{{IP: "198.51.100.7"}}
	})
	const age = `[0-9]+s`
	for _, c := range []struct {
		args []string
		want string // a regular expression of the whole output, with runs of blanks as one
	}{
		{[]string{"get", "vms,vmis"}, `^NAME AGE STATUS READY\nvirtualmachine.kubevirt.io/demo ` + age + ` Running True\n\n` +
			`NAME AGE PHASE IP NODENAME READY\nvirtualmachineinstance.kubevirt.io/demo ` + age + ` Running 198.51.100.7 node1 ?\n$`},
		{[]string{"get", "vmi", "demo", "-o", "wide"}, `^NAME AGE PHASE IP NODENAME READY LIVE-MIGRATABLE PAUSED CPUS MEMORY GUEST\ndemo ` + age + ` Running 198.51.100.7 node1 ?\n$`},
		{[]string{"get", "vm", "-A"}, `(?m)^NAMESPACE NAME AGE STATUS READY$(.|\n)*^` + k.namespace + ` demo ` + age + ` Running True$`},
		{[]string{"get", "all"}, `(?m)^virtualmachineinstance.kubevirt.io/demo (.|\n)*^virtualmachine.kubevirt.io/demo `},
		{[]string{"get", "vmi", "--field-selector", "status.nodeName=node1", "-o", "name"}, `^virtualmachineinstance.kubevirt.io/demo\n$`},
		{[]string{"describe", "vm", "demo"}, `(?m)^Name: demo$(.|\n)*^ Printable Status: Running$`},
		{[]string{"explain", "vm.spec.template.spec.domain"}, `(?m)^KIND: VirtualMachine$(.|\n)*^FIELD: domain <DomainSpec>$(.|\n)*^ memory <Memory>\n Memory is the guest's memory\.$`},
		{[]string{"explain", "vmi.status.phase"}, `(?m)^FIELD: phase <string>$(.|\n)*^ Phase is the step of the instance's life`},
		{[]string{"api-resources", "--api-group=kubevirt.io"}, `(?m)^virtualmachineinstances vmi,vmis kubevirt.io/v1 true VirtualMachineInstance\nvirtualmachines vm,vms kubevirt.io/v1 true VirtualMachine$`},
		{[]string{"wait", "--for=condition=Ready", "vm/demo", "--timeout=30s"}, `^virtualmachine.kubevirt.io/demo condition met\n$`},
		{[]string{"auth", "can-i", "update", "virtualmachines/start.subresources.kubevirt.io"}, `yes`},
	} {
		got := strings.ReplaceAll(regexp.MustCompile(`[ \t]+`).ReplaceAllString(k.run(c.args...), " "), " \n", "\n")
		if !regexp.MustCompile(c.want).MatchString(got) {
			t.Errorf("kubectl %s prints\n%s\nwhich does not match\n%s", strings.Join(c.args, " "), got, c.want)
		}
	}
}

func TestKubectlWrites(t *testing.T) {
	k := kubectl{t: t, namespace: newNamespace(t)}
	create(t, k.namespace, newVM("demo", func(vm *v1.VirtualMachine) { vm.Finalizers = nil }))
	k.run("label", "vm", "demo", "app=web")
	k.run("annotate", "vm", "demo", "note=x")
	k.run("patch", "vm", "demo", "--type=merge", "-p", `{"spec":{"runStrategy":"Manual"}}`)
	k.run("patch", "vm", "demo", "-p", `{"spec":{"template":{"spec":{"volumes":[{"name":"data","emptyDisk":{"capacity":"1Gi"}}]}}}}`)
	k.run("patch", "vm", "demo", "--subresource=status", "--type=merge", "-p", `{"status":{"created":true}}`)
	vm := getVM(t, k.namespace, "demo")
	var volumes []string
	for _, v := range vm.Spec.Template.Spec.Volumes {
		volumes = append(volumes, v.Name)
	}
	slices.Sort(volumes)
	if vm.Labels["app"] != "web" || vm.Annotations["note"] != "x" || *vm.Spec.RunStrategy != v1.RunStrategyManual ||
		!slices.Equal(volumes, []string{"data", "root"}) || !vm.Status.Created {
		t.Errorf("after the writes: %+v", vm)
	}
	out := k.with(`{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachine","metadata":{"name":"bad"},"spec":{"runStrategy":"Always","tmplate":{}}}`).fail("create", "-f", "-")
	if !strings.Contains(out, `unknown field "spec.tmplate"`) {
		t.Errorf("kubectl says of an unknown field: %s", out)
	}
	out = k.with(`{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachine","metadata":{"name":"bad"},"spec":{"runStrategy":"Always"}}`).fail("create", "-f", "-")
	expectOutput(t, "create without a template", out, `The VirtualMachine "bad" is invalid: spec.template: Required value: missing virtual machine template.`)
	k.run("patch", "vm", "demo", "--type=merge", "-p", `{"metadata":{"finalizers":null}}`)
	expectOutput(t, "delete", k.run("delete", "vm", "demo", "--timeout=30s"), `virtualmachine.kubevirt.io "demo" deleted from `+k.namespace+` namespace`)
}

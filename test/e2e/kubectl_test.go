// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/test/e2e/suite"
)

// TestKubectl goes through the life of the example with kubectl, which knows nothing of virtual machines.
func TestKubectl(t *testing.T) {
	t.Parallel()
	n := cluster.NewNamespace(t)
	manifest := filepath.Join(cluster.Root, "artifacts", "examples", "demo.yaml")
	statuses := watchStatuses(n)

	began := time.Now()
	if got := n.Kubectl("apply", "--filename", manifest); got != "virtualmachine.kubevirt.io/demo created\n" {
		t.Errorf("apply prints %q", got)
	}
	n.Kubectl("wait", "--for=condition=Ready", "vm/demo", "--timeout=2m")
	suite.Measured(t, "kubectl apply to condition Ready", time.Since(began))
	vmi := n.GetVMI("demo")
	if seen := statuses(); !inOrder(seen, "Starting", "Running") {
		t.Errorf("get vm --watch shows %v, want Starting and then Running", seen)
	}

	t.Run("get", func(t *testing.T) { testGet(n.In(t), vmi) })
	t.Run("discovery", func(t *testing.T) { testDiscovery(n.In(t)) })
	// The agent's report is the last change of the status that has a cause of its own.
	n.AwaitVM("demo", "connected to the agent", suite.Boot, func(vm *v1.VirtualMachine) bool {
		return vm != nil && vm.Condition("AgentConnected") != nil
	})
	t.Run("describe", func(t *testing.T) { testDescribe(n.In(t), vmi) })
	t.Run("apply again", func(t *testing.T) { testApplyAgain(n.In(t), manifest) })
	t.Run("change", func(t *testing.T) { testChange(n.In(t)) })

	o := n.Try("", "kubectl", "delete", "vm", "demo")
	if o.Code != 0 || !strings.Contains(o.Stdout, "\"demo\" deleted") {
		t.Errorf("delete: exit code %d: %s%s", o.Code, o.Stdout, o.Stderr)
	}
	suite.Measured(t, "kubectl delete of a running VM until it returns", o.Took)
	if o := n.Try("", "kubectl", "get", "vms,vmis"); o.Stdout != "" || !strings.Contains(o.Stderr, "No resources found") {
		t.Errorf("after delete returned there is still:\n%s%s", o.Stdout, o.Stderr)
	}
	n.Kubectl("wait", "--for=delete", "pod", "--all", "--timeout=30s")
	if o := n.Try("", "kubectl", "get", "vm", "demo"); o.Code == 0 || !strings.Contains(o.Stderr, `virtualmachines.kubevirt.io "demo" not found`) {
		t.Errorf("get of a deleted machine: exit code %d: %s", o.Code, o.Stderr)
	}
}

// watchStatuses runs kubectl get vm --watch and returns what gives the STATUS of each line so far, up to Running.
func watchStatuses(n *suite.Namespace) func() []string {
	n.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	n.Cleanup(cancel)
	cmd := n.Command(ctx, "kubectl", "get", "vms", "--watch", "--no-headers")
	output, err := cmd.StdoutPipe()
	suite.Need(n, err, "open pipe")
	suite.Need(n, cmd.Start(), "start kubectl get --watch")
	done := make(chan []string, 1)
	go func() {
		var seen []string
		for lines := bufio.NewScanner(output); lines.Scan(); {
			// NAME AGE STATUS READY
			if fields := strings.Fields(lines.Text()); len(fields) >= 3 {
				seen = append(seen, fields[2])
				if fields[2] == "Running" {
					break
				}
			}
		}
		done <- seen
		cancel()
		_ = cmd.Wait() // it was killed
	}()
	return func() []string {
		select {
		case seen := <-done:
			return seen
		case <-time.After(suite.Quick):
			n.Fatalf("get vm --watch does not show Running")
			return nil
		}
	}
}

func inOrder(all []string, wanted ...string) bool {
	for _, word := range wanted {
		i := slices.Index(all, word)
		if i < 0 {
			return false
		}
		all = all[i+1:]
	}
	return true
}

func testGet(n *suite.Namespace, vmi *v1.VirtualMachineInstance) {
	ip := vmi.Status.Interfaces[0].IP
	for _, c := range []struct {
		args string
		want []string
	}{
		{"get vms,vmis --all-namespaces", []string{
			`NAMESPACE +NAME +AGE +STATUS +READY`, n.ID + ` +virtualmachine.kubevirt.io/demo +\S+ +Running +True`,
			`NAMESPACE +NAME +AGE +PHASE +IP +NODENAME +READY`,
			n.ID + ` +virtualmachineinstance.kubevirt.io/demo +\S+ +Running +` + regexp.QuoteMeta(ip) + ` +` + vmi.Status.NodeName + ` +True`}},
		{"get vmi --output=wide", []string{`NAME +AGE +PHASE +IP +NODENAME +READY +LIVE-MIGRATABLE +PAUSED`, `demo +\S+ +Running`}},
		{"get vm --output=wide", []string{`NAME +AGE +STATUS +READY`}},
		{"get virtualmachineinstances --field-selector=status.phase=Running --output=name", []string{`^virtualmachineinstance.kubevirt.io/demo\n$`}},
		{"get vmi --field-selector=status.phase=Failed --output=name", []string{`^$`}},
		{"get vmi --field-selector=status.nodeName=" + vmi.Status.NodeName + " --output=name", []string{`/demo\n`}},
		{"get vm demo --output=jsonpath={.status.printableStatus}", []string{`^Running$`}},
		{"get all", []string{`virtualmachine.kubevirt.io/demo`, `virtualmachineinstance.kubevirt.io/demo`, `pod/virt-launcher-demo-`}},
		{"get vm demo --output=yaml", []string{`apiVersion: kubevirt.io/v1\nkind: VirtualMachine\n`}},
	} {
		prints(n, c.args, c.want...)
	}
}

func testDiscovery(n *suite.Namespace) {
	prints(n, "api-resources --api-group=kubevirt.io",
		`virtualmachineinstances +vmi,vmis +kubevirt.io/v1 +true +VirtualMachineInstance`,
		`virtualmachines +vm,vms +kubevirt.io/v1 +true +VirtualMachine`)
	prints(n, "api-versions", `(?m)^kubevirt.io/v1$`, `(?m)^subresources.kubevirt.io/v1$`)
	prints(n, "explain vm.spec.template.spec.domain", `KIND: +VirtualMachine`, `FIELDS:`, `devices\s+<\w+>`, `memory\s+<\w+>`, `cpu\s+<\w+>`)
	prints(n, "explain vm.spec.runStrategy", `FIELD: runStrategy`, `(?s)DESCRIPTION:\s+\w+`)
	prints(n, "explain --recursive vmi.status.interfaces", `ipAddress\s`)
}

func testDescribe(n *suite.Namespace, vmi *v1.VirtualMachineInstance) {
	prints(n, "describe vm demo", `Name: +demo`, `Kind: +VirtualMachine`, `Printable Status: +Running`, `Events:`)
	prints(n, "describe vmi demo", `Phase: +Running`, `Node Name: +`+vmi.Status.NodeName,
		`Normal +SuccessfulCreate .*virt-launcher-demo-`, `Normal +Started `)
}

// testApplyAgain applies what is there already, which must write nothing, not even the same again.
func testApplyAgain(n *suite.Namespace, manifest string) {
	unchanged := func(args ...string) {
		n.Helper()
		before := n.GetVM("demo")
		n.Kubectl(append(args, "--filename", manifest)...)
		if after := n.GetVM("demo"); after.ResourceVersion != before.ResourceVersion {
			n.Errorf("kubectl %s, again, writes: %s", strings.Join(args, " "), cmp.Diff(before, after))
		}
	}
	if got := n.Kubectl("apply", "--filename", manifest); got != "virtualmachine.kubevirt.io/demo unchanged\n" {
		n.Errorf("apply, again, prints %q", got)
	}
	unchanged("apply")
	unchanged("diff")
	n.Kubectl("apply", "--server-side", "--filename", manifest)
	unchanged("apply", "--server-side")
	unchanged("apply", "--server-side")
	unchanged("diff", "--server-side")
	if got := n.Kubectl("diff", "--filename", manifest); got != "" {
		n.Errorf("diff prints %q", got)
	}

	// And from the beginning with server-side apply, for a machine that is not started.
	vm := n.Machine("applied", suite.RunStrategy(v1.RunStrategyHalted))
	raw, err := yaml.Marshal(vm)
	suite.Need(n, err, "encode machine")
	file := filepath.Join(n.TempDir(), "applied.yaml")
	suite.Need(n, os.WriteFile(file, raw, 0o600), "write manifest")
	n.Kubectl("apply", "--server-side", "--filename", file)
	n.AwaitVM("applied", "seen by the controller", suite.Quick, func(vm *v1.VirtualMachine) bool {
		return vm != nil && vm.Status.RunStrategy == v1.RunStrategyHalted
	})
	before := n.GetVM("applied").ResourceVersion
	n.Kubectl("apply", "--server-side", "--filename", file)
	n.Kubectl("diff", "--server-side", "--filename", file)
	if after := n.GetVM("applied").ResourceVersion; after != before {
		n.Errorf("apply --server-side, again: resourceVersion was %s, is %s", before, after)
	}
	n.Kubectl("delete", "--filename", file)
}

func testChange(n *suite.Namespace) {
	n.Kubectl("label", "vm", "demo", "tier=test")
	prints(n, "get vm --selector=tier=test --output=name", `^virtualmachine.kubevirt.io/demo\n$`)
	n.Kubectl("annotate", "vmi", "demo", "note=hello")
	prints(n, "get vmi demo --output=jsonpath={.metadata.annotations.note}", `^hello$`)

	before := n.GetVM("demo").Generation
	n.Kubectl("patch", "vm", "demo", "--type=merge", "--patch", `{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":7}}}}`)
	n.Kubectl("patch", "vm", "demo", "--type=json", "--patch", `[{"op":"add","path":"/metadata/labels/step","value":"two"}]`)
	// The lists of disks and volumes merge by name, as lists of built-in kinds do.
	n.Kubectl("patch", "vm", "demo", "--patch", `{"spec":{"template":{"spec":{"domain":{"devices":{"disks":[{"name":"cloudinit","serial":"SEED"}]}}}}}}`)
	vm := n.GetVM("demo")
	if vm.Generation != before+2 {
		n.Errorf("two changes of the spec and one of the labels: the generation was %d and is %d", before, vm.Generation)
	}
	if got := ptr.Deref(vm.Spec.Template.Spec.TerminationGracePeriodSeconds, 0); got != 7 {
		n.Errorf("after the merge patch terminationGracePeriodSeconds is %d", got)
	}
	disks := vm.Spec.Template.Spec.Domain.Devices.Disks
	if len(disks) != 2 || disks[0].Name != "root" || disks[1].Name != "cloudinit" || disks[1].Serial != "SEED" || disks[1].Disk == nil {
		n.Errorf("after the strategic merge patch the disks are %+v", disks)
	}
	n.AwaitVM("demo", "telling that a restart is needed", suite.Quick, func(vm *v1.VirtualMachine) bool {
		c := vm.Condition(v1.VirtualMachineRestartRequired)
		return c != nil && c.Status == v1.ConditionTrue
	})
	n.Kubectl("label", "vm", "demo", "tier-")
	prints(n, "get vm --selector=tier=test --output=name", `^$`)
}

// prints runs kubectl and matches what it prints.
func prints(n *suite.Namespace, args string, patterns ...string) {
	n.Helper()
	output := n.Kubectl(strings.Fields(args)...)
	for _, pattern := range patterns {
		if !regexp.MustCompile(pattern).MatchString(output) {
			n.Errorf("kubectl %s: no %q in\n%s", args, pattern, output)
		}
	}
}

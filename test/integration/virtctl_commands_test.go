// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// TestVirtctlTellsWhatTheServerLacks holds that the words of the server come through, and that nothing is left behind.
func TestVirtctlTellsWhatTheServerLacks(t *testing.T) {
	v := newVirtctl(t)
	vm := create(t, v.namespace, newVM("demo"))
	setPhase(t, createVMI(t, v.namespace, newVMI("demo", func(vmi *v1.VirtualMachineInstance) {
		vmi.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(vm, v1.SchemeGroupVersion.WithKind("VirtualMachine"))}
	})), v1.Running)
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "data"}, Spec: corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
	}}
	must(cluster.core.CoreV1().PersistentVolumeClaims(v.namespace).Create(t.Context(), claim, metav1.CreateOptions{}))(t)

	v.fail("Error from server (NotImplemented): live migration is not implemented by this version of virtplane", "migrate", "demo")
	v.fail("Error: the cluster has no live migration: it does not serve virtualmachineinstancemigrations.kubevirt.io", "migrate-cancel", "demo")
	v.fail("Error: there is neither a DataVolume nor a PersistentVolumeClaim none in namespace "+v.namespace, "addvolume", "demo", "--volume-name=none")
	if code, _, errOut := v.try("addvolume", "demo", "--volume-name=data"); code != 1 || !strings.Contains(errOut, "(Invalid)") || !strings.Contains(errOut, "persistentVolumeClaim") {
		t.Errorf("addvolume: exit code %d, %s", code, errOut)
	}
	v.fail("Error from server (Conflict): "+vmConflict+"Unable to remove volume [root] because it is not hotpluggable", "removevolume", "demo", "--volume-name=root")
	v.fail(`Error from server (NotFound): virtualmachine.kubevirt.io "none" not found`, "removevolume", "none", "--volume-name=root")
	v.fail("Error from server (NotImplemented): dumping the memory of a guest is not implemented by this version of virtplane", "memory-dump", "get", "demo", "--claim-name=data")
	if code, _, errOut := v.try("memory-dump", "get", "demo", "--claim-name=dump", "--create-claim"); code != 1 || !strings.Contains(errOut, "PVC "+v.namespace+"/dump deleted again\n") {
		t.Errorf("memory-dump: exit code %d, %s", code, errOut)
	}
	claims := must(cluster.core.CoreV1().PersistentVolumeClaims(v.namespace).List(t.Context(), metav1.ListOptions{}))(t)
	for _, c := range claims.Items {
		if c.Name != "data" && c.DeletionTimestamp == nil {
			t.Errorf("a dump that is not there leaves the claim %s", c.Name)
		}
	}
	v.fail("Error from server (Conflict): "+vmConflict+"can't remove memory dump association for vm demo, no association found", "memory-dump", "remove", "demo")
	if code, _, errOut := v.try("credentials", "add-ssh-key", "demo", "--user=admin", "--value=ssh-rsa AAAA me", "--force"); code != 1 ||
		!strings.Contains(errOut, "spec.template.spec.accessCredentials: Forbidden: access credentials are not supported") {
		t.Errorf("add-ssh-key: exit code %d, %s", code, errOut)
	}
	if secrets := must(cluster.core.CoreV1().Secrets(v.namespace).List(t.Context(), metav1.ListOptions{}))(t); len(secrets.Items) > 0 {
		t.Errorf("a refused credential leaves the Secret %s", secrets.Items[0].Name)
	}
	v.fail("Error: VM demo uses no Secret for passwords; add one to spec.template.spec.accessCredentials[].userPassword", "credentials", "set-password", "demo", "--user=a", "--password=b")
}

func TestVirtctlOnInstances(t *testing.T) {
	v := newVirtctl(t)
	v.fail(`Error from server (NotFound): virtualmachineinstance.kubevirt.io "demo" not found`, "reset", "demo")
	create(t, v.namespace, newVM("demo"))
	for _, command := range []string{"reset", "soft-reboot", "freeze", "unfreeze", "guestosinfo", "userlist", "fslist"} {
		v.fail("Error: "+command+" VM demo: it is not running (virtctl start demo)", command, "demo")
	}
	vmi := setPhase(t, createVMI(t, v.namespace, newVMI("demo")), v1.Running, func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.NodeName, vmi.Status.EvacuationNodeName = "nowhere", "nowhere"
	})
	for _, command := range []string{"guestosinfo", "userlist", "fslist"} {
		v.fail("Error from server (Conflict): "+vmiConflict+"VMI does not have guest agent connected", command, "demo")
	}
	for _, command := range []string{"reset", "soft-reboot", "freeze", "unfreeze"} {
		v.fail(`Error from server (ServiceUnavailable): reach the plugin of node "nowhere": no virt-nodeplugin pod runs on the node`, command, "demo")
	}
	expectOutput(t, "evacuate-cancel --dry-run", v.run("evacuate-cancel", "vmi", "demo", "--dry-run"), "Dry Run execution\nEvacuation of VMI demo was canceled")
	if got := getVMI(t, v.namespace, "demo").Status.EvacuationNodeName; got != vmi.Status.EvacuationNodeName {
		t.Errorf("a dry run withdraws the order to leave node %q", vmi.Status.EvacuationNodeName)
	}
	v.run("evacuate-cancel", "vmi", "demo")
	if got := getVMI(t, v.namespace, "demo").Status.EvacuationNodeName; got != "" {
		t.Errorf("the guest still has to leave node %q", got)
	}
}

// TestVirtctlWaits plays the controller, and has virtctl wait for it.
func TestVirtctlWaits(t *testing.T) {
	v := newVirtctl(t)
	create(t, v.namespace, newVM("demo"))
	type outcome struct {
		code        int
		out, errOut string
	}
	wait := func(verb string) <-chan outcome {
		ended := make(chan outcome, 1)
		go func() {
			code, out, errOut := v.try(verb, "demo", "--wait", "--timeout=1m")
			ended <- outcome{code, out, errOut}
		}()
		return ended
	}
	started := wait("start")
	eventually(t, "the start", func(ctx context.Context) error {
		vm, err := machines(v.namespace).Get(ctx, "demo", metav1.GetOptions{})
		if err == nil && *vm.Spec.RunStrategy != v1.RunStrategyAlways {
			err = fmt.Errorf("the run strategy is %s", *vm.Spec.RunStrategy)
		}
		return err
	})
	vmi := createVMI(t, v.namespace, newVMI("demo"))
	vmi = setPhase(t, vmi, v1.Scheduling, func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.Conditions = []v1.VirtualMachineInstanceCondition{{Type: "PodScheduled", Status: v1.ConditionFalse, Message: "no node has room"}}
	})
	setPhase(t, vmi, v1.Running)
	if got := <-started; got.code != 0 || got.out != "VM demo was scheduled to start\nVM demo is running\n" {
		t.Errorf("start: %+v", got)
	}
	stopped := wait("stop")
	eventually(t, "the stop", func(ctx context.Context) error {
		vm, err := machines(v.namespace).Get(ctx, "demo", metav1.GetOptions{})
		if err == nil && *vm.Spec.RunStrategy != v1.RunStrategyHalted {
			err = fmt.Errorf("the run strategy is %s", *vm.Spec.RunStrategy)
		}
		return err
	})
	vmi = getVMI(t, v.namespace, "demo")
	vmi.Finalizers = nil
	must(instances(v.namespace).Update(t.Context(), vmi, metav1.UpdateOptions{}))(t)
	if err := instances(v.namespace).Delete(t.Context(), "demo", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := <-stopped; got.code != 0 || got.out != "VM demo was scheduled to stop\nVM demo has stopped\n" {
		t.Errorf("stop: %+v", got)
	}
}

// TestVirtctlOfAViewer holds that rights are asked for what a command does, and that refusals name them.
func TestVirtctlOfAViewer(t *testing.T) {
	v := newVirtctl(t)
	create(t, v.namespace, newVM("demo"))
	setPhase(t, createVMI(t, v.namespace, newVMI("demo")), v1.Running)
	bind(t, v.namespace, "looker", "kubevirt.io:view")
	viewer := v.as(throughHost(t, "looker"))
	viewer.fail("Error from server (Conflict): "+vmiConflict+"VMI does not have guest agent connected", "guestosinfo", "demo")
	viewer.run("expand", "--vm=demo")
	for command, what := range map[string]string{
		"reset demo":                         `virtualmachineinstances.subresources.kubevirt.io "demo" is forbidden: User "looker" cannot update resource "virtualmachineinstances/reset"`,
		"migrate demo":                       `virtualmachines.subresources.kubevirt.io "demo" is forbidden: User "looker" cannot update resource "virtualmachines/migrate"`,
		"expose vm demo --name=a --port=1":   `services is forbidden: User "looker" cannot create resource "services"`,
		"removevolume demo --volume-name=a":  `virtualmachines.subresources.kubevirt.io "demo" is forbidden: User "looker" cannot update resource "virtualmachines/removevolume"`,
		"adm log-verbosity --virt-handler=3": "",
	} {
		code, out, errOut := viewer.try(strings.Fields(command)...)
		if code != 1 || out != "" || what != "" && !strings.HasPrefix(errOut, "Error from server (Forbidden): "+what) {
			t.Errorf("%s: exit code %d, %s%s", command, code, out, errOut)
		}
	}
}

// TestVirtctlSettings works on a server of its own: others would see what is changed.
func TestVirtctlSettings(t *testing.T) {
	s := newSettings(t, "virtctl")
	v := virtctlOf{t: t, namespace: newNamespace(t)}.as(must(s.login("admin", "system:masters"))(t))
	v.fail("Error: the cluster has no KubeVirt object, which holds the settings; is virtplane installed?", "permitted-devices")
	must(s.kubevirts.Create(t.Context(), withConfiguration(t, "{developerConfiguration: {featureGates: [ObjectGraph], logVerbosity: {virtAPI: 2, nodeVerbosity: {node1: 5}}}}"),
		metav1.CreateOptions{}))(t)

	const rest = "virt-controller=default\nvirt-handler=default\nvirt-launcher=default\nvirt-operator=default"
	expectOutput(t, "log-verbosity", v.run("adm", "log-verbosity", "--all"), "virt-api=2\n"+rest)
	expectOutput(t, "a change", v.run("adm", "log-verbosity", "--virt-handler=7", "--virt-api=1"), "successfully set/reset the log verbosity")
	expectOutput(t, "log-verbosity", v.run("adm", "log-verbosity", "--virt-handler", "--virt-api"), "virt-api=1\nvirt-handler=7")
	verbosity := func() *v1.LogVerbosity {
		kv := must(s.kubevirts.Get(t.Context(), v1.KubeVirtName, metav1.GetOptions{}))(t)
		if gates := kv.Spec.Configuration.DeveloperConfiguration.FeatureGates; len(gates) != 1 {
			t.Errorf("the feature gates are %v", gates)
		}
		return kv.Spec.Configuration.DeveloperConfiguration.LogVerbosity
	}
	if got := verbosity(); got.NodeVerbosity["node1"] != 5 {
		t.Errorf("after a change the levels are %+v", got)
	}
	v.run("adm", "log-verbosity", "--reset", "--virt-handler=3")
	if got := verbosity(); got.VirtHandler != 3 || got.VirtAPI != 0 || len(got.NodeVerbosity) != 0 {
		t.Errorf("after a reset the levels are %+v", got)
	}
	v.run("adm", "log-verbosity", "--reset")
	expectOutput(t, "log-verbosity", v.run("adm", "log-verbosity", "--all"), "virt-api=default\n"+rest)
	expectOutput(t, "permitted-devices", v.run("permitted-devices"), "Permitted Devices: \nHost Devices: \n \nGPU Devices:")

	must(s.api.VirtualMachines(v.namespace).Create(t.Context(), newVM("demo", func(vm *v1.VirtualMachine) {
		vm.Spec.Template.Spec.Volumes[0].ContainerDisk.ImagePullSecret = "pull"
	}), metav1.CreateOptions{}))(t)
	if got := v.run("objectgraph", "demo"); !strings.Contains(got, `"kind": "VirtualMachine"`) {
		t.Errorf("objectgraph prints\n%s", got)
	}
	if got := v.run("objectgraph", "demo", "--selector=a=b", "--output=table"); got != "OBJECT                OPTIONAL   LABELS\nVirtualMachine/demo   -          kubevirt.io/dependency-type=compute\n" {
		t.Errorf("objectgraph of what nothing fits prints\n%s", got)
	}
}

// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/test/e2e/suite"
)

// TestVirtctlOnARunningGuest runs each of the commands about data and settings that has something to do with a guest
// which virtctl create vm has described.
func TestVirtctlOnARunningGuest(t *testing.T) {
	t.Parallel()
	n := cluster.NewNamespace(t)
	made := n.Try("virtplane\n", "virtctl", "create", "vm", "--name=made", "--memory=128Mi", "--termination-grace-period=4",
		"--volume-containerdisk=src:virtplane.io/guest-tiny:dev", "--volume-emptydisk=size:64Mi,name:data",
		"--user=root", "--password-file=-")
	if made.Code != 0 || !strings.Contains(made.Stderr, "the password is in the manifest") || strings.Contains(made.Stderr, "refuses") {
		t.Fatalf("create vm: %+v", made)
	}
	manifest := made.Stdout
	if got := n.KubectlWith(manifest, "create", "--filename=-"); got != "virtualmachine.kubevirt.io/made created\n" {
		t.Fatalf("kubectl create prints %q of\n%s", got, manifest)
	}
	vmi := n.AwaitRunning("made")
	t.Run("expose", func(t *testing.T) { testExpose(n.In(t), vmi) })
	t.Run("expand", func(t *testing.T) {
		n := n.In(t)
		if got := n.Virtctl("expand", "--vm=made"); !strings.Contains(got, "kind: VirtualMachine\n") || !strings.Contains(got, "guest: 128Mi\n") {
			t.Errorf("expand prints\n%s", got)
		}
	})
	t.Run("not there yet", func(t *testing.T) {
		n := n.In(t)
		n.VirtctlRefused("(NotImplemented)", "migrate", "made")
		n.VirtctlRefused("the cluster has no live migration", "migrate-cancel", "made")
		n.VirtctlRefused("(NotImplemented)", "memory-dump", "get", "made", "--claim-name=dump")
		n.VirtctlRefused("no association found", "memory-dump", "remove", "made")
		n.VirtctlRefused("neither a DataVolume nor a PersistentVolumeClaim data", "addvolume", "made", "--volume-name=data")
		n.VirtctlRefused("because it is not hotpluggable", "removevolume", "made", "--volume-name=data")
		n.VirtctlRefused("(Invalid)", "credentials", "add-ssh-key", "made", "--user=root", "--value=ssh-ed25519 AAAAC3Nz", "--force")
		if secrets := n.Kubectl("get", "secrets", "--output=name"); secrets != "" {
			t.Errorf("a refused key leaves %s", secrets)
		}
	})
	n.AwaitAgent("made")
	t.Run("agent", func(t *testing.T) { testGuestData(n.In(t)) })
	t.Run("evacuate-cancel", func(t *testing.T) {
		n := n.In(t)
		if got := n.Virtctl("evacuate-cancel", "vm", "made"); got != "Evacuation of VM made was canceled\n" {
			t.Errorf("evacuate-cancel prints %q", got)
		}
	})
	t.Run("reboots", func(t *testing.T) { testReboots(n.In(t)) })

	if got := n.Virtctl("stop", "made", "--force", "--grace-period=0", "--wait"); !strings.HasSuffix(got, "VM made has stopped\n") {
		t.Errorf("stop --wait prints %q", got)
	}
	if got := n.Try("", "kubectl", "get", "vmi", "made"); got.Code == 0 {
		t.Errorf("after stop --wait there is\n%s", got.Stdout)
	}
	n.VirtctlRefused("guestosinfo VM made: it is not running (virtctl start made)", "guestosinfo", "made")
	n.VirtctlRefused("reset VM made: it is not running", "reset", "made")
	for _, verb := range []string{"start", "restart"} {
		if got := n.Virtctl(verb, "made", "--wait"); !strings.HasSuffix(got, "VM made is running\n") {
			t.Errorf("%s --wait prints %q", verb, got)
		}
		if after := n.GetVMI("made"); !after.IsRunning() || after.UID == vmi.UID {
			t.Errorf("after %s --wait the instance is %s", verb, after.Status.Phase)
		} else {
			vmi = after
		}
	}
}

// testExpose makes a Service and waits until the cluster has found the guest behind it.
func testExpose(n *suite.Namespace, vmi *v1.VirtualMachineInstance) {
	n.VirtctlRefused("name one with --port", "expose", "vm", "made", "--name=web")
	if got := n.Virtctl("expose", "vm", "made", "--name=web", "--port=80", "--target-port=8080"); got != "Service web successfully created for vm made\n" {
		n.Errorf("expose prints %q", got)
	}
	service, err := n.Kube.CoreV1().Services(n.ID).Get(suite.Context(n, suite.Quick), "web", metav1.GetOptions{})
	suite.Need(n, err, "get service")
	if owner := metav1.GetControllerOf(service); owner == nil || owner.UID != n.GetVM("made").UID {
		n.Errorf("the Service belongs to %v", service.OwnerReferences)
	}
	pod := n.Launcher(vmi)
	ctx := suite.Context(n, suite.Quick)
	if err := awaitEndpoint(ctx, n, service, pod); err != nil {
		n.Errorf("the Service does not lead to %s: %v", pod.Status.PodIP, err)
	}
}

func awaitEndpoint(ctx context.Context, n *suite.Namespace, service *corev1.Service, pod *corev1.Pod) error {
	slices := n.Kube.DiscoveryV1().EndpointSlices(n.ID)
	watch, err := slices.Watch(ctx, metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + service.Name})
	if err != nil {
		return fmt.Errorf("watch endpoint slices: %w", err)
	}
	defer watch.Stop()
	for event := range watch.ResultChan() {
		slice, ok := event.Object.(*discoveryv1.EndpointSlice)
		if !ok {
			continue
		}
		for _, endpoint := range slice.Endpoints {
			if len(slice.Ports) > 0 && len(endpoint.Addresses) > 0 && endpoint.Addresses[0] == pod.Status.PodIP && *slice.Ports[0].Port == 8080 {
				return nil
			}
		}
	}
	return errors.Join(errors.New("the watch ended"), ctx.Err())
}

// testGuestData asks the agent, as a program does and as a person does.
func testGuestData(n *suite.Namespace) {
	info := &v1.VirtualMachineInstanceGuestAgentInfo{}
	if err := json.Unmarshal([]byte(n.Virtctl("guestosinfo", "made")), info); err != nil || info.GAVersion == "" || info.OS.KernelRelease == "" {
		n.Errorf("guestosinfo: %v, %+v", err, info)
	}
	disks := &v1.VirtualMachineInstanceFileSystemList{}
	if err := json.Unmarshal([]byte(n.Virtctl("fslist", "vm/made")), disks); err != nil || len(disks.Items) == 0 {
		n.Errorf("fslist: %v, %+v", err, disks)
	}
	if got := n.Virtctl("fslist", "made", "--output=table"); !regexp.MustCompile(`(?m)^DISK +MOUNT POINT +TYPE +SIZE +USED +USE$`).MatchString(got) {
		n.Errorf("fslist as a table:\n%s", got)
	}
	if got := n.Virtctl("userlist", "made", "--output=yaml"); !strings.Contains(got, "items:") {
		n.Errorf("userlist as YAML:\n%s", got)
	}
	if got := n.Virtctl("freeze", "made", "--unfreeze-timeout=1m"); got != "VMI made was scheduled to freeze\n" {
		n.Errorf("freeze prints %q", got)
	}
	if got := n.Virtctl("unfreeze", "made"); got != "VMI made was scheduled to unfreeze\n" {
		n.Errorf("unfreeze prints %q", got)
	}
	n.Virtctl("fslist", "made")
}

// testReboots has the guest boot twice more, in order and without a word to it.
func testReboots(n *suite.Namespace) {
	before := n.GetVMI("made")
	console := n.Console("made")
	for _, verb := range []string{"soft-reboot", "reset"} {
		console.Login()
		console.Forget()
		began := time.Now()
		if got := n.Virtctl(verb, "made"); got != "VMI made was scheduled to "+verb+"\n" {
			n.Errorf("%s prints %q", verb, got)
		}
		console.Expect(`login: `, suite.Boot)
		suite.Measured(n, "virtctl "+verb+" until the login prompt", time.Since(began))
	}
	if after := n.GetVMI("made"); after.UID != before.UID {
		n.Errorf("a reboot ends the instance: %s, then %s", before.UID, after.UID)
	}
}

// TestVirtctlSettings reads and changes what the cluster has one of, and puts it back.
func TestVirtctlSettings(t *testing.T) {
	n := cluster.NewNamespace(t)
	levels := n.Virtctl("adm", "log-verbosity", "--all")
	if !regexp.MustCompile(`^virt-api=\w+\nvirt-controller=\w+\nvirt-handler=\w+\nvirt-launcher=\w+\nvirt-operator=\w+\n$`).MatchString(levels) {
		t.Fatalf("log-verbosity prints\n%s", levels)
	}
	if level := strings.TrimSpace(strings.TrimPrefix(n.Virtctl("adm", "log-verbosity", "--virt-operator"), "virt-operator=")); level != "default" {
		t.Skipf("the level of virt-operator is set to %s", level)
	}
	n.Virtctl("adm", "log-verbosity", "--virt-operator=3")
	if got := n.Virtctl("adm", "log-verbosity", "--virt-operator"); got != "virt-operator=3\n" {
		t.Errorf("after a change: %s", got)
	}
	n.Virtctl("adm", "log-verbosity", "--virt-operator=0")
	if got := n.Virtctl("adm", "log-verbosity", "--all"); got != levels {
		t.Errorf("put back:\n%s\nwant\n%s", got, levels)
	}
	if got := n.Virtctl("permitted-devices"); !strings.HasPrefix(got, "Permitted Devices: \nHost Devices: \n") {
		t.Errorf("permitted-devices prints\n%s", got)
	}
	for kind, flags := range map[string][]string{
		"VirtualMachineInstancetype": {"instancetype", "--cpu=1", "--memory=1Gi"},
		"VirtualMachinePreference":   {"preference"},
		"VirtualMachineClone":        {"clone", "--source-name=stopped"},
	} {
		if got := n.Try("", "virtctl", append([]string{"create"}, flags...)...); got.Code != 0 || !strings.Contains(got.Stdout, "\nkind: "+kind+"\n") {
			t.Errorf("create %s: %+v", flags[0], got)
		}
	}
	n.Create("stopped", suite.RunStrategy(v1.RunStrategyHalted))
	if o := n.Try("", "virtctl", "objectgraph", "stopped"); o.Code != 0 && !strings.Contains(o.Stderr, "ObjectGraph feature gate not enabled") {
		t.Errorf("objectgraph: %+v", o)
	}
}

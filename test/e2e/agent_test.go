// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/test/e2e/suite"
)

// told is how long news of a guest's agent may take to an instance's status: it is asked every 10 seconds, and its
// word counts every 10 seconds.
const told = 45 * time.Second

// probedByAgent has both probes answered by the guest's agent. The guest is ready when it has the file /run/ready.
func probedByAgent(vm *v1.VirtualMachine) {
	spec := &vm.Spec.Template.Spec
	spec.LivenessProbe = &v1.Probe{
		Handler:             v1.Handler{GuestAgentPing: &v1.GuestAgentPing{}},
		InitialDelaySeconds: 30, TimeoutSeconds: 5, PeriodSeconds: 3, FailureThreshold: 4,
	}
	spec.ReadinessProbe = &v1.Probe{
		Handler:        v1.Handler{Exec: &corev1.ExecAction{Command: []string{"/bin/sh", "-c", "test -e /run/ready"}}},
		TimeoutSeconds: 5, PeriodSeconds: 2, FailureThreshold: 1,
	}
}

// TestAgent takes a guest by its agent: what it tells, freezing, probes, and a reboot.
func TestAgent(t *testing.T) {
	t.Parallel()
	n := cluster.NewNamespace(t)
	n.Create("machine", suite.Grace(grace), probedByAgent)
	n.AwaitAgent("machine")
	console := n.Console("machine")
	console.Login()
	t.Run("readiness", func(t *testing.T) { testAgentReadiness(n.In(t), console) })
	t.Run("status", func(t *testing.T) { testAgentStatus(n.In(t)) })
	t.Run("questions", func(t *testing.T) { testAgentQuestions(n.In(t)) })
	t.Run("freeze", func(t *testing.T) { testAgentFreeze(n.In(t), console) })
	t.Run("pause", func(t *testing.T) { testAgentPause(n.In(t)) })
	t.Run("reboot", func(t *testing.T) { testAgentReboot(n.In(t), console) })
}

// testAgentReadiness makes the guest ready, and not, by what its agent finds.
func testAgentReadiness(n *suite.Namespace, console *suite.Console) {
	if vmi := n.GetVMI("machine"); vmi.HasCondition(v1.VirtualMachineInstanceReady) {
		n.Error("the instance is ready before its probe succeeds")
	}
	for _, ready := range []bool{true, false, true} {
		console.Run(map[bool]string{true: "touch /run/ready", false: "rm /run/ready"}[ready])
		n.AwaitVMI("machine", fmt.Sprintf("ready: %v", ready), told, func(vmi *v1.VirtualMachineInstance) bool {
			return vmi != nil && vmi.HasCondition(v1.VirtualMachineInstanceReady) == ready
		})
	}
}

// testAgentStatus compares the status with the guest.
func testAgentStatus(n *suite.Namespace) {
	vmi := n.AwaitVMI("machine", "told of by the agent", told, func(vmi *v1.VirtualMachineInstance) bool {
		return vmi != nil && vmi.Status.GuestOSInfo.ID != "" && len(vmi.Status.Interfaces) > 0 && vmi.Status.Interfaces[0].InterfaceName != ""
	})
	pod := n.Launcher(vmi)
	nic := vmi.Status.Interfaces[0]
	if nic.InfoSource != "domain, guest-agent" || nic.Name != "default" || nic.IP != pod.Status.PodIP || !slices.Contains(nic.IPs, pod.Status.PodIP) {
		n.Errorf("interface %+v, the pod has %s", nic, pod.Status.PodIP)
	}
	if os := vmi.Status.GuestOSInfo; os.ID != "debian" || !strings.Contains(os.PrettyName, "Debian") || os.KernelRelease == "" || os.Machine != "x86_64" {
		n.Errorf("operating system %+v", os)
	}
	// Four rounds of questions to a guest in which nothing happens.
	n.Never("machine", "written", 40*time.Second, func(now *v1.VirtualMachineInstance) bool {
		return now != nil && now.ResourceVersion != vmi.ResourceVersion
	})
}

// ask reads a subresource of the instance.
func ask(n *suite.Namespace, verb string, into any) {
	n.Helper()
	raw := n.Kubectl("get", "--raw", "/apis/subresources.kubevirt.io/v1/namespaces/"+n.ID+"/virtualmachineinstances/machine/"+verb)
	suite.Need(n, json.Unmarshal([]byte(raw), into), "decode "+verb)
}

// testAgentQuestions asks what the agent knows.
func testAgentQuestions(n *suite.Namespace) {
	var info v1.VirtualMachineInstanceGuestAgentInfo
	ask(n, "guestosinfo", &info)
	if info.Hostname != "machine" || info.GAVersion == "" || info.OS.ID != "debian" || info.FSFreezeStatus != "thawed" || len(info.SupportedCommands) < 20 {
		n.Errorf("guestosinfo: %+v", info)
	}
	var filesystems v1.VirtualMachineInstanceFileSystemList
	ask(n, "filesystemlist", &filesystems)
	if len(filesystems.Items) == 0 || filesystems.Items[0].MountPoint != "/" || filesystems.Items[0].FileSystemType != "ext4" || filesystems.Items[0].TotalBytes == 0 {
		n.Errorf("filesystemlist: %+v", filesystems)
	}
	var users v1.VirtualMachineInstanceGuestOSUserList
	ask(n, "userlist", &users)
	if users.Kind != "VirtualMachineInstanceGuestOSUserList" || users.Items == nil {
		n.Errorf("userlist: %+v", users)
	}
}

// awaitFrozen waits until the instance says so.
func awaitFrozen(n *suite.Namespace, status string, within time.Duration) {
	n.Helper()
	n.AwaitVMI("machine", "freeze status "+status, within, func(vmi *v1.VirtualMachineInstance) bool {
		return vmi != nil && vmi.Status.FSFreezeStatus == status
	})
}

// testAgentFreeze freezes the guest, which thaws by itself and by a request.
func testAgentFreeze(n *suite.Namespace, console *suite.Console) {
	began := time.Now()
	n.Virtctl("freeze", "machine", "--unfreeze-timeout=8s")
	awaitFrozen(n, "frozen", suite.Quick)
	console.Run("sh -c 'echo x >/root/frozen; sync' & sleep 1")
	awaitFrozen(n, "", told)
	if took := time.Since(began); took < 8*time.Second {
		n.Errorf("thawed after %s", took)
	}
	console.Run("wait; grep x /root/frozen")
	n.Virtctl("freeze", "machine", "--unfreeze-timeout=0s")
	awaitFrozen(n, "frozen", suite.Quick)
	n.Virtctl("unfreeze", "machine")
	awaitFrozen(n, "", suite.Quick)
	n.Virtctl("unfreeze", "machine")
}

// testAgentPause stops the guest's clock for longer than its liveness probe bears without an answer.
func testAgentPause(n *suite.Namespace) {
	n.Virtctl("pause", "vm", "machine")
	n.VirtctlRefused("VMI is paused", "freeze", "machine")
	n.Never("machine", "ended by its probe", 25*time.Second, func(vmi *v1.VirtualMachineInstance) bool { return vmi == nil || !vmi.IsRunning() })
	if vmi := n.GetVMI("machine"); vmi.HasCondition(v1.VirtualMachineInstanceReady) {
		n.Error("a paused guest counts as ready")
	}
	n.Virtctl("unpause", "vm", "machine")
	n.AwaitRunning("machine")
}

// testAgentReboot reboots the guest by its agent.
func testAgentReboot(n *suite.Namespace, console *suite.Console) {
	before := n.GetVMI("machine")
	console.Forget()
	n.Virtctl("soft-reboot", "machine")
	n.AwaitVMI("machine", "without its agent", told, func(vmi *v1.VirtualMachineInstance) bool {
		return vmi != nil && !vmi.HasCondition(v1.VirtualMachineInstanceAgentConnected)
	})
	n.AwaitAgent("machine")
	if after := n.GetVMI("machine"); after.UID != before.UID || !after.IsRunning() {
		n.Errorf("after the reboot the instance is %s and %s, before %s", after.UID, after.Status.Phase, before.UID)
	}
	console.Login()
	console.Run("touch /run/ready")
}

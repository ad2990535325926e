// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"net/http"
	"strings"
	"testing"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// handshake are the headers of a client that opens a stream.
var handshake = map[string]string{
	"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}

// instanceStates are the columns of the table below; the last ones run on a node that has no plugin.
var instanceStates = []string{"none", "pending", "scheduled", "running", "agent", "paused", "failed"}

// stateOf puts an instance into one of the states.
func stateOf(t *testing.T, ns, state string) {
	t.Helper()
	phases := map[string]v1.VirtualMachineInstancePhase{
		"pending": v1.Pending, "scheduled": v1.Scheduled, "running": v1.Running, "agent": v1.Running, "paused": v1.Running, "failed": v1.Failed,
	}
	conditions := map[string]v1.VirtualMachineInstanceConditionType{"agent": v1.VirtualMachineInstanceAgentConnected, "paused": v1.VirtualMachineInstancePaused}
	if state == "none" {
		return
	}
	setPhase(t, createVMI(t, ns, newVMI("demo")), phases[state], func(vmi *v1.VirtualMachineInstance) {
		if state != "pending" {
			vmi.Status.NodeName = "nowhere"
		}
		if c := conditions[state]; c != "" {
			vmi.Status.Conditions = []v1.VirtualMachineInstanceCondition{{Type: c, Status: v1.ConditionTrue}}
		}
	})
}

// answers are the short forms of the answers in the table.
var answers = map[string]string{
	"missing":   `404 virtualmachineinstance.kubevirt.io "demo" not found`,
	"noLog":     "400 VMI is not running: it has no node yet, and so no log",
	"logAway":   `503 the log is on the node "nowhere", which cannot be reached: no virt-nodeplugin pod runs on the node`,
	"noPlugin":  `503 reach the plugin of node "nowhere": no virt-nodeplugin pod runs on the node`,
	"vmDown":    "409 " + vmiConflict + "VM is not running",
	"vmiDown":   "409 " + vmiConflict + "VMI is not running",
	"notYet":    "400 VMI is not running",
	"paused":    "409 " + vmiConflict + "VMI is paused",
	"unpaused":  "409 " + vmiConflict + "VMI is not paused",
	"again":     "409 " + vmiConflict + "VMI is already paused",
	"noAgent":   "409 " + vmiConflict + "VMI does not have guest agent connected",
	"failed":    "409 " + vmiConflict + "VMI is in failed status",
	"noUSB":     "409 " + vmiConflict + "Not configured with USB Redirection",
	"noVSOCK":   "400 VSOCK is not attached.",
	"noNetwork": "400 no network interfaces are present",
	"noBlocks":  "409 " + vmiConflict + "ChangedBlockTracking is not enabled",
	"notOnNode": "409 " + vmiConflict + "VMI is not assigned to a node yet",
	"attest":    "409 " + vmiConflict + "Attestation not requested for VMI",
	"notSched":  "409 " + vmiConflict + "VMI is not in Scheduled phase",
	"noGraph":   "400 ObjectGraph feature gate not enabled: Unable to return object graph.",
	"plug":      "501 adding volumes to a running guest is not implemented by this version of virtplane",
	"unplug":    "409 " + vmiConflict + "Unable to remove volume [root] because it is not hotpluggable",
	"resetWait": "400 Failed to reset non-running VMI with phase Pending: Unable to connect to VirtualMachineInstance because phase is Pending instead of Running or Scheduled",
	"resetFail": "400 Failed to reset non-running VMI with phase Failed: Unable to connect to VirtualMachineInstance because phase is Failed instead of Running or Scheduled",
	"resetSoon": `503 Failed to reset non-running VMI with phase Scheduled: reach the plugin of node "nowhere": no virt-nodeplugin pod runs on the node`,
	"ok":        "200 ",
}

// instanceVerbs is the table of all verbs of instances: request, body, and the answer in each state.
var instanceVerbs = [][]string{
	{"PUT pause", "", "missing", "vmDown", "vmDown", "noPlugin", "noPlugin", "again", "vmDown"},
	{"PUT unpause", "", "missing", "vmiDown", "vmiDown", "unpaused", "unpaused", "noPlugin", "vmiDown"},
	{"PUT freeze", `{"unfreezeTimeout":"5m0s"}`, "missing", "vmDown", "vmDown", "noPlugin", "noPlugin", "noPlugin", "vmDown"},
	{"PUT unfreeze", "", "missing", "vmiDown", "vmiDown", "noPlugin", "noPlugin", "noPlugin", "vmiDown"},
	{"PUT reset", "", "missing", "resetWait", "resetSoon", "noPlugin", "noPlugin", "noPlugin", "resetFail"},
	{"PUT softreboot", "", "missing", "vmDown", "vmDown", "noPlugin", "noPlugin", "paused", "vmDown"},
	{"GET guestosinfo", "", "missing", "vmiDown", "vmiDown", "noAgent", "noPlugin", "noAgent", "vmiDown"},
	{"GET userlist", "", "missing", "vmiDown", "vmiDown", "noAgent", "noPlugin", "noAgent", "vmiDown"},
	{"GET filesystemlist", "", "missing", "vmiDown", "vmiDown", "noAgent", "noPlugin", "noAgent", "vmiDown"},
	{"GET console", "", "missing", "notYet", "notYet", "noPlugin", "noPlugin", "noPlugin", "failed"},
	{"GET log", "", "missing", "noLog", "logAway", "logAway", "logAway", "logAway", "logAway"},
	{"GET vnc", "", "missing", "notYet", "notYet", "noPlugin", "noPlugin", "noPlugin", "notYet"},
	{"GET vnc/screenshot", "", "missing", "notYet", "notYet", "noPlugin", "noPlugin", "noPlugin", "notYet"},
	{"GET usbredir", "", "missing", "noUSB", "noUSB", "noUSB", "noUSB", "noUSB", "noUSB"},
	{"GET vsock?port=22", "", "missing", "noVSOCK", "noVSOCK", "noVSOCK", "noVSOCK", "noVSOCK", "noVSOCK"},
	{"GET portforward/22", "", "missing", "noNetwork", "noNetwork", "noNetwork", "noNetwork", "paused", "noNetwork"},
	{"PUT addvolume", addedClaim, "missing", "vmiDown", "vmiDown", "plug", "plug", "plug", "vmiDown"},
	{"PUT removevolume", `{"name":"root"}`, "missing", "vmiDown", "vmiDown", "unplug", "unplug", "unplug", "vmiDown"},
	{"GET objectgraph", "", "noGraph", "noGraph", "noGraph", "noGraph", "noGraph", "noGraph", "noGraph"},
	{"PUT evacuate/cancel", "", "missing", "ok", "ok", "ok", "ok", "ok", "ok"},
	{"PUT backup", "", "missing", "vmDown", "vmDown", "noPlugin", "noPlugin", "noPlugin", "vmDown"},
	{"PUT redefine-checkpoint", "", "missing", "noBlocks", "noBlocks", "noBlocks", "noBlocks", "noBlocks", "noBlocks"},
	{"GET sev/fetchcertchain", "", "missing", "notOnNode", "attest", "attest", "attest", "attest", "notOnNode"},
	{"GET sev/querylaunchmeasurement", "", "missing", "vmiDown", "vmiDown", "attest", "attest", "attest", "vmiDown"},
	{"PUT sev/setupsession", `{"session":"s","dhCert":"c"}`, "missing", "notSched", "attest", "notSched", "notSched", "notSched", "notSched"},
	{"PUT sev/injectlaunchsecret", `{"header":"h","secret":"s"}`, "missing", "vmiDown", "vmiDown", "attest", "attest", "attest", "vmiDown"},
}

const addedClaim = `{"name":"data","disk":{"disk":{"bus":"scsi"}},"volumeSource":{"persistentVolumeClaim":{"claimName":"data"}}}`

func TestVerbsOfAnInstanceInEachState(t *testing.T) {
	for i, state := range instanceStates {
		t.Run(state, func(t *testing.T) {
			ns := newNamespace(t)
			stateOf(t, ns, state)
			for _, row := range instanceVerbs {
				method, verb, _ := strings.Cut(row[0], " ")
				code, want, _ := strings.Cut(answers[row[2+i]], " ")
				var header map[string]string
				if method == http.MethodGet {
					header = handshake
				}
				for _, group := range groups {
					a := call(t, cluster.direct, method, pathOf(group, ns, "virtualmachineinstances", "demo")+"/"+verb, row[1], header)
					switch what := row[0] + " of " + group; {
					case code == "200":
						expectDone(t, what, a, 200)
					default:
						expectRefusal(t, what, a, codeOf(t, code), want)
					}
				}
			}
		})
	}
	for name := range servedVerbs {
		resource, verb, _ := strings.Cut(name, "/")
		tested := false
		for _, row := range instanceVerbs {
			_, path, _ := strings.Cut(row[0], " ")
			tested = tested || path == verb || strings.HasPrefix(path, verb+"/") || strings.HasPrefix(path, verb+"?")
		}
		if resource == "virtualmachineinstances" && !tested {
			t.Errorf("%s is not in the table", name)
		}
	}
}

func TestWhatVerbsOfAnInstanceNeed(t *testing.T) {
	ns := newNamespace(t)
	stateOf(t, ns, "running")
	for _, c := range []struct{ request, body, want string }{
		{"PUT addvolume", "", "400 Request with no body, a new name is expected as the request body"},
		{"PUT addvolume", `{"name":"root","disk":{},"volumeSource":{"dataVolume":{"name":"dv"}}}`, "409 " + vmiConflict + "Unable to add volume [root] because volume with that name already exists"},
		{"PUT removevolume", `{"name":"data"}`, "409 " + vmiConflict + "Unable to remove volume [data] because it does not exist"},
		{"PUT sev/setupsession", "", "400 Request with no body: SEV session parameters are required"},
		{"PUT sev/setupsession", `{"dhCert":"c"}`, "400 Session blob is required"},
		{"PUT sev/setupsession", `{"session":"s"}`, "400 DH cert is required"},
		{"PUT sev/injectlaunchsecret", "", "400 Request with no body: SEV secret parameters are required"},
		{"PUT sev/fetchcertchain", "", "405 PUT of sev/fetchcertchain is not supported"},
		{"GET sev/other", "", "404 sev/other is no subresource of virtualmachineinstances; there is sev/fetchcertchain, sev/querylaunchmeasurement, sev/setupsession, sev/injectlaunchsecret"},
		{"GET portforward", "", "404 portforward is no subresource of virtualmachineinstances; there is portforward/*"},
		{"GET portforward/ssh", "", `400 portforward/ssh: "ssh" is no port; give a number from 1 to 65535`},
		{"GET portforward/22/icmp", "", `400 portforward/22/icmp: "icmp" is no protocol; use tcp or udp`},
		{"GET vnc?preserveSession=maybe", "", `400 preserveSession: "maybe" is neither true nor false`},
		{"PUT evacuate", "", "404 evacuate is no subresource of virtualmachineinstances; there is evacuate/cancel"},
		{"PUT reset?dryRun=All", "", "503 " + `reach the plugin of node "nowhere": no virt-nodeplugin pod runs on the node`},
		{"PUT reset?dryRun=Yes", "", `400 dryRun: "Yes" is not supported; the only value is All`},
	} {
		method, path, _ := strings.Cut(c.request, " ")
		code, want, _ := strings.Cut(c.want, " ")
		a := call(t, cluster.direct, method, pathOf("subresources.kubevirt.io", ns, "virtualmachineinstances", "demo")+"/"+path, c.body, nil)
		expectRefusal(t, c.request+" "+c.body, a, codeOf(t, code), want)
	}
	createVMI(t, ns, newVMI("dumb", func(vmi *v1.VirtualMachineInstance) {
		vmi.Spec.Domain.Devices.AutoattachSerialConsole, vmi.Spec.Domain.Devices.AutoattachGraphicsDevice = ptr(false), ptr(false)
	}))
	for stream, want := range map[string]string{
		"console": "No serial consoles are present.", "vnc": "No graphics devices are present.", "vnc/screenshot": "No graphics devices are present.",
	} {
		a := call(t, cluster.direct, http.MethodGet, pathOf("kubevirt.io", ns, "virtualmachineinstances", "dumb")+"/"+stream, "", handshake)
		expectRefusal(t, stream+" of a guest without one", a, 400, want)
	}
}

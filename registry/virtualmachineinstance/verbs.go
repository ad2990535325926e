// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"net/http"

	"k8s.io/apimachinery/pkg/runtime"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/subresource"
)

const jsonType = "application/json"

// endpoints returns the subresources of instances by name.
func (i *Instances) endpoints() map[string]*subresource.Endpoint {
	instance := func() runtime.Object { return &v1.VirtualMachineInstance{} }
	put := func(do subresource.Func) *subresource.Endpoint { return subresource.Put(instance, do) }
	get := func(do subresource.Func) *subresource.Endpoint { return subresource.Get(instance, do) }
	return map[string]*subresource.Endpoint{
		"pause": subresource.Put(func() runtime.Object { return &v1.PauseOptions{} },
			i.command("pause", pauseOptions, running(vmNotRunning), unprobed, notPaused("VMI is already paused"))),
		"unpause": subresource.Put(func() runtime.Object { return &v1.UnpauseOptions{} },
			i.command("unpause", unpauseOptions, i.notInSnapshot, running(vmiNotRunning), isPaused)),
		"freeze": subresource.Put(func() runtime.Object { return &v1.FreezeUnfreezeTimeout{} },
			i.command("freeze", freezeOptions, running(vmNotRunning))),
		"unfreeze":   put(i.command("unfreeze", nil, running(vmiNotRunning))),
		"reset":      put(i.reset),
		"softreboot": put(i.command("softreboot", nil, running(vmNotRunning), notPaused(vmiPaused), canReboot)),

		"guestosinfo": subresource.Get(func() runtime.Object { return &v1.VirtualMachineInstanceGuestAgentInfo{} },
			i.query("guestosinfo", jsonType, running(vmiNotRunning), agentConnected)),
		"userlist": subresource.Get(func() runtime.Object { return &v1.VirtualMachineInstanceGuestOSUserList{} },
			i.query("userlist", jsonType, running(vmiNotRunning), agentConnected)),
		"filesystemlist": subresource.Get(func() runtime.Object { return &v1.VirtualMachineInstanceFileSystemList{} },
			i.query("filesystemlist", jsonType, running(vmiNotRunning), agentConnected)),

		"console": subresource.Get(func() runtime.Object { return &v1.ConsoleOptions{} }, i.stream("console", viewOf)),
		"log":     get(i.log),
		"vnc": subresource.New(instance,
			subresource.Route{Method: http.MethodGet, Do: i.stream("vnc", vncOf)},
			subresource.Route{Method: http.MethodGet, Tail: "screenshot", Do: i.screenshot}),
		"usbredir":    get(i.stream("usbredir", usbOf)),
		"vsock":       get(i.stream("vsock", vsockOf)),
		"portforward": subresource.New(instance, subresource.Route{Method: http.MethodGet, Tail: subresource.Any, Do: i.portForward}),

		"addvolume":    subresource.Put(func() runtime.Object { return &v1.AddVolumeOptions{} }, i.addVolume),
		"removevolume": subresource.Put(func() runtime.Object { return &v1.RemoveVolumeOptions{} }, i.removeVolume),
		"objectgraph":  subresource.Get(func() runtime.Object { return &v1.ObjectGraphNode{} }, i.objectGraph),
		"evacuate": subresource.New(func() runtime.Object { return &v1.EvacuateCancelOptions{} },
			subresource.Route{Method: http.MethodPut, Tail: "cancel", Do: i.cancelEvacuation}),

		"backup": subresource.Put(func() runtime.Object { return &v1.BackupOptions{} },
			i.command("backup", backupOptions, running(vmNotRunning))),
		"redefine-checkpoint": subresource.Put(func() runtime.Object { return &v1.BackupCheckpoint{} },
			i.command("redefine-checkpoint", checkpointOptions, tracksBlocks)),
		"sev": subresource.New(instance,
			subresource.Route{Method: http.MethodGet, Tail: "fetchcertchain", Do: i.sev(i.query("sev/fetchcertchain", jsonType, onNode, attested))},
			subresource.Route{Method: http.MethodGet, Tail: "querylaunchmeasurement",
				Do: i.sev(i.query("sev/querylaunchmeasurement", jsonType, running(vmiNotRunning), attested, isPaused))},
			subresource.Route{Method: http.MethodPut, Tail: "setupsession", Do: i.sev(i.setupSession)},
			subresource.Route{Method: http.MethodPut, Tail: "injectlaunchsecret",
				Do: i.sev(i.command("sev/injectlaunchsecret", secretOptions, running(vmiNotRunning), attested, isPaused))}),
	}
}

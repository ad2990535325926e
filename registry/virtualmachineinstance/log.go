// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/frame"
)

// log answers with the log of an instance's serial console.
func (i *Instances) log(req *http.Request, name string) (http.Handler, error) {
	vmi, err := i.get(req.Context(), name)
	if err != nil {
		return nil, err
	}
	vm, err := i.around.Machine(req.Context(), name)
	if err != nil {
		return nil, err
	}
	if vm != nil && !metav1.IsControlledBy(vmi, vm) {
		vm = nil
	}
	return i.Log(req, vm, vmi)
}

// Log answers with the log of the serial console of a guest, of which the node keeps the end: of its
// instance, of the one before, or of the last one that its virtual machine had. Either vm or vmi may be nil.
func (i *Instances) Log(req *http.Request, vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) (http.Handler, error) {
	query, previous, err := logQuery(req.URL.Query())
	if err != nil {
		return nil, err
	}
	node, err := keeper(vm, vmi, previous)
	if err != nil {
		return nil, err
	}
	namespace, name := "", ""
	switch {
	case vmi != nil:
		namespace, name = vmi.Namespace, vmi.Name
		query.Set("run", string(vmi.UID))
		query.Set("owner", string(vmi.UID))
		if owner := metav1.GetControllerOf(vmi); owner != nil {
			query.Set("owner", string(owner.UID))
		}
	default:
		namespace, name = vm.Namespace, vm.Name
		query.Set("owner", string(vm.UID))
	}
	base, transport, err := i.hop.nodes.Plugin(node)
	if err != nil {
		return nil, apierrors.NewServiceUnavailable(fmt.Sprintf("the log is on the node %q, which cannot be reached: %v", node, err))
	}
	location := *base
	location.Path = path.Join("/v1/namespaces", namespace, "virtualmachineinstances", name, "log")
	location.RawQuery = query.Encode()
	if query.Has("follow") && i.stopping() {
		return nil, apierrors.NewServiceUnavailable("this server is stopping; ask again")
	}
	return (&target{node, "log", &location, transport}).text(i.around.Stopping), nil
}

// stopping tells that the server does not wait for answers without an end any more.
func (i *Instances) stopping() bool {
	select {
	case <-i.around.Stopping:
		return true
	default:
		return false
	}
}

// logQuery checks what a client asks for, and returns it as the plugin takes it.
func logQuery(asked url.Values) (query url.Values, previous bool, err error) {
	query = url.Values{}
	for _, name := range []string{"follow", "previous"} {
		value, err := flag(asked, name, false)
		if err != nil {
			return nil, false, err
		}
		if value {
			query.Set(name, "true")
		}
	}
	for _, name := range []string{"tailBytes", "tailLines"} {
		value := asked.Get(name)
		if value == "" {
			continue
		}
		if n, err := strconv.ParseInt(value, 10, 64); err != nil || n < 0 {
			return nil, false, apierrors.NewBadRequest(fmt.Sprintf("%s: %q is not a number from 0 on", name, value))
		}
		query.Set(name, value)
	}
	if asked.Has(v1.ConsolePosition) {
		query.Set(v1.ConsolePosition, asked.Get(v1.ConsolePosition))
	}
	if previous = query.Has("previous"); previous && query.Has("follow") {
		return nil, false, apierrors.NewBadRequest("previous, follow: the run before has ended; give one of them")
	}
	return query, previous, nil
}

// keeper returns the node that has the log.
func keeper(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance, previous bool) (string, error) {
	last := ""
	if vm != nil {
		last = vm.Annotations[v1.LastNodeAnnotation]
	}
	switch {
	case vmi != nil && !vmi.SerialConsole():
		return "", apierrors.NewBadRequest("No serial consoles are present.")
	case vmi != nil && previous && last != "":
		return last, nil
	case vmi != nil && vmi.Status.NodeName != "":
		return vmi.Status.NodeName, nil
	case vmi != nil:
		// Clients try again on 400 until the guest runs.
		return "", apierrors.NewBadRequest(vmiNotRunning + ": it has no node yet, and so no log")
	case last == "":
		return "", frame.Machine.Conflict(vm.Name, "it has no log: none of its instances has ended on a node")
	}
	return last, nil
}

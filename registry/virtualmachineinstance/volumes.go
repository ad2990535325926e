// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/hotplug"
	"github.com/virtplane/virtplane/registry/subresource"
)

// addVolume would add a volume to the guest of the instance called name.
func (i *Instances) addVolume(req *http.Request, name string) (http.Handler, error) {
	if !i.around.Gates.HotplugVolumes() {
		return nil, apierrors.NewBadRequest(hotplug.Disabled)
	}
	options, err := hotplug.ReadAdd(req)
	if err != nil {
		return nil, err
	}
	vmi, err := i.pluggable(req, name)
	if err != nil {
		return nil, err
	}
	volume, _ := hotplug.Added(options)
	if problem := hotplug.CheckAdd(vmi.Spec.Volumes, volume); problem != "" {
		return nil, conflict(name, problem)
	}
	return nil, subresource.NotImplemented("adding volumes to a running guest")
}

// removeVolume would take a volume off the guest of the instance called name.
func (i *Instances) removeVolume(req *http.Request, name string) (http.Handler, error) {
	if !i.around.Gates.HotplugVolumes() {
		return nil, apierrors.NewBadRequest(hotplug.Disabled)
	}
	options, err := hotplug.ReadRemove(req)
	if err != nil {
		return nil, err
	}
	vmi, err := i.pluggable(req, name)
	if err != nil {
		return nil, err
	}
	if _, problem := hotplug.CheckRemove(vmi.Spec.Volumes, options.Name); problem != "" {
		return nil, conflict(name, problem)
	}
	return nil, subresource.NotImplemented("taking volumes off a running guest")
}

// pluggable returns the instance called name if its volumes may be changed.
func (i *Instances) pluggable(req *http.Request, name string) (*v1.VirtualMachineInstance, error) {
	vmi, err := i.get(req.Context(), name)
	switch {
	case err != nil:
		return nil, err
	case ofMachine(vmi) && !i.around.Gates.EphemeralVolumes():
		return nil, apierrors.NewBadRequest(fmt.Sprintf("VMI %s/%s is owned by a VM", vmi.Namespace, vmi.Name))
	case !vmi.IsRunning():
		return nil, conflict(name, vmiNotRunning)
	}
	return vmi, nil
}

func ofMachine(vmi *v1.VirtualMachineInstance) bool {
	owner := metav1.GetControllerOf(vmi)
	return owner != nil && owner.Kind == "VirtualMachine" && owner.APIVersion == v1.SchemeGroupVersion.String()
}

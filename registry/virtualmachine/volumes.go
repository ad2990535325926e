// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachine

import (
	"net/http"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/frame"
	"github.com/virtplane/virtplane/registry/hotplug"
	"github.com/virtplane/virtplane/registry/subresource"
)

// addVolume adds a volume to the template of the virtual machine called name.
func (v verbs) addVolume(req *http.Request, name string) (http.Handler, error) {
	if err := v.checkHotplug(); err != nil {
		return nil, err
	}
	options, err := hotplug.ReadAdd(req)
	if err != nil {
		return nil, err
	}
	return v.changeVolumes(req, name, "addvolume", options.DryRun, func(vm *v1.VirtualMachine) (effect, error) {
		return addVolume(vm, options)
	})
}

// removeVolume takes a volume off the template of the virtual machine called name.
func (v verbs) removeVolume(req *http.Request, name string) (http.Handler, error) {
	if err := v.checkHotplug(); err != nil {
		return nil, err
	}
	options, err := hotplug.ReadRemove(req)
	if err != nil {
		return nil, err
	}
	return v.changeVolumes(req, name, "removevolume", options.DryRun, func(vm *v1.VirtualMachine) (effect, error) {
		return removeVolume(vm, options.Name)
	})
}

func (v verbs) checkHotplug() error {
	if !v.gates.HotplugVolumes() {
		return apierrors.NewBadRequest(hotplug.Disabled)
	}
	return nil
}

func (v verbs) changeVolumes(req *http.Request, name, verb string, dryRun []string, do change) (http.Handler, error) {
	writer, err := subresource.WriterOf(req, dryRun)
	if err != nil {
		return nil, err
	}
	if v.gates.EphemeralVolumes() {
		if err := v.machines.try(req.Context(), name, verb, writer, do); err != nil {
			return nil, err
		}
		return nil, subresource.NotImplemented("plugging of volumes by the feature gate HotplugVolumes; " +
			"without it they are changed in the template of the virtual machine, which")
	}
	if err := v.machines.apply(req.Context(), name, verb, writer, do); err != nil {
		return nil, err
	}
	return subresource.Done(http.StatusAccepted), nil
}

func addVolume(vm *v1.VirtualMachine, options *v1.AddVolumeOptions) (effect, error) {
	spec := &vm.Spec.Template.Spec
	volume, disk := hotplug.Added(options)
	if problem := hotplug.CheckAdd(spec.Volumes, volume); problem != "" {
		return none, conflict(vm.Name, problem)
	}
	spec.Volumes = append(spec.Volumes, volume)
	spec.Domain.Devices.Disks = append(spec.Domain.Devices.Disks, disk)
	set := fieldpath.NewSet()
	for path, value := range map[*fieldpath.Path]any{volumePath(volume.Name): volume, diskPath(disk.Name): disk} {
		fields, err := frame.Fields(*path, value)
		if err != nil {
			return none, apierrors.NewInternalError(err)
		}
		set = set.Union(fields)
	}
	return effect{theSpec, set, fieldpath.NewSet()}, nil
}

func removeVolume(vm *v1.VirtualMachine, name string) (effect, error) {
	spec := &vm.Spec.Template.Spec
	found, problem := hotplug.CheckRemove(spec.Volumes, name)
	if problem != "" {
		return none, conflict(vm.Name, problem)
	}
	spec.Volumes = slices.DeleteFunc(spec.Volumes, func(v v1.Volume) bool { return v.Name == found.Name })
	spec.Domain.Devices.Disks = slices.DeleteFunc(spec.Domain.Devices.Disks, func(d v1.Disk) bool { return d.Name == found.Name })
	return effect{theSpec, fieldpath.NewSet(), fieldpath.NewSet(*volumePath(found.Name), *diskPath(found.Name))}, nil
}

func volumePath(name string) *fieldpath.Path {
	path := fieldpath.MakePathOrDie("spec", "template", "spec", "volumes", fieldpath.KeyByFields("name", name))
	return &path
}

func diskPath(name string) *fieldpath.Path {
	path := fieldpath.MakePathOrDie("spec", "template", "spec", "domain", "devices", "disks", fieldpath.KeyByFields("name", name))
	return &path
}

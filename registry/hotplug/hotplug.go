// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package hotplug holds the rules by which the addvolume and removevolume subresources change the volumes
// of a virtual machine or an instance.
package hotplug

import (
	"fmt"
	"net/http"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/registry/subresource"
)

// Disabled is the answer, known from the published API, while no feature gate lets volumes be plugged.
const Disabled = "Enable DeclarativeHotplugVolumes or HotplugVolumes feature gate to use this API."

const noBody = "Request with no body, a new name is expected as the request body"

// ReadAdd reads the options of addvolume.
func ReadAdd(req *http.Request) (*v1.AddVolumeOptions, error) {
	options := &v1.AddVolumeOptions{}
	if err := read(req, options, &options.DryRun); err != nil {
		return nil, err
	}
	switch {
	case options.Name == "":
		return nil, apierrors.NewBadRequest("AddVolumeOptions requires name to be set")
	case options.Disk == nil:
		return nil, apierrors.NewBadRequest("AddVolumeOptions requires disk to not be nil")
	case options.VolumeSource == nil:
		return nil, apierrors.NewBadRequest("AddVolumeOptions requires VolumeSource to not be nil")
	case (options.VolumeSource.PersistentVolumeClaim == nil) == (options.VolumeSource.DataVolume == nil):
		return nil, apierrors.NewBadRequest("AddVolumeOptions requires one of volumeSource.persistentVolumeClaim and volumeSource.dataVolume to be set")
	}
	return options, nil
}

// ReadRemove reads the options of removevolume.
func ReadRemove(req *http.Request) (*v1.RemoveVolumeOptions, error) {
	options := &v1.RemoveVolumeOptions{}
	if err := read(req, options, &options.DryRun); err != nil {
		return nil, err
	}
	if options.Name == "" {
		return nil, apierrors.NewBadRequest("RemoveVolumeOptions requires name to be set")
	}
	return options, nil
}

func read(req *http.Request, options any, dryRun *[]string) error {
	given, err := subresource.Read(req, options, dryRun)
	if err == nil && !given {
		return apierrors.NewBadRequest(noBody)
	}
	return err
}

// Added returns the volume and the disk that options ask for.
func Added(options *v1.AddVolumeOptions) (v1.Volume, v1.Disk) {
	volume, disk := v1.Volume{Name: options.Name}, *options.Disk.DeepCopy()
	disk.Name = options.Name
	if claim := options.VolumeSource.PersistentVolumeClaim; claim != nil {
		volume.PersistentVolumeClaim = claim.DeepCopy()
		volume.PersistentVolumeClaim.Hotpluggable = true
	} else {
		volume.DataVolume = options.VolumeSource.DataVolume.DeepCopy()
		volume.DataVolume.Hotpluggable = true
	}
	return volume, disk
}

// CheckAdd says why a volume cannot be added to others, or nothing.
func CheckAdd(volumes []v1.Volume, added v1.Volume) string {
	for _, v := range volumes {
		switch {
		case v.Name == added.Name:
			return fmt.Sprintf("Unable to add volume [%s] because volume with that name already exists", added.Name)
		case source(v) != "" && source(v) == source(added):
			return fmt.Sprintf("Unable to add volume source [%s] because it already exists", source(added))
		}
	}
	return ""
}

// CheckRemove says why the volume called name cannot be removed from others, or nothing. Clients may
// call a volume by the name of its claim, too; what is found is returned.
func CheckRemove(volumes []v1.Volume, name string) (found v1.Volume, problem string) {
	i := slices.IndexFunc(volumes, func(v v1.Volume) bool { return v.Name == name || source(v) == name })
	switch {
	case i < 0:
		return v1.Volume{}, fmt.Sprintf("Unable to remove volume [%s] because it does not exist", name)
	case !pluggable(volumes[i]):
		return v1.Volume{}, fmt.Sprintf("Unable to remove volume [%s] because it is not hotpluggable", volumes[i].Name)
	}
	return volumes[i], ""
}

// source is the claim behind a volume, or nothing.
func source(v v1.Volume) string {
	switch {
	case v.DataVolume != nil:
		return v.DataVolume.Name
	case v.PersistentVolumeClaim != nil:
		return v.PersistentVolumeClaim.ClaimName
	}
	return ""
}

func pluggable(v v1.Volume) bool {
	return v.DataVolume != nil && v.DataVolume.Hotpluggable || v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.Hotpluggable
}

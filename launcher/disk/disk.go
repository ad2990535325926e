// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// Package disk prepares the files behind a guest's disks: it finds the disks in container images,
// lays overlays over them and makes empty disks. What the guest sees of them is package domain's.
package disk

import (
	"fmt"
	"os"
	"path/filepath"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/launcher/cloudinit"
)

// Format is a disk image format as QEMU names it.
type Format string

const (
	Raw   Format = "raw"
	Qcow2 Format = "qcow2"
)

// Source is the prepared backing of one volume.
type Source struct {
	// Path of the file or block device.
	Path string
	// Format is never guessed from what a guest can write.
	Format Format
	// Block tells that Path is a block device.
	Block bool
	// ReadOnly tells that the guest must not write, whatever its disk says.
	ReadOnly bool
	// Ephemeral tells that the data never outlives the instance.
	Ephemeral bool
	// Indirect tells that the file system has no direct I/O.
	Indirect bool
	// Config tells that the volume configures the guest and is nothing to boot from.
	Config bool
	// Size is what the guest sees of it in bytes; 0 when that is not known.
	Size int64
	// Backing is what an overlay lies on; nil for none.
	Backing *Source
}

// Preparer knows where the parts of volumes are found and made.
type Preparer struct {
	// ContainerDisks holds the mounted image of each containerDisk volume.
	ContainerDisks string
	// KernelBoot holds the mounted image of a kernel.
	KernelBoot string
	// Claims holds the mounted filesystem of each PersistentVolumeClaim.
	Claims string
	// Devices holds the device of each claim of volumeMode Block.
	Devices string
	// Secrets holds the mounted secrets of volumes that take their content from one.
	Secrets string
	// Work is where overlays, empty disks and cloud-init images are made.
	Work string
}

// Prepare makes all volumes of an instance ready, keyed by volume name. Its errors are written
// for the owner of the instance.
func (p *Preparer) Prepare(vmi *v1.VirtualMachineInstance) (map[string]Source, error) {
	if err := os.MkdirAll(p.Work, 0o700); err != nil {
		return nil, fmt.Errorf("make disk directory: %w", err)
	}
	sources := map[string]Source{}
	for i := range vmi.Spec.Volumes {
		volume := &vmi.Spec.Volumes[i]
		if volume.Name == "" || filepath.Base(volume.Name) != volume.Name || volume.Name[0] == '.' {
			return nil, fmt.Errorf("volume %q: the name is not usable as a file name", volume.Name)
		}
		source, err := p.volume(vmi, volume)
		if err != nil {
			return nil, fmt.Errorf("volume %s: %w", volume.Name, err)
		}
		sources[volume.Name] = source
	}
	return sources, nil
}

func (p *Preparer) volume(vmi *v1.VirtualMachineInstance, volume *v1.Volume) (Source, error) {
	switch {
	case volume.ContainerDisk != nil:
		return p.containerDisk(volume.Name, volume.ContainerDisk)
	case volume.EmptyDisk != nil:
		return p.emptyDisk(volume.Name, volume.EmptyDisk)
	case volume.CloudInitNoCloud != nil:
		return p.cloudInit(vmi, volume)
	case volume.PersistentVolumeClaim != nil, volume.DataVolume != nil:
		return p.claim(volume)
	}
	return Source{}, fmt.Errorf("this kind of volume is not supported yet")
}

func (p *Preparer) cloudInit(vmi *v1.VirtualMachineInstance, volume *v1.Volume) (Source, error) {
	path := filepath.Join(p.Work, volume.Name+".iso")
	data, err := cloudinit.NoCloud(vmi, volume.CloudInitNoCloud, filepath.Join(p.Secrets, volume.Name))
	if err != nil {
		return Source{}, err
	}
	if err := cloudinit.WriteISO(path, data); err != nil {
		return Source{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return Source{}, fmt.Errorf("look at cloud-init image: %w", err)
	}
	return Source{Path: path, Format: Raw, ReadOnly: true, Ephemeral: true, Config: true, Size: info.Size()}, nil
}

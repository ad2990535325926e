// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package create

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// Keys of the flags that take several.
var (
	// VolumeKeys are those of container disks and claims.
	VolumeKeys = []string{"src", "name", "bootorder"}
	// EmptyDiskKeys are those of empty disks.
	EmptyDiskKeys = []string{"size", "name", "bootorder"}
	// SysprepKeys are those of answer files.
	SysprepKeys = []string{"src", "type"}
)

// sysprepVolume is the name of the volume with answer files.
const sysprepVolume = "sysprepdisk"

// volume returns the volume called name, or nil.
func (d *draft) volume(name string) *v1.Volume {
	volumes := d.spec().Volumes
	for i := range volumes {
		if volumes[i].Name == name {
			return &volumes[i]
		}
	}
	return nil
}

// add adds a volume, and a disk where its place in the boot sequence is given: the server makes the other disks.
func (d *draft) add(p *params, name string, source v1.VolumeSource) error {
	if problems := validation.IsDNS1123Label(name); len(problems) > 0 {
		return p.errorf("%q is not a valid name of a volume: %s", name, strings.Join(problems, ", "))
	}
	if d.volume(name) != nil {
		return p.errorf("there are two volumes called %s", name)
	}
	d.spec().Volumes = append(d.spec().Volumes, v1.Volume{Name: name, VolumeSource: source})
	order, err := p.bootOrder()
	if err != nil || order == nil {
		return err
	}
	if other, taken := d.order[*order]; taken {
		return p.errorf("bootorder %d is that of %s already", *order, other)
	}
	d.order[*order] = name
	devices := &d.spec().Domain.Devices
	devices.Disks = append(devices.Disks, v1.Disk{Name: name, BootOrder: order})
	return nil
}

// name returns the name that is asked for, or one that follows from the virtual machine's: a manifest is the same
// whenever it is written.
func (d *draft) name(p *params, kind string, i int) string {
	if name := p.get("name"); name != "" {
		return name
	}
	suffix := fmt.Sprintf("-%s-%d", kind, i)
	name := strings.ReplaceAll(d.Name, ".", "-")
	if limit := validation.DNS1123LabelMaxLength - len(suffix); len(name) > limit {
		name = name[:limit]
	}
	return name + suffix
}

func (d *draft) addContainerDisks() error {
	for i, text := range d.ContainerDisks {
		p, err := parse("volume-containerdisk", text, VolumeKeys...)
		if err != nil {
			return err
		}
		if err := p.need("src"); err != nil {
			return err
		}
		source := v1.VolumeSource{ContainerDisk: &v1.ContainerDiskSource{Image: p.get("src")}}
		if err := d.add(p, d.name(p, "containerdisk", i), source); err != nil {
			return err
		}
	}
	return nil
}

func (d *draft) addClaims() error {
	for _, text := range d.Claims {
		p, err := parse("volume-pvc", text, VolumeKeys...)
		if err != nil {
			return err
		}
		claim, err := p.local("src", "claim")
		if err != nil {
			return err
		}
		name := p.get("name")
		if name == "" {
			name = claim
		}
		source := &v1.PersistentVolumeClaimVolumeSource{
			PersistentVolumeClaimVolumeSource: corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim},
		}
		if err := d.add(p, name, v1.VolumeSource{PersistentVolumeClaim: source}); err != nil {
			return err
		}
	}
	return nil
}

func (d *draft) addEmptyDisks() error {
	for i, text := range d.EmptyDisks {
		p, err := parse("volume-emptydisk", text, EmptyDiskKeys...)
		if err != nil {
			return err
		}
		if err := p.need("size"); err != nil {
			return err
		}
		capacity, err := p.quantity("size")
		if err != nil {
			return err
		}
		source := v1.VolumeSource{EmptyDisk: &v1.EmptyDiskSource{Capacity: *capacity}}
		if err := d.add(p, d.name(p, "emptydisk", i), source); err != nil {
			return err
		}
	}
	return nil
}

func (d *draft) addSysprep() error {
	if d.Sysprep == "" {
		return nil
	}
	p, err := parse("volume-sysprep", d.Sysprep, SysprepKeys...)
	if err != nil {
		return err
	}
	name, err := p.local("src", "config map or secret")
	if err != nil {
		return err
	}
	source, ref := &v1.SysprepSource{}, &corev1.LocalObjectReference{Name: name}
	switch strings.ToLower(p.get("type")) {
	case "", "configmap":
		source.ConfigMap = ref
	case "secret":
		source.Secret = ref
	default:
		return p.errorf("type has to be configmap or secret")
	}
	return d.add(p, sysprepVolume, v1.VolumeSource{Sysprep: source})
}

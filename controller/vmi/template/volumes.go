// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package template

import (
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/ptr"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// Where the launcher finds what the pod brings; the launcher knows the same paths.
const (
	sessionPath        = "/var/run/virtplane"
	privatePath        = "/var/run/kubevirt-private"
	containerDisksPath = "/var/run/kubevirt/container-disks"
	kernelBootPath     = "/var/run/kubevirt/kernel-boot"
	secretsPath        = "/var/run/kubevirt/secrets"

	sessionVolume = "session"
	privateVolume = "private"
	kernelVolume  = "kernel-boot"

	userDataKey    = "userdata"
	networkDataKey = "networkdata"
)

// podVolumes collects the pod's volumes.
type podVolumes struct {
	volumes     []corev1.Volume
	mounts      []corev1.VolumeMount
	devices     []corev1.VolumeDevice
	pullSecrets []corev1.LocalObjectReference
}

func volumesOf(vmi *v1.VirtualMachineInstance) (*podVolumes, error) {
	p := &podVolumes{}
	p.add(sessionVolume, corev1.VolumeSource{CSI: &corev1.CSIVolumeSource{
		Driver:           v1.CSIDriverName,
		ReadOnly:         ptr.To(true),
		VolumeAttributes: map[string]string{"vmi": vmi.Name, "uid": string(vmi.UID)},
	}}, corev1.VolumeMount{MountPath: sessionPath, ReadOnly: true})
	p.add(privateVolume, corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}},
		corev1.VolumeMount{MountPath: privatePath})
	if f := vmi.Spec.Domain.Firmware; f != nil && f.KernelBoot != nil && f.KernelBoot.Container != nil {
		p.addKernel(f.KernelBoot.Container)
	}
	for i := range vmi.Spec.Volumes {
		if err := p.addVolume(&vmi.Spec.Volumes[i]); err != nil {
			return nil, fmt.Errorf("spec.volumes[%d]%w", i, err)
		}
	}
	return p, nil
}

// addVolume adds what the pod must bring for one of the instance's volumes.
func (p *podVolumes) addVolume(v *v1.Volume) error {
	// The name becomes part of a path.
	if problems := validation.IsDNS1123Label(v.Name); len(problems) > 0 {
		return fmt.Errorf(".name: %q: %s", v.Name, strings.Join(problems, "; "))
	}
	switch {
	case v.ContainerDisk != nil:
		p.addContainerDisk(v.Name, v.ContainerDisk)
	case v.CloudInitNoCloud != nil:
		p.addSecret(v.Name, "user", v.CloudInitNoCloud.UserDataSecretRef, userDataKey)
		p.addSecret(v.Name, "network", v.CloudInitNoCloud.NetworkDataSecretRef, networkDataKey)
	case v.EmptyDisk != nil:
		// The launcher makes it in its private directory.
	case v.PersistentVolumeClaim != nil:
		return fmt.Errorf(".persistentVolumeClaim: is not supported yet")
	case v.DataVolume != nil:
		return fmt.Errorf(".dataVolume: is not supported yet")
	default:
		return fmt.Errorf(": has no source that is supported")
	}
	return nil
}

func (p *podVolumes) addContainerDisk(name string, disk *v1.ContainerDiskSource) {
	p.add(name, corev1.VolumeSource{Image: &corev1.ImageVolumeSource{
		Reference: disk.Image, PullPolicy: disk.ImagePullPolicy,
	}}, corev1.VolumeMount{MountPath: path.Join(containerDisksPath, name), ReadOnly: true})
	p.addPullSecret(disk.ImagePullSecret)
}

// addKernel mounts the image that holds the kernel to boot.
func (p *podVolumes) addKernel(kernel *v1.KernelBootContainer) {
	p.add(kernelVolume, corev1.VolumeSource{Image: &corev1.ImageVolumeSource{
		Reference: kernel.Image, PullPolicy: kernel.ImagePullPolicy,
	}}, corev1.VolumeMount{MountPath: kernelBootPath, ReadOnly: true})
	p.addPullSecret(kernel.ImagePullSecret)
}

func (p *podVolumes) addPullSecret(name string) {
	secret := corev1.LocalObjectReference{Name: name}
	if secret.Name != "" && !slices.Contains(p.pullSecrets, secret) {
		p.pullSecrets = append(p.pullSecrets, secret)
	}
}

// addSecret mounts one key of a secret.
func (p *podVolumes) addSecret(name, part string, ref *corev1.LocalObjectReference, key string) {
	if ref == nil {
		return
	}
	p.add(name+"-"+part, corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{
		SecretName: ref.Name,
		Items:      []corev1.KeyToPath{{Key: key, Path: key}},
	}}, corev1.VolumeMount{MountPath: path.Join(secretsPath, name, part), ReadOnly: true})
}

// add adds a volume and its mount under a name that is free in the pod.
func (p *podVolumes) add(name string, source corev1.VolumeSource, mount corev1.VolumeMount) {
	name = p.free(name)
	mount.Name = name
	p.volumes = append(p.volumes, corev1.Volume{Name: name, VolumeSource: source})
	p.mounts = append(p.mounts, mount)
}

// free returns the name, changed if the pod has such a volume already or it is too long.
func (p *podVolumes) free(name string) string {
	base := name
	for n := 0; ; n++ {
		suffix := ""
		if n > 0 {
			suffix = fmt.Sprintf("-%d", n)
		}
		if limit := validation.DNS1123LabelMaxLength - len(suffix); len(base) > limit {
			base = base[:limit]
		}
		name = strings.TrimRight(base, "-") + suffix
		if !slices.ContainsFunc(p.volumes, func(v corev1.Volume) bool { return v.Name == name }) {
			return name
		}
	}
}

// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"encoding/base64"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestVolumes(t *testing.T) {
	root := func(source v1.VolumeSource) func(*v1.VirtualMachineInstanceSpec) {
		return func(s *v1.VirtualMachineInstanceSpec) { s.Volumes[0].VolumeSource = source }
	}
	container := func(c v1.ContainerDiskSource) func(*v1.VirtualMachineInstanceSpec) {
		return root(v1.VolumeSource{ContainerDisk: &c})
	}
	for _, c := range []specCase{
		{"same name twice", func(s *v1.VirtualMachineInstanceSpec) { s.Volumes[1].Name = "root" }, []string{
			`$.volumes[1].name: Duplicate value: "root"`,
			`$.domain.devices.disks[1].name: Invalid value: "seed": $.volumes has no volume 'seed' for this disk`,
		}},
		{"no source", root(v1.VolumeSource{}), []string{`$.volumes[0]: Required value: must have exactly one volume source`}},
		{"two sources", root(v1.VolumeSource{
			ContainerDisk: &v1.ContainerDiskSource{Image: "a"}, EmptyDisk: &v1.EmptyDiskSource{Capacity: *quantity("1Mi")},
		}), []string{`$.volumes[0]: Invalid value: "[containerDisk emptyDisk]": must have exactly one volume source`}},
		{"image", container(v1.ContainerDiskSource{Image: " "}), []string{
			`$.volumes[0].containerDisk.image: Required value: name the image that holds the disk`,
		}},
		{"path", container(v1.ContainerDiskSource{Image: "a", Path: "/disk/a.qcow2"}), nil},
		{"relative path", container(v1.ContainerDiskSource{Image: "a", Path: "disk/a"}), []string{
			`$.volumes[0].containerDisk.path: Invalid value: "disk/a": must be the absolute path of a file, without . or .. in it`,
		}},
		{"root path", container(v1.ContainerDiskSource{Image: "a", Path: "/"}), []string{
			`$.volumes[0].containerDisk.path: Invalid value: "/": must be the absolute path of a file, without . or .. in it`,
		}},
		{"path that leaves", container(v1.ContainerDiskSource{Image: "a", Path: "/disk/../../etc/passwd"}), []string{
			`$.volumes[0].containerDisk.path: Invalid value: "/disk/../../etc/passwd": must be the absolute path of a file, without . or .. in it`,
		}},
		{"pull policy", container(v1.ContainerDiskSource{Image: "a", ImagePullPolicy: "Sometimes"}), []string{
			`$.volumes[0].containerDisk.imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"`,
		}},
		{"empty disk", root(v1.VolumeSource{EmptyDisk: &v1.EmptyDiskSource{}}), []string{
			`$.volumes[0].emptyDisk.capacity: Invalid value: "0": must be greater than 0`,
		}},
		{"claim", root(v1.VolumeSource{PersistentVolumeClaim: &v1.PersistentVolumeClaimVolumeSource{}}), []string{
			`$.volumes[0].persistentVolumeClaim: Forbidden: claims as disks are not supported by this version of virtplane; use containerDisk or emptyDisk`,
		}},
		{"data volume", root(v1.VolumeSource{DataVolume: &v1.DataVolumeSource{Name: "a"}}), []string{
			`$.volumes[0].dataVolume: Forbidden: DataVolumes are not supported by this version of virtplane; use containerDisk or emptyDisk`,
		}},
	} {
		c.run(t)
	}
}

func TestCloudInit(t *testing.T) {
	source := func(c v1.CloudInitNoCloudSource) func(*v1.VirtualMachineInstanceSpec) {
		return func(s *v1.VirtualMachineInstanceSpec) { s.Volumes[1].CloudInitNoCloud = &c }
	}
	encoded := base64.StdEncoding.EncodeToString
	for _, c := range []specCase{
		{"as much as goes in", source(v1.CloudInitNoCloudSource{
			UserDataBase64: encoded([]byte(strings.Repeat("u", 2048))), NetworkData: strings.Repeat("n", 2048),
		}), nil},
		{"too long", source(v1.CloudInitNoCloudSource{
			UserData: strings.Repeat("u", 2049), NetworkDataBase64: encoded([]byte(strings.Repeat("n", 2049))),
		}), []string{
			`$.volumes[1].cloudInitNoCloud.userData: Too long: may not be more than 2048 bytes`,
			`$.volumes[1].cloudInitNoCloud.networkDataBase64: Too long: may not be more than 2048 bytes`,
		}},
		{"nothing", source(v1.CloudInitNoCloudSource{}), []string{
			`$.volumes[1].cloudInitNoCloud: Required value: must have at least one of userData, userDataBase64, secretRef, networkData, networkDataBase64 and networkDataSecretRef`,
		}},
		{"base64", source(v1.CloudInitNoCloudSource{UserDataBase64: "?"}), []string{
			`$.volumes[1].cloudInitNoCloud.userDataBase64: Invalid value: "": is not valid base64: illegal base64 data at input byte 0`,
		}},
		{"two sources of each", source(v1.CloudInitNoCloudSource{
			UserData: "a", UserDataSecretRef: &corev1.LocalObjectReference{Name: "s"},
			NetworkData: "b", NetworkDataSecretRef: &corev1.LocalObjectReference{Name: "s"},
		}), []string{
			`$.volumes[1].cloudInitNoCloud: Invalid value: "[secretRef userData]": must have only one source of user data`,
			`$.volumes[1].cloudInitNoCloud: Invalid value: "[networkDataSecretRef networkData]": must have only one source of network data`,
		}},
		{"secrets without name", source(v1.CloudInitNoCloudSource{
			UserDataSecretRef: &corev1.LocalObjectReference{}, NetworkDataSecretRef: &corev1.LocalObjectReference{},
		}), []string{
			`$.volumes[1].cloudInitNoCloud.secretRef.name: Required value: name the secret`,
			`$.volumes[1].cloudInitNoCloud.networkDataSecretRef.name: Required value: name the secret`,
		}},
	} {
		c.run(t)
	}
}

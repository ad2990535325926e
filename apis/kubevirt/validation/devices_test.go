// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestDisks(t *testing.T) {
	root := func(change func(*v1.Disk)) func(*v1.VirtualMachineInstanceSpec) {
		return func(s *v1.VirtualMachineInstanceSpec) { change(&s.Domain.Devices.Disks[0]) }
	}
	for _, c := range []specCase{
		{"disk without volume", func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.Devices.Disks = append(s.Domain.Devices.Disks, v1.Disk{Name: "data"})
		}, []string{`$.domain.devices.disks[2].name: Invalid value: "data": $.volumes has no volume 'data' for this disk`}},
		{"volume without disk", func(s *v1.VirtualMachineInstanceSpec) { s.Domain.Devices.Disks = nil }, nil},
		{"same name twice", func(s *v1.VirtualMachineInstanceSpec) { s.Domain.Devices.Disks[1].Name = "root" }, []string{
			`$.domain.devices.disks[1].name: Duplicate value: "root"`,
		}},
		{"name", func(s *v1.VirtualMachineInstanceSpec) { s.Domain.Devices.Disks[0].Name, s.Volumes[0].Name = "A_", "A_" }, []string{
			`$.domain.devices.disks[0].name: Invalid value: "A_": ` + labelRule,
			`$.volumes[0].name: Invalid value: "A_": ` + labelRule,
		}},
		{"two targets", root(func(d *v1.Disk) { d.CDRom = &v1.CDRomTarget{} }), []string{
			`$.domain.devices.disks[0]: Invalid value: "root": can have only a single target type: disk, lun or cdrom`,
		}},
		{"bus", root(func(d *v1.Disk) { d.Disk.Bus = "ide" }), []string{
			`$.domain.devices.disks[0].disk.bus: Unsupported value: "ide": supported values: "virtio", "sata", "scsi", "usb"`,
		}},
		{"cdrom bus and tray", root(func(d *v1.Disk) { d.Disk, d.CDRom = nil, &v1.CDRomTarget{Bus: "virtio", Tray: "ajar"} }), []string{
			`$.domain.devices.disks[0].cdrom.tray: Unsupported value: "ajar": supported values: "open", "closed"`,
			`$.domain.devices.disks[0].cdrom.bus: Unsupported value: "virtio": supported values: "sata", "scsi", "usb"`,
		}},
		{"read-only sata", root(func(d *v1.Disk) { d.Disk.Bus, d.Disk.ReadOnly = v1.DiskBusSATA, true }), []string{
			`$.domain.devices.disks[0].disk.readonly: Invalid value: true: sata hard disks cannot be read-only; use virtio, scsi or a cdrom`,
		}},
		{"read-only usb", root(func(d *v1.Disk) { d.Disk.Bus, d.Disk.ReadOnly = v1.DiskBusUSB, true }), []string{
			`$.domain.devices.disks[0].disk.readonly: Invalid value: true: usb hard disks cannot be read-only; use virtio, scsi or a cdrom`,
		}},
		{"read-only virtio", root(func(d *v1.Disk) { d.Disk.ReadOnly = true }), nil},
		{"serial, cache and io", root(func(d *v1.Disk) { d.Serial, d.Cache, d.IO = "a/b", "fast", "aio" }), []string{
			`$.domain.devices.disks[0].serial: Invalid value: "a/b": must be at most 256 characters of [A-Za-z0-9_.+-]`,
			`$.domain.devices.disks[0].cache: Unsupported value: "fast": supported values: "none", "writethrough", "writeback"`,
			`$.domain.devices.disks[0].io: Unsupported value: "aio": supported values: "native", "threads"`,
		}},
		{"boot order of zero", root(func(d *v1.Disk) { d.BootOrder = ptr(int64(0)) }), []string{
			`$.domain.devices.disks[0].bootOrder: Invalid value: 0: must be greater than 0`,
		}},
		{"boot order twice", func(s *v1.VirtualMachineInstanceSpec) {
			s.Domain.Devices.Disks[0].BootOrder, s.Domain.Devices.Disks[1].BootOrder = ptr(int64(1)), ptr(int64(2))
			s.Domain.Devices.Interfaces[0].BootOrder = ptr(int64(1))
		}, []string{`$.domain.devices.interfaces[0].bootOrder: Duplicate value: 1`}},
		{"too many", func(s *v1.VirtualMachineInstanceSpec) {
			s.Volumes, s.Domain.Devices.Disks = nil, nil
			for i := range 257 {
				s.Volumes = append(s.Volumes, v1.Volume{Name: fmt.Sprint("v", i), VolumeSource: v1.VolumeSource{
					EmptyDisk: &v1.EmptyDiskSource{Capacity: *quantity("1Mi")},
				}})
			}
		}, []string{
			`$.domain.devices.disks: Too many: 257: must have at most 256 items`,
			`$.volumes: Too many: 257: must have at most 256 items`,
		}},
	} {
		c.run(t)
	}
}

const labelRule = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`

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

func TestNetworks(t *testing.T) {
	pod := func(p v1.PodNetwork) func(*v1.VirtualMachineInstanceSpec) {
		return func(s *v1.VirtualMachineInstanceSpec) { s.Networks[0].Pod = &p }
	}
	nic := func(change func(*v1.Interface)) func(*v1.VirtualMachineInstanceSpec) {
		return func(s *v1.VirtualMachineInstanceSpec) { change(&s.Domain.Devices.Interfaces[0]) }
	}
	const mac = `$.domain.devices.interfaces[0].macAddress: Invalid value: `
	for _, c := range []specCase{
		{"network without interface", func(s *v1.VirtualMachineInstanceSpec) { s.Domain.Devices.Interfaces = nil }, []string{
			`$.networks[0].name: Invalid value: "default": $.domain.devices.interfaces has no interface of this name`,
		}},
		{"interface without network", func(s *v1.VirtualMachineInstanceSpec) { s.Networks = nil }, []string{
			`$.domain.devices.interfaces[0].name: Invalid value: "default": $.networks has no network of this name`,
		}},
		{"two pod networks", func(s *v1.VirtualMachineInstanceSpec) {
			s.Networks = append(s.Networks, v1.Network{Name: "two", NetworkSource: v1.NetworkSource{Pod: &v1.PodNetwork{}}})
			s.Domain.Devices.Interfaces = append(s.Domain.Devices.Interfaces, s.Domain.Devices.Interfaces[0])
			s.Domain.Devices.Interfaces[1].Name = "two"
		}, []string{`$.networks[1].pod: Invalid value: "two": only one network can be the pod network`}},
		{"same name twice", func(s *v1.VirtualMachineInstanceSpec) {
			s.Networks = append(s.Networks, s.Networks[0])
			s.Domain.Devices.Interfaces = append(s.Domain.Devices.Interfaces, s.Domain.Devices.Interfaces[0])
		}, []string{
			`$.networks[1].name: Duplicate value: "default"`,
			`$.networks[1].pod: Invalid value: "default": only one network can be the pod network`,
			`$.domain.devices.interfaces[1].name: Duplicate value: "default"`,
		}},
		{"two types", func(s *v1.VirtualMachineInstanceSpec) { s.Networks[0].Multus = &v1.MultusNetwork{} }, []string{
			`$.networks[0].multus: Forbidden: secondary networks are not supported by this version of virtplane; use pod`,
			`$.networks[0]: Invalid value: "[pod multus]": must have exactly one network type`,
		}},
		{"guest networks", pod(v1.PodNetwork{VMNetworkCIDR: "10.1.0.0/30", VMIPv6NetworkCIDR: "fd00::/126"}), nil},
		{"guest networks of the wrong kind", pod(v1.PodNetwork{VMNetworkCIDR: "fd00::/64", VMIPv6NetworkCIDR: "10.0.2.0"}), []string{
			`$.networks[0].pod.vmNetworkCIDR: Invalid value: "fd00::/64": must be a network in CIDR form of the right address family`,
			`$.networks[0].pod.vmIPv6NetworkCIDR: Invalid value: "10.0.2.0": must be a network in CIDR form of the right address family`,
		}},
		{"guest networks that are too small", pod(v1.PodNetwork{VMNetworkCIDR: "10.1.0.0/31", VMIPv6NetworkCIDR: "fd00::/127"}), []string{
			`$.networks[0].pod.vmNetworkCIDR: Invalid value: "10.1.0.0/31": must have room for a gateway and a guest: at most /30 or /126`,
			`$.networks[0].pod.vmIPv6NetworkCIDR: Invalid value: "fd00::/127": must have room for a gateway and a guest: at most /30 or /126`,
		}},
		{"no binding", nic(func(i *v1.Interface) { i.Masquerade = nil }), []string{
			`$.domain.devices.interfaces[0]: Required value: must have exactly one binding method`,
		}},
		{"bridge", nic(func(i *v1.Interface) { i.Masquerade, i.Bridge = nil, &v1.InterfaceBridge{} }), []string{
			`$.domain.devices.interfaces[0].bridge: Forbidden: bridge interfaces are not supported by this version of virtplane; use masquerade`,
		}},
		{"two bindings", nic(func(i *v1.Interface) { i.SRIOV = &v1.InterfaceSRIOV{} }), []string{
			`$.domain.devices.interfaces[0].sriov: Forbidden: SR-IOV interfaces are not supported by this version of virtplane; use masquerade`,
			`$.domain.devices.interfaces[0]: Invalid value: "[masquerade sriov]": must have exactly one binding method`,
		}},
		{"model", nic(func(i *v1.Interface) { i.Model = "ne1000" }), []string{
			`$.domain.devices.interfaces[0].model: Unsupported value: "ne1000": supported values: "virtio", "e1000", "e1000e", "ne2k_pci", "pcnet", "rtl8139", "igb"`,
		}},
		{"mac", nic(func(i *v1.Interface) { i.MacAddress = "nothing" }), []string{mac + `"nothing": must be an address of six bytes such as 02:00:00:ab:cd:ef`}},
		{"long mac", nic(func(i *v1.Interface) { i.MacAddress = "02:00:00:00:00:00:00:01" }), []string{mac + `"02:00:00:00:00:00:00:01": must be an address of six bytes such as 02:00:00:ab:cd:ef`}},
		{"multicast mac", nic(func(i *v1.Interface) { i.MacAddress = "01:00:00:ab:cd:ef" }), []string{mac + `"01:00:00:ab:cd:ef": is a multicast address`}},
		{"mac of the bridge", nic(func(i *v1.Interface) { i.MacAddress = "02-00-00-00-00-00" }), []string{mac + `"02-00-00-00-00-00": is reserved for the in-pod bridge`}},
		{"ports", nic(func(i *v1.Interface) {
			i.Ports = []v1.Port{{Name: "a", Port: 0}, {Name: "a", Port: 65536}, {Name: "A!", Port: 1, Protocol: "SCTP"}, {Port: 65535, Protocol: "UDP"}}
		}), []string{
			`$.domain.devices.interfaces[0].ports[0].port: Invalid value: 0: must be between 1 and 65535`,
			`$.domain.devices.interfaces[0].ports[1].port: Invalid value: 65536: must be between 1 and 65535`,
			`$.domain.devices.interfaces[0].ports[1].name: Duplicate value: "a"`,
			`$.domain.devices.interfaces[0].ports[2].protocol: Unsupported value: "SCTP": supported values: "TCP", "UDP"`,
			`$.domain.devices.interfaces[0].ports[2].name: Invalid value: "A!": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)`,
			`$.domain.devices.interfaces[0].ports[2].name: Invalid value: "A!": must contain at least one letter (a-z)`,
		}},
	} {
		c.run(t)
	}
}

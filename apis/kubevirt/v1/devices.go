// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

// Devices are the guest's devices.
type Devices struct {
	// Disks are the guest's disks and CD-ROMs; each shows the volume of the same name.
	// +optional
	// +patchMergeKey=name
	// +patchStrategy=merge
	// +listType=map
	// +listMapKey=name
	Disks []Disk `json:"disks,omitempty" patchStrategy:"merge" patchMergeKey:"name" protobuf:"bytes,1,rep,name=disks"`
	// Interfaces are the guest's NICs; each connects to the network of the same name.
	// +optional
	// +patchMergeKey=name
	// +patchStrategy=merge
	// +listType=map
	// +listMapKey=name
	Interfaces []Interface `json:"interfaces,omitempty" patchStrategy:"merge" patchMergeKey:"name" protobuf:"bytes,2,rep,name=interfaces"`
	// Inputs are extra input devices.
	// +optional
	// +listType=atomic
	Inputs []Input `json:"inputs,omitempty" protobuf:"bytes,3,rep,name=inputs"`
	// Rng gives the guest a virtio random number generator.
	// +optional
	Rng *Rng `json:"rng,omitempty" protobuf:"bytes,4,opt,name=rng"`
	// AutoattachPodInterface connects the guest to the pod network when no interface is named. Defaults to true.
	// +optional
	AutoattachPodInterface *bool `json:"autoattachPodInterface,omitempty" protobuf:"varint,5,opt,name=autoattachPodInterface"`
	// AutoattachGraphicsDevice gives the guest a display, reached by VNC. Defaults to true.
	// +optional
	AutoattachGraphicsDevice *bool `json:"autoattachGraphicsDevice,omitempty" protobuf:"varint,6,opt,name=autoattachGraphicsDevice"`
	// AutoattachSerialConsole gives the guest a serial console. Defaults to true.
	// +optional
	AutoattachSerialConsole *bool `json:"autoattachSerialConsole,omitempty" protobuf:"varint,7,opt,name=autoattachSerialConsole"`
	// LogSerialConsole writes the serial console's output to the log of the launcher pod.
	// +optional
	LogSerialConsole *bool `json:"logSerialConsole,omitempty" protobuf:"varint,8,opt,name=logSerialConsole"`
	// AutoattachMemBalloon gives the guest a memory balloon. Defaults to true.
	// +optional
	AutoattachMemBalloon *bool `json:"autoattachMemBalloon,omitempty" protobuf:"varint,9,opt,name=autoattachMemBalloon"`
	// AutoattachInputDevice gives the guest a tablet.
	// +optional
	AutoattachInputDevice *bool `json:"autoattachInputDevice,omitempty" protobuf:"varint,10,opt,name=autoattachInputDevice"`
	// UseVirtioTransitional makes virtio devices work with drivers from before virtio 1.0. Defaults to false.
	// +optional
	UseVirtioTransitional *bool `json:"useVirtioTransitional,omitempty" protobuf:"varint,11,opt,name=useVirtioTransitional"`
	// DisableHotplug leaves out what is needed to plug disks in while the guest runs. Defaults to false.
	// +optional
	DisableHotplug bool `json:"disableHotplug,omitempty" protobuf:"varint,12,opt,name=disableHotplug"`
	// Watchdog acts when the guest stops feeding it.
	// +optional
	Watchdog *Watchdog `json:"watchdog,omitempty" protobuf:"bytes,13,opt,name=watchdog"`
	// AutoattachVSOCK gives the guest a socket to the node that needs no network. Defaults to false.
	// +optional
	AutoattachVSOCK *bool `json:"autoattachVSOCK,omitempty" protobuf:"varint,14,opt,name=autoattachVSOCK"`
	// BlockMultiQueue gives each virtio disk a queue per CPU. Defaults to false.
	// +optional
	BlockMultiQueue *bool `json:"blockMultiQueue,omitempty" protobuf:"varint,15,opt,name=blockMultiQueue"`
	// NetworkInterfaceMultiQueue gives each virtio NIC a queue per CPU. Defaults to false.
	// +optional
	NetworkInterfaceMultiQueue *bool `json:"networkInterfaceMultiqueue,omitempty" protobuf:"varint,16,opt,name=networkInterfaceMultiqueue"`
	// GPUs are graphics processors of the node that are passed through.
	// +optional
	// +patchMergeKey=name
	// +patchStrategy=merge
	// +listType=map
	// +listMapKey=name
	GPUs []GPU `json:"gpus,omitempty" patchStrategy:"merge" patchMergeKey:"name" protobuf:"bytes,17,rep,name=gpus"`
	// DownwardMetrics gives the guest a virtio-serial port from which it reads metrics of its node.
	// +optional
	DownwardMetrics *DownwardMetrics `json:"downwardMetrics,omitempty" protobuf:"bytes,18,opt,name=downwardMetrics"`
	// PanicDevices let the guest report that its kernel crashed.
	// +optional
	// +listType=atomic
	PanicDevices []PanicDevice `json:"panicDevices,omitempty" protobuf:"bytes,19,rep,name=panicDevices"`
	// Filesystems share volumes with the guest as directories; each shows the volume of the same name.
	// +optional
	// +patchMergeKey=name
	// +patchStrategy=merge
	// +listType=map
	// +listMapKey=name
	Filesystems []Filesystem `json:"filesystems,omitempty" patchStrategy:"merge" patchMergeKey:"name" protobuf:"bytes,20,rep,name=filesystems"`
	// HostDevices are PCI, mediated and USB devices of the node that are passed through.
	// +optional
	// +patchMergeKey=name
	// +patchStrategy=merge
	// +listType=map
	// +listMapKey=name
	HostDevices []HostDevice `json:"hostDevices,omitempty" patchStrategy:"merge" patchMergeKey:"name" protobuf:"bytes,21,rep,name=hostDevices"`
	// ClientPassthrough lets a client redirect up to 4 of its USB devices to the guest.
	// +optional
	ClientPassthrough *ClientPassthroughDevices `json:"clientPassthrough,omitempty" protobuf:"bytes,22,opt,name=clientPassthrough"`
	// Sound is the guest's sound card.
	// +optional
	Sound *SoundDevice `json:"sound,omitempty" protobuf:"bytes,23,opt,name=sound"`
	// TPM is the guest's trusted platform module, version 2.0.
	// +optional
	TPM *TPMDevice `json:"tpm,omitempty" protobuf:"bytes,24,opt,name=tpm"`
	// Video is the guest's graphics adapter.
	// +optional
	Video *VideoDevice `json:"video,omitempty" protobuf:"bytes,25,opt,name=video"`
}

// Input is an input device of the guest.
type Input struct {
	// Name of the device.
	Name string `json:"name" protobuf:"bytes,1,opt,name=name"`
	// Type is tablet.
	Type string `json:"type" protobuf:"bytes,2,opt,name=type"`
	// Bus is usb (the default) or virtio.
	// +optional
	Bus string `json:"bus,omitempty" protobuf:"bytes,3,opt,name=bus"`
}

// Rng is a virtio random number generator.
type Rng struct{}

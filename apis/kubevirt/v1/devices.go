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
}

// Disk is a disk or CD-ROM of the guest.
type Disk struct {
	// Name of the disk and of its volume.
	Name string `json:"name" protobuf:"bytes,1,opt,name=name"`
	// DiskDevice is what the guest sees. Defaults to disk.
	DiskDevice `json:",inline" protobuf:"bytes,2,opt,name=diskDevice"`
	// BootOrder is the place in the boot sequence, from 1.
	// +optional
	BootOrder *uint32 `json:"bootOrder,omitempty" protobuf:"varint,3,opt,name=bootOrder"`
	// Serial number of the disk, at most 256 characters of [A-Za-z0-9_.+-].
	// +optional
	Serial string `json:"serial,omitempty" protobuf:"bytes,4,opt,name=serial"`
	// Cache mode: none, writethrough or writeback.
	// +optional
	Cache DriverCache `json:"cache,omitempty" protobuf:"bytes,5,opt,name=cache,casttype=DriverCache"`
	// IO mode: native or threads.
	// +optional
	IO DriverIO `json:"io,omitempty" protobuf:"bytes,6,opt,name=io,casttype=DriverIO"`
}

// DriverCache is a disk's cache mode.
type DriverCache string

const (
	CacheNone         DriverCache = "none"
	CacheWriteThrough DriverCache = "writethrough"
	CacheWriteBack    DriverCache = "writeback"
)

// DriverIO is a disk's I/O mode.
type DriverIO string

const (
	IONative  DriverIO = "native"
	IOThreads DriverIO = "threads"
)

// DiskDevice is what the guest sees of a volume; at most one of its fields may be set.
type DiskDevice struct {
	// Disk is a hard disk.
	// +optional
	Disk *DiskTarget `json:"disk,omitempty" protobuf:"bytes,1,opt,name=disk"`
	// CDRom is a CD-ROM drive.
	// +optional
	CDRom *CDRomTarget `json:"cdrom,omitempty" protobuf:"bytes,2,opt,name=cdrom"`
}

// DiskBus is how a disk is connected: virtio, sata, scsi or usb.
type DiskBus string

const (
	DiskBusVirtio DiskBus = "virtio"
	DiskBusSATA   DiskBus = "sata"
	DiskBusSCSI   DiskBus = "scsi"
	DiskBusUSB    DiskBus = "usb"
)

// DiskTarget is a hard disk of the guest.
type DiskTarget struct {
	// Bus is virtio, sata, scsi or usb. Defaults to sata.
	// +optional
	Bus DiskBus `json:"bus,omitempty" protobuf:"bytes,1,opt,name=bus,casttype=DiskBus"`
	// ReadOnly keeps the guest from writing.
	// +optional
	ReadOnly bool `json:"readonly,omitempty" protobuf:"varint,2,opt,name=readonly"`
}

// CDRomTarget is a CD-ROM drive of the guest.
type CDRomTarget struct {
	// Bus is sata, scsi or usb. Defaults to sata.
	// +optional
	Bus DiskBus `json:"bus,omitempty" protobuf:"bytes,1,opt,name=bus,casttype=DiskBus"`
	// ReadOnly defaults to true.
	// +optional
	ReadOnly *bool `json:"readonly,omitempty" protobuf:"varint,2,opt,name=readonly"`
	// Tray is open or closed. Defaults to closed.
	// +optional
	Tray TrayState `json:"tray,omitempty" protobuf:"bytes,3,opt,name=tray,casttype=TrayState"`
}

// TrayState is open or closed.
type TrayState string

const (
	TrayStateOpen   TrayState = "open"
	TrayStateClosed TrayState = "closed"
)

// Interface is a NIC of the guest.
type Interface struct {
	// Name of the interface and of its network.
	Name string `json:"name" protobuf:"bytes,1,opt,name=name"`
	// Model of the NIC: virtio (the default), e1000, e1000e, ne2k_pci, pcnet, rtl8139 or igb.
	// +optional
	Model string `json:"model,omitempty" protobuf:"bytes,2,opt,name=model"`
	// InterfaceBindingMethod is how the NIC is connected; exactly one of its fields is set.
	InterfaceBindingMethod `json:",inline" protobuf:"bytes,3,opt,name=interfaceBindingMethod"`
	// Ports limits what the pod network reaches of the guest; all ports when empty.
	// +optional
	// +listType=atomic
	Ports []Port `json:"ports,omitempty" protobuf:"bytes,4,rep,name=ports"`
	// MacAddress of the NIC, such as 02:00:00:ab:cd:ef. Defaults to one derived from the instance's namespace and name.
	// +optional
	MacAddress string `json:"macAddress,omitempty" protobuf:"bytes,5,opt,name=macAddress"`
	// BootOrder is the place in the boot sequence, from 1.
	// +optional
	BootOrder *uint32 `json:"bootOrder,omitempty" protobuf:"varint,6,opt,name=bootOrder"`
}

// InterfaceBindingMethod is how a NIC is connected; exactly one field is set.
type InterfaceBindingMethod struct {
	// Bridge connects the NIC to the network by a bridge.
	// +optional
	Bridge *InterfaceBridge `json:"bridge,omitempty" protobuf:"bytes,1,opt,name=bridge"`
	// Masquerade hides the guest behind the pod's address.
	// +optional
	Masquerade *InterfaceMasquerade `json:"masquerade,omitempty" protobuf:"bytes,2,opt,name=masquerade"`
	// SRIOV passes a virtual function through to the guest.
	// +optional
	SRIOV *InterfaceSRIOV `json:"sriov,omitempty" protobuf:"bytes,3,opt,name=sriov"`
}

// InterfaceBridge connects a NIC by a bridge.
type InterfaceBridge struct{}

// InterfaceMasquerade connects a NIC by address translation.
type InterfaceMasquerade struct{}

// InterfaceSRIOV connects a NIC by a virtual function.
type InterfaceSRIOV struct{}

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

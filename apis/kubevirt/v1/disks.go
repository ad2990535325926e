// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

// Disk is a disk or CD-ROM of the guest.
type Disk struct {
	// Name of the disk and of its volume.
	Name string `json:"name" protobuf:"bytes,1,opt,name=name"`
	// DiskDevice is what the guest sees. Defaults to disk.
	DiskDevice `json:",inline" protobuf:"bytes,2,opt,name=diskDevice"`
	// BootOrder is the place in the boot sequence, from 1.
	// +optional
	BootOrder *int64 `json:"bootOrder,omitempty" protobuf:"varint,3,opt,name=bootOrder"`
	// Serial number of the disk, at most 256 characters of [A-Za-z0-9_.+-].
	// +optional
	Serial string `json:"serial,omitempty" protobuf:"bytes,4,opt,name=serial"`
	// Cache mode: none, writethrough or writeback.
	// +optional
	Cache DriverCache `json:"cache,omitempty" protobuf:"bytes,5,opt,name=cache,casttype=DriverCache"`
	// IO mode: native or threads.
	// +optional
	IO DriverIO `json:"io,omitempty" protobuf:"bytes,6,opt,name=io,casttype=DriverIO"`
	// DedicatedIOThread gives the disk an I/O thread of its own; virtio disks only. Defaults to false.
	// +optional
	DedicatedIOThread *bool `json:"dedicatedIOThread,omitempty" protobuf:"varint,7,opt,name=dedicatedIOThread"`
	// Tag is shown to the guest with the disk's address in the cloud-init metadata of a config drive.
	// +optional
	Tag string `json:"tag,omitempty" protobuf:"bytes,8,opt,name=tag"`
	// BlockSize is the sector size that the guest sees. Defaults to 512 bytes.
	// +optional
	BlockSize *BlockSize `json:"blockSize,omitempty" protobuf:"bytes,9,opt,name=blockSize"`
	// Shareable lets several virtual machines open the volume; needs cache none. Defaults to false.
	// +optional
	Shareable *bool `json:"shareable,omitempty" protobuf:"varint,10,opt,name=shareable"`
	// ErrorPolicy tells what a failed read or write does: stop, ignore, report or enospace. Defaults to stop.
	// +optional
	ErrorPolicy *DiskErrorPolicy `json:"errorPolicy,omitempty" protobuf:"bytes,11,opt,name=errorPolicy,casttype=DiskErrorPolicy"`
	// ChangedBlockTracking tells that changed blocks are recorded for incremental backups; set by virtplane.
	// +optional
	ChangedBlockTracking *bool `json:"changedBlockTracking,omitempty" protobuf:"varint,12,opt,name=changedBlockTracking"`
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
	// LUN passes SCSI commands through to a volume in block mode.
	// +optional
	LUN *LunTarget `json:"lun,omitempty" protobuf:"bytes,3,opt,name=lun"`
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
	// PciAddress is the disk's address on the guest's PCI bus, such as 0000:81:01.0; virtio disks only.
	// +optional
	PciAddress string `json:"pciAddress,omitempty" protobuf:"bytes,3,opt,name=pciAddress"`
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

// LunTarget is a SCSI device that commands are passed through to.
type LunTarget struct {
	// Bus is scsi.
	// +optional
	Bus DiskBus `json:"bus,omitempty" protobuf:"bytes,1,opt,name=bus,casttype=DiskBus"`
	// ReadOnly keeps the guest from writing. Defaults to false.
	// +optional
	ReadOnly bool `json:"readonly,omitempty" protobuf:"varint,2,opt,name=readonly"`
	// Reservation lets the guest use SCSI persistent reservations. Defaults to false.
	// +optional
	Reservation bool `json:"reservation,omitempty" protobuf:"varint,3,opt,name=reservation"`
}

// DiskErrorPolicy tells what a failed read or write of a disk does.
type DiskErrorPolicy string

const (
	// DiskErrorPolicyStop pauses the guest.
	DiskErrorPolicyStop DiskErrorPolicy = "stop"
	// DiskErrorPolicyIgnore goes on as if it had not failed.
	DiskErrorPolicyIgnore DiskErrorPolicy = "ignore"
	// DiskErrorPolicyReport passes the failure to the guest.
	DiskErrorPolicyReport DiskErrorPolicy = "report"
	// DiskErrorPolicyEnospace pauses the guest when space ran out, and passes other failures to it.
	DiskErrorPolicyEnospace DiskErrorPolicy = "enospace"
)

// BlockSize is the sector size that a guest sees; one field is set.
type BlockSize struct {
	// Custom sets the sizes.
	// +optional
	Custom *CustomBlockSize `json:"custom,omitempty" protobuf:"bytes,1,opt,name=custom"`
	// MatchVolume takes the sizes of the volume below.
	// +optional
	MatchVolume *FeatureState `json:"matchVolume,omitempty" protobuf:"bytes,2,opt,name=matchVolume"`
}

// CustomBlockSize sets the sector sizes that a guest sees.
type CustomBlockSize struct {
	// Logical is the smallest unit that the guest can address, in bytes: a power of two from 512 to 2097152.
	// +optional
	Logical int64 `json:"logical,omitempty" protobuf:"varint,1,opt,name=logical"`
	// Physical is the unit that is written at once, in bytes: a power of two, at least logical.
	// +optional
	Physical int64 `json:"physical,omitempty" protobuf:"varint,2,opt,name=physical"`
	// DiscardGranularity is the smallest unit that the guest can give back, in bytes, a multiple of logical; 0 turns discard off.
	// +optional
	DiscardGranularity *int64 `json:"discardGranularity,omitempty" protobuf:"varint,3,opt,name=discardGranularity"`
}

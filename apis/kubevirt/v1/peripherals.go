// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

// Watchdog is a device that acts when a guest stops feeding it.
type Watchdog struct {
	// Name of the device.
	Name string `json:"name" protobuf:"bytes,1,opt,name=name"`
	// WatchdogDevice is the model; one of its fields is set.
	WatchdogDevice `json:",inline" protobuf:"bytes,2,opt,name=watchdogDevice"`
}

// WatchdogDevice is the model of a watchdog; exactly one field is set.
type WatchdogDevice struct {
	// I6300ESB is a PCI watchdog for amd64 and arm64.
	// +optional
	I6300ESB *I6300ESBWatchdog `json:"i6300esb,omitempty" protobuf:"bytes,1,opt,name=i6300esb"`
	// Diag288 is the watchdog of s390x.
	// +optional
	Diag288 *Diag288Watchdog `json:"diag288,omitempty" protobuf:"bytes,2,opt,name=diag288"`
}

// I6300ESBWatchdog is a PCI watchdog.
type I6300ESBWatchdog struct {
	// Action is poweroff, reset or shutdown. Defaults to reset.
	// +optional
	Action WatchdogAction `json:"action,omitempty" protobuf:"bytes,1,opt,name=action,casttype=WatchdogAction"`
}

// Diag288Watchdog is the watchdog of s390x.
type Diag288Watchdog struct {
	// Action is poweroff, reset or shutdown. Defaults to reset.
	// +optional
	Action WatchdogAction `json:"action,omitempty" protobuf:"bytes,1,opt,name=action,casttype=WatchdogAction"`
}

// WatchdogAction is what a watchdog does when it is not fed.
type WatchdogAction string

const (
	// WatchdogActionPoweroff ends the guest at once.
	WatchdogActionPoweroff WatchdogAction = "poweroff"
	// WatchdogActionReset restarts the guest at once.
	WatchdogActionReset WatchdogAction = "reset"
	// WatchdogActionShutdown asks the guest to shut down.
	WatchdogActionShutdown WatchdogAction = "shutdown"
)

// DownwardMetrics is a virtio-serial port from which a guest reads metrics of its node.
type DownwardMetrics struct {
}

// PanicDevice lets a guest report that its kernel crashed.
type PanicDevice struct {
	// Model is hyperv, isa or pvpanic. Defaults to the one that fits the architecture.
	// +optional
	Model *PanicDeviceModel `json:"model,omitempty" protobuf:"bytes,1,opt,name=model,casttype=PanicDeviceModel"`
}

// PanicDeviceModel is the model of a panic device.
type PanicDeviceModel string

const (
	// PanicDeviceHyperv reports by registers of Hyper-V, for Windows.
	PanicDeviceHyperv PanicDeviceModel = "hyperv"
	// PanicDeviceISA is a device on the ISA bus.
	PanicDeviceISA PanicDeviceModel = "isa"
	// PanicDevicePvpanic is a PCI device.
	PanicDevicePvpanic PanicDeviceModel = "pvpanic"
)

// Filesystem shares a volume with a guest as a directory.
type Filesystem struct {
	// Name of the file system, its volume, and the tag that the guest mounts it by.
	Name string `json:"name" protobuf:"bytes,1,opt,name=name"`
	// Virtiofs shares it by virtiofs.
	Virtiofs *FilesystemVirtiofs `json:"virtiofs" protobuf:"bytes,2,opt,name=virtiofs"`
}

// FilesystemVirtiofs shares a directory by virtiofs.
type FilesystemVirtiofs struct{}

// ClientPassthroughDevices lets a client redirect USB devices to a guest.
type ClientPassthroughDevices struct{}

// SoundDevice is a sound card.
type SoundDevice struct {
	// Name of the device.
	Name string `json:"name" protobuf:"bytes,1,opt,name=name"`
	// Model is ich9 or ac97. Defaults to ich9.
	// +optional
	Model string `json:"model,omitempty" protobuf:"bytes,2,opt,name=model"`
}

// TPMDevice is a trusted platform module.
type TPMDevice struct {
	// Enabled tells whether the guest has the module. Defaults to true.
	// +optional
	Enabled *bool `json:"enabled,omitempty" protobuf:"varint,1,opt,name=enabled"`
	// Persistent keeps the module's state over restarts of the virtual machine. Defaults to false.
	// +optional
	Persistent *bool `json:"persistent,omitempty" protobuf:"varint,2,opt,name=persistent"`
}

// VideoDevice is a graphics adapter.
type VideoDevice struct {
	// Type is the model, such as virtio, vga, bochs or ramfb. Defaults to the one that fits architecture and firmware.
	// +optional
	Type string `json:"type,omitempty" protobuf:"bytes,1,opt,name=type"`
}

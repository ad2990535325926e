// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// PermittedHostDevices are the devices of nodes that guests may have. Not used: guests get no devices of nodes yet.
type PermittedHostDevices struct {
	// PciHostDevices are PCI devices.
	// +optional
	// +listType=atomic
	PciHostDevices []PciHostDevice `json:"pciHostDevices,omitempty" protobuf:"bytes,1,rep,name=pciHostDevices"`
	// MediatedDevices are parts of PCI devices, such as virtual GPUs.
	// +optional
	// +listType=atomic
	MediatedDevices []MediatedHostDevice `json:"mediatedDevices,omitempty" protobuf:"bytes,2,rep,name=mediatedDevices"`
	// USB are USB devices.
	// +optional
	// +listType=atomic
	USB []USBHostDevice `json:"usb,omitempty" protobuf:"bytes,3,rep,name=usb"`
}

// PciHostDevice permits a kind of PCI device.
type PciHostDevice struct {
	// PCIVendorSelector is VENDOR:PRODUCT, each as four hexadecimal digits.
	PCIVendorSelector string `json:"pciVendorSelector" protobuf:"bytes,1,opt,name=pciVendorSelector"`
	// ResourceName is the resource that stands for the devices, such as example.com/gpu.
	ResourceName string `json:"resourceName" protobuf:"bytes,2,opt,name=resourceName"`
	// ExternalResourceProvider tells that another device plugin offers the resource.
	// +optional
	ExternalResourceProvider bool `json:"externalResourceProvider,omitempty" protobuf:"varint,3,opt,name=externalResourceProvider"`
}

// MediatedHostDevice permits a type of mediated device.
type MediatedHostDevice struct {
	// MDEVNameSelector is the type's name.
	MDEVNameSelector string `json:"mdevNameSelector" protobuf:"bytes,1,opt,name=mdevNameSelector"`
	// ResourceName is the resource that stands for the devices.
	ResourceName string `json:"resourceName" protobuf:"bytes,2,opt,name=resourceName"`
	// ExternalResourceProvider tells that another device plugin offers the resource.
	// +optional
	ExternalResourceProvider bool `json:"externalResourceProvider,omitempty" protobuf:"varint,3,opt,name=externalResourceProvider"`
}

// USBHostDevice permits kinds of USB devices.
type USBHostDevice struct {
	// ResourceName is the resource that stands for the devices.
	ResourceName string `json:"resourceName" protobuf:"bytes,1,opt,name=resourceName"`
	// Selectors are the kinds; a guest gets one device of each.
	// +optional
	// +listType=atomic
	Selectors []USBSelector `json:"selectors,omitempty" protobuf:"bytes,2,rep,name=selectors"`
	// ExternalResourceProvider tells that another device plugin offers the resource.
	// +optional
	ExternalResourceProvider bool `json:"externalResourceProvider,omitempty" protobuf:"varint,3,opt,name=externalResourceProvider"`
}

// USBSelector is a kind of USB device.
type USBSelector struct {
	// Vendor is four hexadecimal digits.
	Vendor string `json:"vendor" protobuf:"bytes,1,opt,name=vendor"`
	// Product is four hexadecimal digits.
	Product string `json:"product" protobuf:"bytes,2,opt,name=product"`
}

// MediatedDevicesConfiguration tells which mediated devices nodes have. Not used.
type MediatedDevicesConfiguration struct {
	// MediatedDevicesTypes is the older form of mediatedDeviceTypes. Deprecated.
	// +optional
	// +listType=atomic
	MediatedDevicesTypes []string `json:"mediatedDevicesTypes,omitempty" protobuf:"bytes,1,rep,name=mediatedDevicesTypes"`
	// MediatedDeviceTypes are the types that nodes have.
	// +optional
	// +listType=atomic
	MediatedDeviceTypes []string `json:"mediatedDeviceTypes,omitempty" protobuf:"bytes,2,rep,name=mediatedDeviceTypes"`
	// NodeMediatedDeviceTypes are the types of selected nodes.
	// +optional
	// +listType=atomic
	NodeMediatedDeviceTypes []NodeMediatedDeviceTypesConfig `json:"nodeMediatedDeviceTypes,omitempty" protobuf:"bytes,3,rep,name=nodeMediatedDeviceTypes"`
	// Enabled tells that nodes make and remove mediated devices.
	// +optional
	Enabled *bool `json:"enabled,omitempty" protobuf:"varint,4,opt,name=enabled"`
}

// NodeMediatedDeviceTypesConfig tells which mediated devices selected nodes have.
type NodeMediatedDeviceTypesConfig struct {
	// NodeSelector selects the nodes by their labels.
	// +optional
	NodeSelector map[string]string `json:"nodeSelector" protobuf:"bytes,1,rep,name=nodeSelector"`
	// MediatedDevicesTypes is the older form of mediatedDeviceTypes. Deprecated.
	// +optional
	// +listType=atomic
	MediatedDevicesTypes []string `json:"mediatedDevicesTypes,omitempty" protobuf:"bytes,2,rep,name=mediatedDevicesTypes"`
	// MediatedDeviceTypes are the types that the nodes have.
	// +optional
	// +listType=atomic
	MediatedDeviceTypes []string `json:"mediatedDeviceTypes" protobuf:"bytes,3,rep,name=mediatedDeviceTypes"`
}

// KSMConfiguration tells on which nodes equal memory pages are merged. Not used.
type KSMConfiguration struct {
	// NodeLabelSelector selects the nodes; an empty one selects all.
	// +optional
	NodeLabelSelector *metav1.LabelSelector `json:"nodeLabelSelector,omitempty" protobuf:"bytes,1,opt,name=nodeLabelSelector"`
}

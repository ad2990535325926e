// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

// Port is a port of the guest that the pod network reaches.
type Port struct {
	// Name of the port, unique in the interface.
	// +optional
	Name string `json:"name,omitempty" protobuf:"bytes,1,opt,name=name"`
	// Protocol is TCP or UDP. Defaults to TCP.
	// +optional
	Protocol string `json:"protocol,omitempty" protobuf:"bytes,2,opt,name=protocol"`
	// Port is the number, 1 to 65535.
	Port int32 `json:"port" protobuf:"varint,3,opt,name=port"`
}

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
	BootOrder *int64 `json:"bootOrder,omitempty" protobuf:"varint,6,opt,name=bootOrder"`
	// Binding connects the NIC by a network binding plugin instead of a built-in method.
	// +optional
	Binding *PluginBinding `json:"binding,omitempty" protobuf:"bytes,7,opt,name=binding"`
	// PortRanges are ranges of ports that the pod network reaches of the guest, beside ports.
	// +optional
	// +listType=atomic
	PortRanges []PortRange `json:"portRanges,omitempty" protobuf:"bytes,8,rep,name=portRanges"`
	// PciAddress is the NIC's address on the guest's PCI bus, such as 0000:81:01.0.
	// +optional
	PciAddress string `json:"pciAddress,omitempty" protobuf:"bytes,9,opt,name=pciAddress"`
	// DHCPOptions are further options that the guest gets by DHCP.
	// +optional
	DHCPOptions *DHCPOptions `json:"dhcpOptions,omitempty" protobuf:"bytes,10,opt,name=dhcpOptions"`
	// Tag is shown to the guest with the NIC's address in the cloud-init metadata of a config drive.
	// +optional
	Tag string `json:"tag,omitempty" protobuf:"bytes,11,opt,name=tag"`
	// ACPIIndex names the NIC in guests that follow it, as eno1 for 1; unique among the interfaces. Defaults to none.
	// +optional
	ACPIIndex int64 `json:"acpiIndex,omitempty" protobuf:"varint,12,opt,name=acpiIndex"`
	// State is up, down (the link has no carrier) or absent (the NIC is unplugged). Defaults to up.
	// +optional
	State InterfaceState `json:"state,omitempty" protobuf:"bytes,13,opt,name=state,casttype=InterfaceState"`
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
	// DeprecatedSlirp is user-mode networking by slirp, which was removed. Deprecated: use masquerade.
	// +optional
	DeprecatedSlirp *DeprecatedInterfaceSlirp `json:"slirp,omitempty" protobuf:"bytes,4,opt,name=slirp"`
	// DeprecatedMacvtap is a macvtap device, which was removed. Deprecated: use bridge.
	// +optional
	DeprecatedMacvtap *DeprecatedInterfaceMacvtap `json:"macvtap,omitempty" protobuf:"bytes,5,opt,name=macvtap"`
	// DeprecatedPasst is the former field of user-mode networking by passt. Deprecated: use passtBinding.
	// +optional
	DeprecatedPasst *DeprecatedInterfacePasst `json:"passt,omitempty" protobuf:"bytes,6,opt,name=passt"`
	// PasstBinding connects the NIC by passt, in user mode.
	// +optional
	PasstBinding *InterfacePasstBinding `json:"passtBinding,omitempty" protobuf:"bytes,7,opt,name=passtBinding"`
}

// InterfaceBridge connects a NIC by a bridge.
type InterfaceBridge struct{}

// InterfaceMasquerade connects a NIC by address translation.
type InterfaceMasquerade struct{}

// InterfaceSRIOV connects a NIC by a virtual function.
type InterfaceSRIOV struct{}

// DeprecatedInterfaceSlirp is user-mode networking by slirp, which was removed.
type DeprecatedInterfaceSlirp struct{}

// DeprecatedInterfaceMacvtap is a macvtap device, which was removed.
type DeprecatedInterfaceMacvtap struct{}

// DeprecatedInterfacePasst is the former field of user-mode networking by passt.
type DeprecatedInterfacePasst struct{}

// InterfacePasstBinding connects a NIC by passt.
type InterfacePasstBinding struct{}

// PluginBinding connects a NIC by a network binding plugin.
type PluginBinding struct {
	// Name of the plugin, as the KubeVirt object registers it.
	Name string `json:"name" protobuf:"bytes,1,opt,name=name"`
}

// PortRange is a range of a guest's ports.
type PortRange struct {
	// Protocol is TCP or UDP.
	Protocol string `json:"protocol" protobuf:"bytes,1,opt,name=protocol"`
	// Start is the first port, 1 to 65535.
	Start int32 `json:"start" protobuf:"varint,2,opt,name=start"`
	// End is the last port, at least start.
	End int32 `json:"end" protobuf:"varint,3,opt,name=end"`
}

// DHCPOptions are options that a guest gets by DHCP.
type DHCPOptions struct {
	// BootFileName is option 67, the file that a network boot loads.
	// +optional
	BootFileName string `json:"bootFileName,omitempty" protobuf:"bytes,1,opt,name=bootFileName"`
	// TFTPServerName is option 66, the server of a network boot.
	// +optional
	TFTPServerName string `json:"tftpServerName,omitempty" protobuf:"bytes,2,opt,name=tftpServerName"`
	// NTPServers are option 42, the IPv4 addresses of time servers.
	// +optional
	// +listType=atomic
	NTPServers []string `json:"ntpServers,omitempty" protobuf:"bytes,3,rep,name=ntpServers"`
	// PrivateOptions are site-specific options.
	// +optional
	// +listType=atomic
	PrivateOptions []DHCPPrivateOptions `json:"privateOptions,omitempty" protobuf:"bytes,4,rep,name=privateOptions"`
}

// DHCPPrivateOptions is a site-specific DHCP option.
type DHCPPrivateOptions struct {
	// Option is the code, 224 to 254.
	Option int64 `json:"option" protobuf:"varint,1,opt,name=option"`
	// Value is the option's text.
	Value string `json:"value" protobuf:"bytes,2,opt,name=value"`
}

// InterfaceState is the wanted state of a NIC.
type InterfaceState string

const (
	// InterfaceStateLinkUp is a NIC whose link has a carrier.
	InterfaceStateLinkUp InterfaceState = "up"
	// InterfaceStateLinkDown is a NIC whose link has no carrier.
	InterfaceStateLinkDown InterfaceState = "down"
	// InterfaceStateAbsent is a NIC that shall be unplugged.
	InterfaceStateAbsent InterfaceState = "absent"
)

// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

// Labels, annotations and finalizers with a meaning to clients; the names are those of the KubeVirt v1 API.
const (
	// AppLabel marks launcher pods with the value virt-launcher.
	AppLabel = "kubevirt.io"
	// AppLabelLauncher is AppLabel's value on launcher pods.
	AppLabelLauncher = "virt-launcher"
	// CreatedByLabel holds the instance's UID on its launcher pod.
	CreatedByLabel = "kubevirt.io/created-by"
	// NodeNameLabel holds the node on instances.
	NodeNameLabel = "kubevirt.io/nodeName"
	// VirtualMachineNameLabel holds the name of the VirtualMachine on launcher pods.
	VirtualMachineNameLabel = "vm.kubevirt.io/name"
	// VirtualMachineInstanceIDLabel holds the instance's name on launcher pods; Services select by it.
	VirtualMachineInstanceIDLabel = "vmi.kubevirt.io/id"
	// NodeSchedulableLabel is true on nodes whose plugin is ready.
	NodeSchedulableLabel = "kubevirt.io/schedulable"
	// NodeHeartbeatAnnotation holds when a node's plugin was last seen ready.
	NodeHeartbeatAnnotation = "kubevirt.io/heartbeat"
	// DomainAnnotation holds the instance's name on launcher pods.
	DomainAnnotation = "kubevirt.io/domain"
	// VirtualMachineGenerationAnnotation holds the VirtualMachine's generation on the instance made from it.
	VirtualMachineGenerationAnnotation = "kubevirt.io/vm-generation"
	// MemoryOverheadAnnotation holds the memory reserved beside the guest's on launcher pods, in bytes.
	MemoryOverheadAnnotation = "kubevirt.io/memory-overhead-bytes"

	// VirtualMachineFinalizer keeps VirtualMachines until their instance is gone.
	VirtualMachineFinalizer = "kubevirt.io/virtualMachineControllerFinalize"
	// VirtualMachineInstanceFinalizer keeps instances until their guest has ended.
	VirtualMachineInstanceFinalizer = "kubevirt.io/foregroundDeleteVirtualMachine"
)

// Device resources that launcher pods ask for.
const (
	KVMResource      = "devices.kubevirt.io/kvm"
	TunResource      = "devices.kubevirt.io/tun"
	VhostNetResource = "devices.kubevirt.io/vhost-net"
)

// CSIDriverName is the driver of the inline volume that connects a launcher with its node's plugin.
const CSIDriverName = "node.virtplane.io"

// RuntimeUID is the user and group that QEMU runs as.
const RuntimeUID = 107

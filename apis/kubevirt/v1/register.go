// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	// GroupName is the API group of virtual machines.
	GroupName = "kubevirt.io"
	// SubresourceGroupName is the second group under which the subresources are served.
	SubresourceGroupName = "subresources.kubevirt.io"
)

var (
	// SchemeGroupVersion is kubevirt.io/v1.
	SchemeGroupVersion = schema.GroupVersion{Group: GroupName, Version: "v1"}
	// SubresourceGroupVersion is subresources.kubevirt.io/v1.
	SubresourceGroupVersion = schema.GroupVersion{Group: SubresourceGroupName, Version: "v1"}

	// SchemeBuilder collects what AddToScheme adds.
	SchemeBuilder = runtime.NewSchemeBuilder(addKnownTypes, addDefaultingFuncs)
	// AddToScheme registers the types and their defaults under kubevirt.io/v1.
	AddToScheme = SchemeBuilder.AddToScheme
)

// Kind returns kind qualified with the group.
func Kind(kind string) schema.GroupKind { return SchemeGroupVersion.WithKind(kind).GroupKind() }

// Resource returns resource qualified with the group.
func Resource(resource string) schema.GroupResource {
	return SchemeGroupVersion.WithResource(resource).GroupResource()
}

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(SchemeGroupVersion, objects()...)
	scheme.AddKnownTypes(SchemeGroupVersion, options()...)
	scheme.AddKnownTypes(SchemeGroupVersion, answers()...)
	metav1.AddToGroupVersion(scheme, SchemeGroupVersion)
	return nil
}

func objects() []runtime.Object {
	return []runtime.Object{
		&VirtualMachine{}, &VirtualMachineList{},
		&VirtualMachineInstance{}, &VirtualMachineInstanceList{},
		&KubeVirt{}, &KubeVirtList{},
	}
}

func options() []runtime.Object {
	return []runtime.Object{
		&StartOptions{}, &StopOptions{}, &RestartOptions{}, &PauseOptions{}, &UnpauseOptions{},
		&MigrateOptions{}, &EvacuateCancelOptions{}, &FreezeUnfreezeTimeout{},
		&AddVolumeOptions{}, &RemoveVolumeOptions{}, &VirtualMachineMemoryDumpRequest{},
		&BackupOptions{}, &BackupCheckpoint{}, &SEVSessionOptions{}, &SEVSecretOptions{},
		&ConsoleOptions{}, &ScreenshotOptions{}, &VSOCKOptions{}, &ObjectGraphOptions{},
	}
}

// answers are what subresources return.
func answers() []runtime.Object {
	return []runtime.Object{
		&VirtualMachineInstanceGuestAgentInfo{}, &VirtualMachineInstanceGuestOSUserList{}, &VirtualMachineInstanceFileSystemList{},
		&ObjectGraphNode{}, &SEVPlatformInfo{}, &SEVMeasurementInfo{},
	}
}

// AddInternalToScheme registers the same types as the internal version and under the subresource
// group, which lets one Go type serve the wire, the storage and both groups.
func AddInternalToScheme(scheme *runtime.Scheme) error {
	internal := schema.GroupVersion{Group: GroupName, Version: runtime.APIVersionInternal}
	scheme.AddKnownTypes(internal, objects()...)
	scheme.AddKnownTypes(internal, options()...)
	scheme.AddKnownTypes(internal, answers()...)
	for _, version := range []string{SubresourceGroupVersion.Version, runtime.APIVersionInternal} {
		gv := schema.GroupVersion{Group: SubresourceGroupName, Version: version}
		scheme.AddKnownTypes(gv, objects()...)
		scheme.AddKnownTypes(gv, options()...)
		scheme.AddKnownTypes(gv, answers()...)
	}
	metav1.AddToGroupVersion(scheme, SubresourceGroupVersion)
	return scheme.SetVersionPriority(SchemeGroupVersion)
}

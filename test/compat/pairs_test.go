// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"reflect"

	backupv1 "kubevirt.io/api/backup/v1alpha1"
	published "kubevirt.io/api/core/v1"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// message is what the generated protobuf code gives every type of virtplane.
type message interface {
	Marshal() ([]byte, error)
	Unmarshal([]byte) error
}

// pair is a type of the published API and the one of virtplane.
type pair struct {
	theirs, ours any
}

func (p pair) name() string { return reflect.TypeOf(p.theirs).Elem().Name() }

func (p pair) newTheirs() any { return reflect.New(reflect.TypeOf(p.theirs).Elem()).Interface() }

func (p pair) newOurs() message {
	return reflect.New(reflect.TypeOf(p.ours).Elem()).Interface().(message)
}

// objects are stored.
var objects = []pair{
	{&published.VirtualMachine{}, &v1.VirtualMachine{}},
	{&published.VirtualMachineList{}, &v1.VirtualMachineList{}},
	{&published.VirtualMachineInstance{}, &v1.VirtualMachineInstance{}},
	{&published.VirtualMachineInstanceList{}, &v1.VirtualMachineInstanceList{}},
	{&published.KubeVirt{}, &v1.KubeVirt{}},
	{&published.KubeVirtList{}, &v1.KubeVirtList{}},
}

// bodies are what subresources take and return.
var bodies = []pair{
	{&published.StartOptions{}, &v1.StartOptions{}},
	{&published.StopOptions{}, &v1.StopOptions{}},
	{&published.RestartOptions{}, &v1.RestartOptions{}},
	{&published.MigrateOptions{}, &v1.MigrateOptions{}},
	{&published.PauseOptions{}, &v1.PauseOptions{}},
	{&published.UnpauseOptions{}, &v1.UnpauseOptions{}},
	{&published.FreezeUnfreezeTimeout{}, &v1.FreezeUnfreezeTimeout{}},
	{&published.EvacuateCancelOptions{}, &v1.EvacuateCancelOptions{}},
	{&published.AddVolumeOptions{}, &v1.AddVolumeOptions{}},
	{&published.RemoveVolumeOptions{}, &v1.RemoveVolumeOptions{}},
	{&published.VirtualMachineMemoryDumpRequest{}, &v1.VirtualMachineMemoryDumpRequest{}},
	{&published.ScreenshotOptions{}, &v1.ScreenshotOptions{}},
	{&published.VSOCKOptions{}, &v1.VSOCKOptions{}},
	{&published.ObjectGraphOptions{}, &v1.ObjectGraphOptions{}},
	{&published.SEVSessionOptions{}, &v1.SEVSessionOptions{}},
	{&published.SEVSecretOptions{}, &v1.SEVSecretOptions{}},
	{&backupv1.BackupOptions{}, &v1.BackupOptions{}},
	{&backupv1.BackupCheckpoint{}, &v1.BackupCheckpoint{}},
	{&published.VirtualMachineInstanceGuestAgentInfo{}, &v1.VirtualMachineInstanceGuestAgentInfo{}},
	{&published.VirtualMachineInstanceGuestOSUserList{}, &v1.VirtualMachineInstanceGuestOSUserList{}},
	{&published.VirtualMachineInstanceFileSystemList{}, &v1.VirtualMachineInstanceFileSystemList{}},
	{&published.ObjectGraphNode{}, &v1.ObjectGraphNode{}},
	{&published.SEVPlatformInfo{}, &v1.SEVPlatformInfo{}},
	{&published.SEVMeasurementInfo{}, &v1.SEVMeasurementInfo{}},
}

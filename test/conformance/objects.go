// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

// newVM returns a virtual machine that no controller starts.
func newVM(name string, changes ...func(*v1.VirtualMachine)) *v1.VirtualMachine {
	strategy := v1.RunStrategyHalted
	vm := &v1.VirtualMachine{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1.VirtualMachineSpec{
			RunStrategy: &strategy,
			Template:    &v1.VirtualMachineInstanceTemplateSpec{Spec: newSpec()},
		},
	}
	for _, change := range changes {
		change(vm)
	}
	return vm
}

func withLabel(key, value string) func(*v1.VirtualMachine) {
	return func(vm *v1.VirtualMachine) { vm.Labels = map[string]string{key: value} }
}

// newVMI returns an instance that no node takes.
func newVMI(name string) *v1.VirtualMachineInstance {
	vmi := &v1.VirtualMachineInstance{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: newSpec()}
	vmi.Spec.NodeSelector = map[string]string{"conformance.virtplane.io/no-such-node": "true"}
	return vmi
}

func newSpec() v1.VirtualMachineInstanceSpec {
	guest := resource.MustParse("128Mi")
	return v1.VirtualMachineInstanceSpec{
		Domain: v1.DomainSpec{
			Memory:  &v1.Memory{Guest: &guest},
			Devices: v1.Devices{Disks: []v1.Disk{{Name: "root", DiskDevice: v1.DiskDevice{Disk: &v1.DiskTarget{Bus: v1.DiskBusVirtio}}}}},
		},
		Volumes: []v1.Volume{{Name: "root", VolumeSource: v1.VolumeSource{ContainerDisk: &v1.ContainerDiskSource{Image: "example.com/guest:1"}}}},
	}
}

func (s *suite) create(t *testing.T, namespace string, vm *v1.VirtualMachine) *v1.VirtualMachine {
	t.Helper()
	return must(s.machines(namespace).Create(t.Context(), vm, metav1.CreateOptions{}))(t)
}

func (s *suite) get(t *testing.T, namespace, name string) *v1.VirtualMachine {
	t.Helper()
	return must(s.machines(namespace).Get(t.Context(), name, metav1.GetOptions{}))(t)
}

func (s *suite) patch(t *testing.T, namespace, name, body string, subresources ...string) *v1.VirtualMachine {
	t.Helper()
	return must(s.machines(namespace).Patch(t.Context(), name, types.MergePatchType, []byte(body), metav1.PatchOptions{}, subresources...))(t)
}

// release deletes a virtual machine for good, whether or not a controller would remove its finalizers.
func (s *suite) release(t *testing.T, namespace, name string) {
	t.Helper()
	s.patch(t, namespace, name, `{"metadata":{"finalizers":null}}`)
	if err := s.machines(namespace).Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
}

func names(list *v1.VirtualMachineList) []string {
	out := []string{}
	for _, vm := range list.Items {
		out = append(out, vm.Name)
	}
	return out
}

// must fails the test on an error and hands the value on.
func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

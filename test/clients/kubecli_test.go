// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
	kvv1 "kubevirt.io/api/core/v1"
	"kubevirt.io/client-go/kubecli"
)

// patience is how long the tests wait for what happens within milliseconds on an idle machine.
const patience = 30 * time.Second

// connect returns the published client as an administrator, and a namespace for one test.
func connect(t *testing.T) (kubecli.KubevirtClient, string) {
	t.Helper()
	client, err := kubecli.GetKubevirtClientFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	ns, err := client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return client, ns.Name
}

func newVM(name string, strategy kvv1.VirtualMachineRunStrategy) *kvv1.VirtualMachine {
	memory := resource.MustParse("128Mi")
	return &kvv1.VirtualMachine{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: kvv1.VirtualMachineSpec{
			RunStrategy: &strategy,
			Template: &kvv1.VirtualMachineInstanceTemplateSpec{Spec: kvv1.VirtualMachineInstanceSpec{
				Domain: kvv1.DomainSpec{
					Memory: &kvv1.Memory{Guest: &memory},
					Devices: kvv1.Devices{Disks: []kvv1.Disk{{
						Name: "root", DiskDevice: kvv1.DiskDevice{Disk: &kvv1.DiskTarget{Bus: kvv1.DiskBusVirtio}}}}},
				},
				Volumes: []kvv1.Volume{{Name: "root", VolumeSource: kvv1.VolumeSource{ContainerDisk: &kvv1.ContainerDiskSource{Image: "example.com/guest:1"}}}},
			}},
		},
	}
}

// newInstance stands in for the controller, which does not run here: an instance of a virtual machine, with a status.
func newInstance(t *testing.T, client kubecli.KubevirtClient, vm *kvv1.VirtualMachine, phase kvv1.VirtualMachineInstancePhase) *kvv1.VirtualMachineInstance {
	t.Helper()
	vmi := kvv1.NewVMIReferenceFromNameWithNS(vm.Namespace, vm.Name)
	vmi.Spec = vm.Spec.Template.Spec
	vmi.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(vm, kvv1.VirtualMachineGroupVersionKind)}
	instances := client.VirtualMachineInstance(vm.Namespace)
	vmi, err := instances.Create(t.Context(), vmi, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	vmi.Status.Phase = phase
	// The published client has no method for it: there the whole object is one.
	written := &kvv1.VirtualMachineInstance{}
	if err := client.RestClient().Put().Namespace(vm.Namespace).Resource("virtualmachineinstances").Name(vmi.Name).SubResource("status").
		Body(vmi).Do(t.Context()).Into(written); err != nil {
		t.Fatal(err)
	}
	return written
}

func TestPublishedGoClient(t *testing.T) {
	client, ns := connect(t)
	machines := client.VirtualMachine(ns)
	vm, err := machines.Create(t.Context(), newVM("web", kvv1.RunStrategyManual), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := machines.Start(t.Context(), vm.Name, &kvv1.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	if vm, err = machines.Get(t.Context(), "web", metav1.GetOptions{}); err != nil {
		t.Fatal(err)
	}
	if requests := vm.Status.StateChangeRequests; len(requests) != 1 || requests[0].Action != kvv1.StartRequest {
		t.Errorf("after the start the requests are %+v", requests)
	}
	other, err := machines.Create(t.Context(), newVM("db", kvv1.RunStrategyAlways), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	vmi := newInstance(t, client, other, kvv1.Running)
	if err := machines.Restart(t.Context(), other.Name, &kvv1.RestartOptions{}); err != nil {
		t.Error(err)
	}
	if _, err := machines.Patch(t.Context(), vm.Name, types.MergePatchType, []byte(`{"metadata":{"labels":{"tier":"web"}}}`), metav1.PatchOptions{}); err != nil {
		t.Error(err)
	}
	list, err := machines.List(t.Context(), metav1.ListOptions{LabelSelector: "tier=web"})
	if err != nil || len(list.Items) != 1 {
		t.Errorf("list of machines with a label: %d, %v", len(list.Items), err)
	}
	// The methods on instances that need no node.
	if err := client.VirtualMachineInstance(ns).Delete(t.Context(), vmi.Name, metav1.DeleteOptions{}); err != nil {
		t.Error(err)
	}
	if info, err := client.ServerVersion().Get(); err != nil || info.GitVersion == "" {
		t.Errorf("version %+v: %v", info, err)
	}
}

func TestPublishedInformerFollowsChanges(t *testing.T) {
	client, ns := connect(t)
	changes := make(chan string, 10)
	listWatch := cache.NewListWatchFromClient(client.RestClient(), "virtualmachines", ns, fields.Everything())
	_, informer := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: listWatch, ObjectType: &kvv1.VirtualMachine{},
		Handler: cache.ResourceEventHandlerFuncs{
			AddFunc:    func(obj any) { changes <- "added " + obj.(*kvv1.VirtualMachine).Name },
			DeleteFunc: func(any) { changes <- "deleted" },
		},
	})
	go informer.RunWithContext(t.Context())
	vm, err := client.VirtualMachine(ns).Create(t.Context(), newVM("web", kvv1.RunStrategyHalted), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, changes, "added web")
	if _, err := client.VirtualMachine(ns).Patch(t.Context(), vm.Name, types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := client.VirtualMachine(ns).Delete(t.Context(), vm.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	expect(t, changes, "deleted")
}

func expect(t *testing.T, changes <-chan string, want string) {
	t.Helper()
	select {
	case got := <-changes:
		if got != want {
			t.Errorf("the informer saw %q, want %q", got, want)
		}
	case <-time.After(patience):
		t.Fatalf("the informer saw nothing for %s, want %q", patience, want)
	}
}

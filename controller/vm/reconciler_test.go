// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"errors"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/ptr"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/client/clientset/versioned/fake"
	"github.com/virtplane/virtplane/controller/store"
)

var demoKey = types.NamespacedName{Namespace: "ns", Name: "demo"}

// rig is a reconciler whose watches are still: its stores hold what the test and the reconciler put there.
type rig struct {
	*Reconciler
	client *fake.Clientset
	events *record.FakeRecorder
}

func newRig(objects ...runtime.Object) *rig {
	client := fake.NewSimpleClientset(objects...)
	client.PrependReactor("create", "*", func(action clienttesting.Action) (bool, runtime.Object, error) {
		action.(clienttesting.CreateAction).GetObject().(metav1.Object).SetUID("created")
		return false, nil, nil
	})
	events := record.NewFakeRecorder(10)
	return &rig{client: client, events: events, Reconciler: &Reconciler{
		Client: client.KubevirtV1(),
		VMs:    store.New(store.Options[*v1.VirtualMachine]{}),
		VMIs:   store.New(store.Options[*v1.VirtualMachineInstance]{}),
		Events: events,
	}}
}

// writes returns what was asked of the API server since the last call, without reads.
func (r *rig) writes() string {
	var out []string
	for _, a := range r.client.Actions() {
		if a.GetVerb() != "get" {
			out = append(out, strings.TrimSuffix(a.GetVerb()+" "+a.GetResource().Resource+"/"+a.GetSubresource(), "/"))
		}
	}
	r.client.ClearActions()
	return strings.Join(out, ", ")
}

func demo(strategy v1.VirtualMachineRunStrategy) *v1.VirtualMachine {
	vm := &v1.VirtualMachine{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "demo", UID: "vm-uid", Generation: 1,
		Finalizers: []string{v1.VirtualMachineFinalizer}}}
	vm.Spec.RunStrategy = &strategy
	vm.Spec.Template = &v1.VirtualMachineInstanceTemplateSpec{}
	return vm
}

func instanceOf(vm *v1.VirtualMachine, phase v1.VirtualMachineInstancePhase) *v1.VirtualMachineInstance {
	vmi := Instance(vm, Creation{})
	vmi.UID = "existing"
	vmi.Status.Phase = phase
	return vmi
}

func TestCreatesOneInstanceWhileTheWatchIsStill(t *testing.T) {
	vm := demo(v1.RunStrategyAlways)
	r := newRig(vm)
	r.VMs.Put(vm.DeepCopy())
	if _, err := r.Reconcile(t.Context(), demoKey); err != nil {
		t.Fatal(err)
	}
	if got, want := r.writes(), "create virtualmachineinstances, update virtualmachines/status"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := r.VMs.Get(demoKey).Status.PrintableStatus; got != v1.VirtualMachineStatusStarting {
		t.Errorf("status is %s", got)
	}
	for range 3 {
		if _, err := r.Reconcile(t.Context(), demoKey); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.writes(); got != "" {
		t.Errorf("a second look writes: %s", got)
	}
	if len(r.events.Events) != 1 {
		t.Errorf("%d events", len(r.events.Events))
	}
}

func TestTakesAnInstanceThatTheCacheDoesNotShow(t *testing.T) {
	vm := demo(v1.RunStrategyAlways)
	r := newRig(vm, instanceOf(vm, v1.Running))
	r.VMs.Put(vm.DeepCopy())
	if _, err := r.Reconcile(t.Context(), demoKey); err != nil {
		t.Fatal(err)
	}
	if got := r.VMs.Get(demoKey).Status.PrintableStatus; got != v1.VirtualMachineStatusRunning {
		t.Errorf("status is %s", got)
	}
}

func TestRestartAfterFailureIsNotedBeforeTheInstanceGoes(t *testing.T) {
	vm := demo(v1.RunStrategyRerunOnFailure)
	vm.Status.RunStrategy = v1.RunStrategyRerunOnFailure
	vmi := instanceOf(vm, v1.Failed)
	r := newRig(vm, vmi)
	r.VMs.Put(vm.DeepCopy())
	r.VMIs.Put(vmi.DeepCopy())
	away := errors.New("the server is away")
	fail := true
	r.client.PrependReactor("update", "virtualmachines", func(clienttesting.Action) (bool, runtime.Object, error) {
		return fail, nil, away
	})
	if _, err := r.Reconcile(t.Context(), demoKey); !errors.Is(err, away) {
		t.Errorf("got %v", err)
	}
	if got, want := r.writes(), "update virtualmachines/status"; got != want {
		t.Errorf("while the status cannot be written: got %s, want %s", got, want)
	}
	fail = false
	if _, err := r.Reconcile(t.Context(), demoKey); err != nil {
		t.Fatal(err)
	}
	if got, want := r.writes(), "update virtualmachines/status, delete virtualmachineinstances"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDeletesOnceAndOnlyTheInstanceThatItSaw(t *testing.T) {
	vm := demo(v1.RunStrategyHalted)
	vmi := instanceOf(vm, v1.Running)
	r := newRig(vm, vmi)
	r.VMs.Put(vm.DeepCopy())
	r.VMIs.Put(vmi.DeepCopy())
	var asked []types.UID
	r.client.PrependReactor("delete", "*", func(action clienttesting.Action) (bool, runtime.Object, error) {
		asked = append(asked, ptr.Deref(action.(clienttesting.DeleteActionImpl).DeleteOptions.Preconditions.UID, ""))
		return true, nil, nil // the finalizer keeps the instance
	})
	for range 3 {
		if _, err := r.Reconcile(t.Context(), demoKey); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(asked, []types.UID{"existing"}) {
		t.Errorf("deletions: %v", asked)
	}
}

func TestPausedStartFlipsTheFieldThatIsSet(t *testing.T) {
	vm := demo(v1.RunStrategyHalted)
	vm.Spec.RunStrategy, vm.Spec.Running = nil, ptr.To(false)
	vm.Status.StateChangeRequests = []v1.VirtualMachineStateChangeRequest{{Action: v1.StartRequest,
		Data: map[string]string{v1.StartRequestDataPaused: "true"}}}
	r := newRig(vm)
	r.VMs.Put(vm.DeepCopy())
	if _, err := r.Reconcile(t.Context(), demoKey); err != nil {
		t.Fatal(err)
	}
	got := r.VMs.Get(demoKey)
	if got.Spec.RunStrategy != nil || !ptr.Deref(got.Spec.Running, false) {
		t.Errorf("spec is %+v", got.Spec)
	}
	if ptr.Deref(r.VMIs.Get(demoKey).Spec.StartStrategy, "") != v1.StartStrategyPaused {
		t.Error("the instance does not start paused")
	}
}

func TestFailureIsShownOnce(t *testing.T) {
	vm := demo(v1.RunStrategyAlways)
	r := newRig(vm)
	r.VMs.Put(vm.DeepCopy())
	r.client.PrependReactor("create", "*", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, errors.New("exceeded quota")
	})
	for range 3 {
		if _, err := r.Reconcile(t.Context(), demoKey); err == nil {
			t.Fatal("no error: the queue would not try again")
		}
	}
	c := r.VMs.Get(demoKey).Condition(v1.VirtualMachineFailure)
	if c == nil || c.Message != "create virtual machine instance: exceeded quota" {
		t.Errorf("condition %+v", c)
	}
	if got := strings.Count(r.writes(), "update"); got != 1 || len(r.events.Events) != 1 {
		t.Errorf("%d status writes, %d events", got, len(r.events.Events))
	}
}

func TestEndIsNotedAfterTheDeletionAndOnce(t *testing.T) {
	vm := demo(v1.RunStrategyHalted)
	vm.Annotations = map[string]string{"kept": "yes"}
	vmi := instanceOf(vm, v1.Running)
	vmi.Status.NodeName = "node-a"
	r := newRig(vm, vmi)
	r.VMs.Put(vm.DeepCopy())
	r.VMIs.Put(vmi.DeepCopy())
	for range 3 {
		if _, err := r.Reconcile(t.Context(), demoKey); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := r.writes(), "update virtualmachines/status, delete virtualmachineinstances, patch virtualmachines"; !strings.HasPrefix(got, want) ||
		strings.Count(got, "patch") != 1 {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := r.VMs.Get(demoKey).Annotations; got[v1.LastNodeAnnotation] != "node-a" || got["kept"] != "yes" {
		t.Errorf("annotations %v", got)
	}
}

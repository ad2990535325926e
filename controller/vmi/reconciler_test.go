// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package vmi

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	kubefake "k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/record"

	"github.com/virtplane/virtplane/apis/kubevirt/config"
	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/client/clientset/versioned/fake"
	"github.com/virtplane/virtplane/controller/store"
	"github.com/virtplane/virtplane/controller/vmi/template"
)

var (
	demoKey = types.NamespacedName{Namespace: "ns", Name: "demo"}
	options = template.Options{Image: "launcher:1", Launchers: config.From(nil).Launchers}
)

// rig is a reconciler whose watches are still: its stores hold what the test and the reconciler put there.
type rig struct {
	*Reconciler
	kube   *kubefake.Clientset
	client *fake.Clientset
	events *record.FakeRecorder
}

func newRig(vmis []runtime.Object, pods []runtime.Object) *rig {
	client, kube := fake.NewSimpleClientset(vmis...), kubefake.NewSimpleClientset(pods...)
	kube.PrependReactor("create", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
		action.(clienttesting.CreateAction).GetObject().(metav1.Object).SetUID("created")
		return false, nil, nil
	})
	version := 100
	client.PrependReactor("update", "*", func(action clienttesting.Action) (bool, runtime.Object, error) {
		version++
		action.(clienttesting.UpdateAction).GetObject().(metav1.Object).SetResourceVersion(strconv.Itoa(version))
		return false, nil, nil
	})
	events := record.NewFakeRecorder(10)
	return &rig{kube: kube, client: client, events: events, Reconciler: &Reconciler{
		Client:   client.KubevirtV1(),
		Core:     kube.CoreV1(),
		VMIs:     store.New(store.Options[*v1.VirtualMachineInstance]{}),
		Pods:     store.New(store.Options[*corev1.Pod]{Owner: OwnerKey}),
		Nodes:    store.New(store.Options[*corev1.Node]{}),
		Events:   events,
		Template: func() template.Options { return options },
	}}
}

// writes returns what was asked of both API servers since the last call, without reads.
func (r *rig) writes() string {
	var out []string
	for _, a := range slices.Concat(r.kube.Actions(), r.client.Actions()) {
		if a.GetVerb() != "get" {
			out = append(out, strings.TrimSuffix(a.GetVerb()+" "+a.GetResource().Resource+"/"+a.GetSubresource(), "/"))
		}
	}
	r.kube.ClearActions()
	r.client.ClearActions()
	return strings.Join(out, ", ")
}

func (r *rig) reconcile(t *testing.T) {
	t.Helper()
	if _, err := r.Reconcile(t.Context(), demoKey); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) expectWrites(t *testing.T, when, want string) {
	t.Helper()
	if got := r.writes(); got != want {
		t.Errorf("%s: wrote %q, want %q", when, got, want)
	}
}

func instance(phase v1.VirtualMachineInstancePhase) *v1.VirtualMachineInstance {
	vmi := &v1.VirtualMachineInstance{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "demo", UID: "vmi-uid",
		ResourceVersion: "5", Finalizers: []string{v1.VirtualMachineInstanceFinalizer}}}
	vmi.Status.Phase = phase
	return vmi
}

func podOf(t *testing.T, vmi *v1.VirtualMachineInstance, uid types.UID, node string) *corev1.Pod {
	t.Helper()
	pod, err := template.Pod(vmi, options)
	if err != nil {
		t.Fatal(err)
	}
	pod.UID, pod.Spec.NodeName = uid, node
	return pod
}

func TestOnePodIsCreatedWhileTheWatchIsStill(t *testing.T) {
	vmi := instance(v1.Pending)
	r := newRig([]runtime.Object{vmi}, nil)
	r.VMIs.Put(vmi.DeepCopy())
	for range 3 {
		r.reconcile(t)
	}
	r.expectWrites(t, "before the pod is bound", "create pods")

	bound := r.Pods.Owned(demoKey)[0].DeepCopy()
	bound.Spec.NodeName = "n1"
	r.Pods.Put(bound)
	for range 3 {
		r.reconcile(t)
	}
	r.expectWrites(t, "when it is bound", "update virtualmachineinstances/status")
	if got := r.VMIs.Get(demoKey).Status; got.Phase != v1.Scheduled || got.NodeName != "n1" || got.ActivePods["created"] != "n1" {
		t.Errorf("status %+v", got)
	} else if want := template.Overhead(vmi, false); got.Memory == nil || got.Memory.MemoryOverhead.Cmp(want) != 0 {
		t.Errorf("memory %+v, want an overhead of %s", got.Memory, &want)
	}
	if len(r.events.Events) != 1 {
		t.Errorf("%d events", len(r.events.Events))
	}
}

func TestPodThatWasNeverRecordedIsRemoved(t *testing.T) {
	vmi := instance(v1.Pending)
	left := podOf(t, vmi, "left", "n1")
	for name, known := range map[string]bool{"the cache shows it": true, "only the API server knows it": false} {
		t.Run(name, func(t *testing.T) {
			r := newRig([]runtime.Object{vmi.DeepCopy()}, []runtime.Object{left.DeepCopy()})
			r.VMIs.Put(vmi.DeepCopy())
			if known {
				r.Pods.Put(left.DeepCopy())
			}
			var uids []types.UID
			r.kube.PrependReactor("delete", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
				uids = append(uids, *action.(clienttesting.DeleteActionImpl).DeleteOptions.Preconditions.UID)
				return true, nil, nil // the kubelet takes its time
			})
			for range 3 {
				r.reconcile(t)
			}
			if !slices.Equal(uids, []types.UID{"left"}) {
				t.Errorf("deletions: %v", uids)
			}
			if strings.Contains(r.writes(), "virtualmachineinstances/status") {
				t.Error("the pod was recorded")
			}
			r.Pods.Drop(types.NamespacedName{Namespace: "ns", Name: left.Name}, "left")
			if err := r.kube.Tracker().Delete(corev1.SchemeGroupVersion.WithResource("pods"), "ns", left.Name); err != nil {
				t.Fatal(err)
			}
			r.reconcile(t)
			r.expectWrites(t, "when it is gone", "create pods")
		})
	}
}

func TestPodIsKeptWhenTheCacheHasNotSeenItsRecord(t *testing.T) {
	stale, live := instance(v1.Pending), instance(v1.Running)
	live.ResourceVersion = "9"
	live.Status.NodeName, live.Status.ActivePods = "n1", map[types.UID]string{"running": "n1"}
	pod := podOf(t, stale, "running", "n1")
	r := newRig([]runtime.Object{live}, []runtime.Object{pod})
	r.VMIs.Put(stale)
	r.Pods.Put(pod.DeepCopy())
	r.reconcile(t)
	r.expectWrites(t, "with a stale instance", "")
}

func TestInstanceIsNotFailedForAPodThatTheCacheHasNotSeen(t *testing.T) {
	vmi := instance(v1.Running)
	vmi.Status.NodeName, vmi.Status.ActivePods = "n1", map[types.UID]string{"running": "n1"}
	pod := podOf(t, vmi, "running", "n1")
	r := newRig([]runtime.Object{vmi}, []runtime.Object{pod})
	r.VMIs.Put(vmi.DeepCopy())
	r.reconcile(t)
	r.expectWrites(t, "with a stale pod cache", "")
	r.Pods.Drop(types.NamespacedName{Namespace: "ns", Name: pod.Name}, "running")
	if err := r.kube.Tracker().Delete(corev1.SchemeGroupVersion.WithResource("pods"), "ns", pod.Name); err != nil {
		t.Fatal(err)
	}
	r.reconcile(t)
	if got := r.VMIs.Get(demoKey).Status.Phase; got != v1.Failed {
		t.Errorf("phase %s when the pod is gone", got)
	}
}

func TestForeignPodOfTheNameIsLeftAlone(t *testing.T) {
	vmi := instance(v1.Pending)
	foreign := podOf(t, vmi, "foreign", "")
	foreign.OwnerReferences = nil
	r := newRig([]runtime.Object{vmi}, []runtime.Object{foreign})
	r.VMIs.Put(vmi.DeepCopy())
	for range 3 {
		if _, err := r.Reconcile(t.Context(), demoKey); err == nil {
			t.Fatal("no error: the queue would not try again")
		}
	}
	c := r.VMIs.Get(demoKey).Condition(v1.VirtualMachineInstanceSynchronized)
	if c == nil || !strings.Contains(c.Message, foreign.Name+" exists and does not belong to this instance") {
		t.Errorf("condition %+v", c)
	}
	r.expectWrites(t, "three tries", "create pods, create pods, create pods, update virtualmachineinstances/status")
}

func TestOrphanedPodsAreDeletedAfterALook(t *testing.T) {
	vmi := instance(v1.Running)
	pod := podOf(t, vmi, "running", "n1")

	r := newRig(nil, []runtime.Object{pod.DeepCopy()})
	r.Pods.Put(pod.DeepCopy())
	r.reconcile(t)
	r.expectWrites(t, "without instance", "delete pods")

	r = newRig([]runtime.Object{vmi}, []runtime.Object{pod.DeepCopy()})
	r.Pods.Put(pod.DeepCopy())
	r.reconcile(t)
	r.expectWrites(t, "with an instance that the cache has not seen", "")

	successor := instance(v1.Pending)
	successor.UID = "next"
	r = newRig([]runtime.Object{successor}, []runtime.Object{pod.DeepCopy()})
	r.Pods.Put(pod.DeepCopy())
	r.VMIs.Put(successor.DeepCopy())
	r.reconcile(t)
	r.expectWrites(t, "with a successor", "delete pods, create pods")
}

func TestWhatNoPodCanServeIsShownAndNotRetried(t *testing.T) {
	vmi := instance(v1.Pending)
	vmi.Spec.Volumes = []v1.Volume{{Name: "data"}}
	r := newRig([]runtime.Object{vmi}, nil)
	r.VMIs.Put(vmi.DeepCopy())
	r.reconcile(t)
	c := r.VMIs.Get(demoKey).Condition(v1.VirtualMachineInstanceSynchronized)
	if c == nil || c.Message != "make launcher pod: spec.volumes[0]: has no source that is supported" {
		t.Errorf("condition %+v", c)
	}
}

func TestInstanceStaysWhileItsPodCannotBeDeleted(t *testing.T) {
	vmi := instance(v1.Succeeded)
	vmi.Status.ActivePods = map[types.UID]string{"running": "n1"}
	vmi.DeletionTimestamp = &metav1.Time{}
	pod := podOf(t, vmi, "running", "n1")
	r := newRig([]runtime.Object{vmi}, []runtime.Object{pod})
	r.VMIs.Put(vmi.DeepCopy())
	r.Pods.Put(pod.DeepCopy())
	away := true
	r.kube.PrependReactor("delete", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
		return away, nil, errors.New("the server is away")
	})
	if _, err := r.Reconcile(t.Context(), demoKey); err == nil {
		t.Error("no error")
	}
	r.expectWrites(t, "while the API server is away", "delete pods")
	away = false
	r.reconcile(t)
	r.expectWrites(t, "when it is back", "delete pods, patch virtualmachineinstances")
}

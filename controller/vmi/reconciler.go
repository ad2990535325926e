// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package vmi

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"
	"k8s.io/klog/v2"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	kubevirtv1 "github.com/virtplane/virtplane/client/clientset/versioned/typed/kubevirt/v1"
	"github.com/virtplane/virtplane/controller/patch"
	"github.com/virtplane/virtplane/controller/store"
	"github.com/virtplane/virtplane/controller/vmi/template"
)

// maxRounds bounds the effects that one call performs before it looks at other objects again.
const maxRounds = 4

// Reconciler brings instances forward.
type Reconciler struct {
	// Client reads and writes instances, Core pods and events.
	Client kubevirtv1.KubevirtV1Interface
	Core   typedcorev1.CoreV1Interface
	// VMIs, Pods and Nodes hold what the cluster has; Pods are launcher pods under their instance.
	VMIs  *store.Store[*v1.VirtualMachineInstance]
	Pods  *store.Store[*corev1.Pod]
	Nodes *store.Store[*corev1.Node]
	// Events tells users what was done.
	Events record.EventRecorder
	// Template says how launcher pods look that are created now.
	Template func() template.Options

	// mu guards created.
	mu sync.Mutex
	// created holds the pods, by instance, that were created and are not recorded in a status yet.
	created map[types.NamespacedName]createdPod
}

type createdPod struct {
	vmi, uid types.UID
	at       time.Time
}

// Reconcile brings the instance a step forward.
func (r *Reconciler) Reconcile(ctx context.Context, key types.NamespacedName) (time.Duration, error) {
	for range maxRounds {
		vmi := r.VMIs.Get(key)
		own, orphans := split(r.Pods.Owned(key), vmi)
		if err := r.removeOrphans(ctx, key, orphans); err != nil {
			return 0, err
		}
		if vmi == nil {
			r.forgetCreated(key)
			return 0, nil
		}
		state, err := r.gather(ctx, vmi, own)
		if err != nil {
			return 0, err
		}
		status, effects := Next(state)
		if effects.CreatePod {
			err := r.create(ctx, vmi)
			if err == nil {
				continue // the store holds the pod
			}
			return 0, r.createFailed(ctx, state, err)
		}
		if slices.ContainsFunc(effects.DeletePods, func(d Deletion) bool { return d.Stranger }) {
			if changed, err := r.refresh(ctx, vmi); changed || err != nil {
				if err != nil {
					return 0, err
				}
				continue
			}
		}
		if effects.LookForProblem != "" {
			if state.StartupProblem, err = r.startupProblem(ctx, vmi.Namespace, effects.LookForProblem); err != nil {
				return 0, err
			}
			status, effects = Next(state)
		}
		return effects.RequeueAfter, r.perform(ctx, vmi, status, effects)
	}
	return time.Second, nil
}

// gather collects what the next step depends on.
func (r *Reconciler) gather(ctx context.Context, vmi *v1.VirtualMachineInstance, pods []*corev1.Pod) (State, error) {
	pods, err := r.findRecorded(ctx, vmi, pods)
	if err != nil {
		return State{}, err
	}
	created := r.createdFor(vmi)
	return State{
		VMI:       vmi,
		Pods:      pods,
		Created:   created.uid,
		CreatedAt: created.at,
		NodeLost:  vmi.Status.NodeName != "" && r.nodeLost(vmi.Status.NodeName),
		Now:       time.Now(),
		Image:     r.Template().Image,
		Overhead:  r.Template().Overhead(vmi),
	}, nil
}

// findRecorded looks for a recorded pod that the store does not have, before the instance is failed for its absence.
func (r *Reconciler) findRecorded(ctx context.Context, vmi *v1.VirtualMachineInstance, pods []*corev1.Pod) ([]*corev1.Pod, error) {
	if vmi.IsFinal() || vmi.DeletionTimestamp != nil {
		return pods, nil
	}
	for uid := range vmi.Status.ActivePods {
		if slices.ContainsFunc(pods, func(p *corev1.Pod) bool { return p.UID == uid }) {
			continue
		}
		pod, err := r.Core.Pods(vmi.Namespace).Get(ctx, template.Name(vmi), metav1.GetOptions{})
		if store.IsGone(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("get launcher pod: %w", err)
		}
		if pod.UID == uid {
			r.Pods.Put(pod)
			pods = append(pods, pod)
		}
	}
	return pods, nil
}

// nodeLost tells that the node is gone or its kubelet does not answer.
func (r *Reconciler) nodeLost(name string) bool {
	node := r.Nodes.Get(types.NamespacedName{Name: name})
	if node == nil {
		return true
	}
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionUnknown
		}
	}
	return false
}

// perform writes the status and then does the rest.
func (r *Reconciler) perform(ctx context.Context, vmi *v1.VirtualMachineInstance, status v1.VirtualMachineInstanceStatus, effects Effects) error {
	if err := r.writeStatus(ctx, vmi, status); err != nil {
		return err
	}
	if e := effects.Event; e != nil {
		r.Events.Event(vmi, e.Type, e.Reason, e.Message)
	}
	for _, d := range effects.DeletePods {
		if err := r.deletePod(ctx, d.Pod, d.Grace); err != nil {
			return err
		}
	}
	if effects.RemoveFinalizer {
		return r.removeFinalizer(ctx, vmi)
	}
	return nil
}

func (r *Reconciler) writeStatus(ctx context.Context, vmi *v1.VirtualMachineInstance, status v1.VirtualMachineInstanceStatus) error {
	if equality.Semantic.DeepEqual(vmi.Status, status) {
		return nil
	}
	changed := vmi.DeepCopy()
	changed.Status = status
	written, err := r.Client.VirtualMachineInstances(vmi.Namespace).UpdateStatus(ctx, changed, metav1.UpdateOptions{})
	if store.IsGone(err) {
		r.VMIs.Drop(keyOf(vmi), vmi.UID)
		return nil
	}
	if err != nil {
		return fmt.Errorf("update status of instance: %w", err)
	}
	if vmi.Status.Phase != status.Phase {
		klog.FromContext(ctx).Info("Instance changed", "vmi", klog.KObj(vmi), "from", vmi.Status.Phase, "to", status.Phase,
			"node", status.NodeName, "reason", status.Reason)
	}
	if len(status.ActivePods) > 0 {
		r.forgetCreated(keyOf(vmi))
	}
	r.VMIs.Put(written)
	return nil
}

// refresh gets the instance, and tells whether it differs from the copy at hand.
func (r *Reconciler) refresh(ctx context.Context, vmi *v1.VirtualMachineInstance) (changed bool, err error) {
	live, err := r.Client.VirtualMachineInstances(vmi.Namespace).Get(ctx, vmi.Name, metav1.GetOptions{})
	switch {
	case store.IsGone(err):
		r.VMIs.Drop(keyOf(vmi), vmi.UID)
		return true, nil
	case err != nil:
		return false, fmt.Errorf("get instance: %w", err)
	case live.ResourceVersion == vmi.ResourceVersion:
		return false, nil
	}
	r.VMIs.Put(live)
	return true, nil
}

func (r *Reconciler) removeFinalizer(ctx context.Context, vmi *v1.VirtualMachineInstance) error {
	change := patch.RemoveFinalizer(vmi, v1.VirtualMachineInstanceFinalizer)
	written, err := r.Client.VirtualMachineInstances(vmi.Namespace).Patch(ctx, vmi.Name, types.JSONPatchType, change, metav1.PatchOptions{})
	if store.IsGone(err) {
		r.VMIs.Drop(keyOf(vmi), vmi.UID)
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove finalizer of instance: %w", err)
	}
	r.forgetCreated(keyOf(vmi))
	r.VMIs.PutOrDrop(written)
	return nil
}

func keyOf(obj metav1.Object) types.NamespacedName {
	return types.NamespacedName{Namespace: obj.GetNamespace(), Name: obj.GetName()}
}

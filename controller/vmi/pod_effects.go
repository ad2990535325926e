// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package vmi

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/controller/reason"
	"github.com/virtplane/virtplane/controller/store"
	"github.com/virtplane/virtplane/controller/vmi/template"
)

// errTemplate marks what no retry can help.
var errTemplate = errors.New("make launcher pod")

// create makes the launcher pod. Its name is derived from the instance, so that the API server
// refuses a second one.
func (r *Reconciler) create(ctx context.Context, vmi *v1.VirtualMachineInstance) error {
	wanted, err := template.Pod(vmi, r.Template())
	if err != nil {
		return fmt.Errorf("%w: %w", errTemplate, err)
	}
	pod, err := r.Core.Pods(vmi.Namespace).Create(ctx, wanted, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return r.takeExisting(ctx, vmi, wanted.Name)
	}
	if err != nil {
		return fmt.Errorf("create launcher pod: %w", err)
	}
	klog.FromContext(ctx).Info("Created launcher pod", "vmi", klog.KObj(vmi), "pod", klog.KObj(pod))
	r.mu.Lock()
	if r.created == nil {
		r.created = map[types.NamespacedName]createdPod{}
	}
	r.created[keyOf(vmi)] = createdPod{vmi: vmi.UID, uid: pod.UID, at: time.Now()}
	r.mu.Unlock()
	r.Events.Eventf(vmi, corev1.EventTypeNormal, reason.SuccessfulCreate, "Created launcher pod %s", pod.Name)
	r.Pods.Put(pod)
	return nil
}

// takeExisting puts a pod into the store that it does not know yet; the next look decides what to do with it.
func (r *Reconciler) takeExisting(ctx context.Context, vmi *v1.VirtualMachineInstance, name string) error {
	pod, err := r.Core.Pods(vmi.Namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("get launcher pod: %w", err)
	}
	if ref := metav1.GetControllerOf(pod); ref == nil || ref.UID != vmi.UID {
		return fmt.Errorf("create launcher pod: pod %s exists and does not belong to this instance", name)
	}
	r.Pods.Put(pod)
	return nil
}

// createFailed shows the user why there is no pod, and returns the error if another try may help.
func (r *Reconciler) createFailed(ctx context.Context, state State, err error) error {
	if ctx.Err() != nil || apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return err
	}
	state.CreateFailure = err.Error()
	status, _ := Next(state)
	c := state.VMI.Condition(v1.VirtualMachineInstanceSynchronized)
	if c == nil || c.Reason != reason.FailedCreate || c.Message != state.CreateFailure {
		r.Events.Event(state.VMI, corev1.EventTypeWarning, reason.FailedCreate, state.CreateFailure)
	}
	if errors.Is(err, errTemplate) {
		return r.writeStatus(ctx, state.VMI, status)
	}
	return errors.Join(err, r.writeStatus(ctx, state.VMI, status))
}

func (r *Reconciler) deletePod(ctx context.Context, pod *corev1.Pod, grace *int64) error {
	err := r.Core.Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
		GracePeriodSeconds: grace,
		Preconditions:      metav1.NewUIDPreconditions(string(pod.UID)),
	})
	if store.IsGone(err) {
		r.Pods.Drop(keyOf(pod), pod.UID)
		return nil
	}
	if err != nil {
		return fmt.Errorf("delete launcher pod: %w", err)
	}
	klog.FromContext(ctx).Info("Deleted launcher pod", "pod", klog.KObj(pod))
	r.Pods.Deleting(keyOf(pod), pod.UID, grace)
	return nil
}

// removeOrphans deletes pods whose instance is gone. The garbage collector does the same, but not
// while it cannot reach virtplane's API.
func (r *Reconciler) removeOrphans(ctx context.Context, key types.NamespacedName, pods []*corev1.Pod) error {
	for _, pod := range pods {
		if pod.DeletionTimestamp != nil {
			continue
		}
		live, err := r.Client.VirtualMachineInstances(key.Namespace).Get(ctx, key.Name, metav1.GetOptions{})
		switch {
		case store.IsGone(err):
		case err != nil:
			return fmt.Errorf("get instance: %w", err)
		case metav1.IsControlledBy(pod, live):
			r.VMIs.Put(live) // and its handler asks for another look
			continue
		}
		if err := r.deletePod(ctx, pod, nil); err != nil {
			return err
		}
	}
	return nil
}

// startupProblem returns what the kubelet says last of a pod that does not start; nil when nothing.
func (r *Reconciler) startupProblem(ctx context.Context, namespace string, pod types.UID) (*Problem, error) {
	list, err := r.Core.Events(namespace).List(ctx, metav1.ListOptions{FieldSelector: fields.SelectorFromSet(fields.Set{
		"involvedObject.uid": string(pod), "type": corev1.EventTypeWarning,
	}).String()})
	if err != nil {
		return nil, fmt.Errorf("list events of launcher pod: %w", err)
	}
	var last *corev1.Event
	for i := range list.Items {
		e := &list.Items[i]
		if startupReasons[e.Reason] && (last == nil || last.LastTimestamp.Before(&e.LastTimestamp)) {
			last = e
		}
	}
	if last == nil {
		return nil, nil
	}
	return &Problem{Reason: last.Reason, Message: last.Message}, nil
}

func (r *Reconciler) createdFor(vmi *v1.VirtualMachineInstance) createdPod {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.created[keyOf(vmi)]; c.vmi == vmi.UID {
		return c
	}
	return createdPod{}
}

func (r *Reconciler) forgetCreated(key types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.created, key)
}

// split divides pods into those of the instance and those of another one of its name.
func split(pods []*corev1.Pod, vmi *v1.VirtualMachineInstance) (own, orphans []*corev1.Pod) {
	for _, pod := range pods {
		if vmi != nil && metav1.IsControlledBy(pod, vmi) {
			own = append(own, pod)
		} else {
			orphans = append(orphans, pod)
		}
	}
	return own, orphans
}

// OwnerKey returns the name of the instance that a launcher pod claims to belong to.
func OwnerKey(pod *corev1.Pod) (types.NamespacedName, bool) {
	ref := metav1.GetControllerOf(pod)
	if ref == nil || ref.Kind != "VirtualMachineInstance" || ref.APIVersion != v1.SchemeGroupVersion.String() {
		return types.NamespacedName{}, false
	}
	return types.NamespacedName{Namespace: pod.Namespace, Name: ref.Name}, true
}

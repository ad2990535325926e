// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/record"
	"k8s.io/klog/v2"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	kubevirtv1 "github.com/virtplane/virtplane/client/clientset/versioned/typed/kubevirt/v1"
	"github.com/virtplane/virtplane/controller/reason"
	"github.com/virtplane/virtplane/controller/store"
)

// maxRounds bounds the effects that one call performs before it looks at other objects again.
const maxRounds = 4

// Reconciler brings virtual machines forward.
type Reconciler struct {
	// Client reads and writes virtual machines and instances.
	Client kubevirtv1.KubevirtV1Interface
	// VMs and VMIs hold what the cluster has.
	VMs  *store.Store[*v1.VirtualMachine]
	VMIs *store.Store[*v1.VirtualMachineInstance]
	// Events tells users what was done.
	Events record.EventRecorder
}

// Reconcile brings the virtual machine a step forward.
func (r *Reconciler) Reconcile(ctx context.Context, key types.NamespacedName) (time.Duration, error) {
	for range maxRounds {
		vm := r.VMs.Get(key)
		if vm == nil {
			return 0, nil
		}
		state := State{VM: vm, VMI: r.VMIs.Get(key), Now: time.Now(), Jitter: rand.Float64()}
		status, effects := Next(state)
		if effects.Create != nil || effects.SetRunStrategy != "" {
			if err := r.before(ctx, vm, effects); err != nil {
				return 0, r.failed(ctx, state, err)
			}
			continue // the stores hold what was changed
		}
		if err := r.writeStatus(ctx, vm, status); err != nil {
			return 0, err
		}
		if err := r.after(ctx, vm, effects); err != nil {
			return 0, r.failed(ctx, state, err)
		}
		return effects.RequeueAfter, nil
	}
	return time.Second, nil
}

// before performs the effects that come before the status.
func (r *Reconciler) before(ctx context.Context, vm *v1.VirtualMachine, effects Effects) error {
	if effects.SetRunStrategy != "" {
		return r.setRunStrategy(ctx, vm, effects.SetRunStrategy)
	}
	return r.create(ctx, vm, *effects.Create)
}

// after performs the effects that come after the status.
func (r *Reconciler) after(ctx context.Context, vm *v1.VirtualMachine, effects Effects) error {
	if effects.Delete != "" {
		if err := r.delete(ctx, vm, effects.Delete); err != nil {
			return err
		}
	}
	if effects.LastNode != "" {
		return r.noteLastNode(ctx, vm, effects.LastNode)
	}
	if effects.RemoveFinalizer {
		return r.removeFinalizer(ctx, vm)
	}
	return nil
}

// failure is an effect that failed, in the words that users see.
type failure struct {
	reason string
	err    error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// failed shows the user why an effect failed, and returns the error.
func (r *Reconciler) failed(ctx context.Context, state State, err error) error {
	var f *failure
	if !errors.As(err, &f) || apierrors.IsConflict(err) || ctx.Err() != nil ||
		apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return err
	}
	key := types.NamespacedName{Namespace: state.VM.Namespace, Name: state.VM.Name}
	if state.VM = r.VMs.Get(key); state.VM == nil {
		return err
	}
	state.Failure = &Failure{Reason: f.reason, Message: f.Error()}
	if c := state.VM.Condition(v1.VirtualMachineFailure); c == nil || c.Reason != f.reason || c.Message != f.Error() {
		r.Events.Event(state.VM, corev1.EventTypeWarning, f.reason, f.Error())
	}
	status, _ := Next(state)
	return errors.Join(err, r.writeStatus(ctx, state.VM, status))
}

func (r *Reconciler) create(ctx context.Context, vm *v1.VirtualMachine, how Creation) error {
	vmi, err := r.Client.VirtualMachineInstances(vm.Namespace).Create(ctx, Instance(vm, how), metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return r.refresh(ctx, vm)
	}
	if err != nil {
		return &failure{reason.FailedCreate, fmt.Errorf("create virtual machine instance: %w", err)}
	}
	klog.FromContext(ctx).Info("Created instance", "vm", klog.KObj(vm), "uid", vmi.UID)
	r.Events.Eventf(vm, corev1.EventTypeNormal, reason.SuccessfulCreate, "Created virtual machine instance %s", vmi.Name)
	r.VMIs.Put(vmi)
	return nil
}

// refresh gets the instance of which the store does not know yet.
func (r *Reconciler) refresh(ctx context.Context, vm *v1.VirtualMachine) error {
	vmi, err := r.Client.VirtualMachineInstances(vm.Namespace).Get(ctx, vm.Name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("get virtual machine instance: %w", err)
	}
	r.VMIs.Put(vmi)
	return nil
}

func (r *Reconciler) writeStatus(ctx context.Context, vm *v1.VirtualMachine, status v1.VirtualMachineStatus) error {
	if equality.Semantic.DeepEqual(vm.Status, status) {
		return nil
	}
	changed := vm.DeepCopy()
	changed.Status = status
	written, err := r.Client.VirtualMachines(vm.Namespace).UpdateStatus(ctx, changed, metav1.UpdateOptions{})
	if store.IsGone(err) {
		r.VMs.Drop(types.NamespacedName{Namespace: vm.Namespace, Name: vm.Name}, vm.UID)
		return nil
	}
	if err != nil {
		return fmt.Errorf("update status of virtual machine: %w", err)
	}
	if before := vm.Status.PrintableStatus; before != status.PrintableStatus {
		klog.FromContext(ctx).Info("Virtual machine changed", "vm", klog.KObj(vm), "from", before, "to", status.PrintableStatus)
	}
	r.VMs.Put(written)
	return nil
}

func (r *Reconciler) delete(ctx context.Context, vm *v1.VirtualMachine, uid types.UID) error {
	key := types.NamespacedName{Namespace: vm.Namespace, Name: vm.Name}
	err := r.Client.VirtualMachineInstances(vm.Namespace).Delete(ctx, vm.Name,
		metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(uid))})
	if store.IsGone(err) {
		r.VMIs.Drop(key, uid)
		return nil
	}
	if err != nil {
		return &failure{reason.FailedDelete, fmt.Errorf("delete virtual machine instance: %w", err)}
	}
	klog.FromContext(ctx).Info("Deleted instance", "vm", klog.KObj(vm), "uid", uid)
	r.VMIs.Deleting(key, uid, nil)
	// Nobody can look at the events of a virtual machine that goes away itself.
	if vm.DeletionTimestamp == nil {
		r.Events.Eventf(vm, corev1.EventTypeNormal, reason.SuccessfulDelete, "Deleted virtual machine instance %s", vm.Name)
	}
	return nil
}

// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package kubevirt

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	kubevirtv1 "github.com/virtplane/virtplane/client/clientset/versioned/typed/kubevirt/v1"
	"github.com/virtplane/virtplane/controller/store"
)

// Names of the components' workloads, as the manifests of the installation have them.
const (
	apiserver  = "virt-apiserver"
	controller = "virt-controller"
	nodeplugin = "virt-nodeplugin"
)

// lookAgain is the time between two counts of the guests that an older launcher runs.
const lookAgain = time.Minute

// Reconciler keeps the KubeVirt object.
type Reconciler struct {
	// Client makes the object and writes its status.
	Client kubevirtv1.KubeVirtInterface
	// KubeVirts holds the objects, Deployments, StatefulSets and DaemonSets the components, VMIs the guests.
	KubeVirts    *store.Store[*v1.KubeVirt]
	Deployments  *store.Store[*appsv1.Deployment]
	StatefulSets *store.Store[*appsv1.StatefulSet]
	DaemonSets   *store.Store[*appsv1.DaemonSet]
	VMIs         *store.Store[*v1.VirtualMachineInstance]
	// Namespace is that of the installation.
	Namespace string
	// Version is that of this program, Image the launcher's.
	Version, Image string
	// Initial is the spec of an object that is made.
	Initial v1.KubeVirtSpec
}

// Key is that of the one object.
func (r *Reconciler) Key() types.NamespacedName {
	return types.NamespacedName{Namespace: r.Namespace, Name: v1.KubeVirtName}
}

// Reconcile makes the object, or brings its status up to date.
func (r *Reconciler) Reconcile(ctx context.Context, key types.NamespacedName) (time.Duration, error) {
	if key != r.Key() {
		return 0, nil // of an older version
	}
	kv := r.KubeVirts.Get(key)
	if kv == nil {
		return lookAgain, r.create(ctx)
	}
	status := Next(State{
		KubeVirt: kv, Parts: r.parts(), Version: r.Version, Image: r.Image, Outdated: r.outdated(), Now: time.Now(),
	})
	if equality.Semantic.DeepEqual(kv.Status, status) {
		return lookAgain, nil
	}
	changed := kv.DeepCopy()
	changed.Status = status
	written, err := r.Client.UpdateStatus(ctx, changed, metav1.UpdateOptions{})
	if store.IsGone(err) {
		r.KubeVirts.Drop(key, kv.UID)
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("update status of settings: %w", err)
	}
	r.report(ctx, kv, written)
	r.KubeVirts.PutOrDrop(written)
	return lookAgain, nil
}

// create makes the object, which clients of the published API look for.
func (r *Reconciler) create(ctx context.Context) error {
	kv := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: r.Namespace, Name: v1.KubeVirtName}, Spec: *r.Initial.DeepCopy()}
	made, err := r.Client.Create(ctx, kv, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil // the watch brings it
	}
	if err != nil {
		return fmt.Errorf("create settings: %w", err)
	}
	klog.FromContext(ctx).Info("Settings created", "object", klog.KObj(made))
	r.KubeVirts.Put(made)
	return nil
}

// report tells what an operator cares about.
func (r *Reconciler) report(ctx context.Context, before, after *v1.KubeVirt) {
	for _, c := range after.Status.Conditions {
		if old := before.Condition(c.Type); old == nil || old.Status != c.Status {
			klog.FromContext(ctx).Info("Installation changed", "condition", c.Type, "status", c.Status, "message", c.Message)
		}
	}
}

func (r *Reconciler) parts() []Part {
	key := func(name string) types.NamespacedName {
		return types.NamespacedName{Namespace: r.Namespace, Name: name}
	}
	return []Part{
		StatefulSet(apiserver, r.StatefulSets.Get(key(apiserver))),
		Deployment(controller, r.Deployments.Get(key(controller))),
		DaemonSet(nodeplugin, r.DaemonSets.Get(key(nodeplugin))),
	}
}

// outdated counts the guests that another launcher runs.
func (r *Reconciler) outdated() int64 {
	var n int64
	for _, vmi := range r.VMIs.List() {
		if image := vmi.Status.LauncherContainerImageVersion; image != "" && image != r.Image && !vmi.IsFinal() {
			n++
		}
	}
	return n
}

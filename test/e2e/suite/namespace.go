// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
)

// namespaceEnd is how long a namespace with running guests may take to go.
const namespaceEnd = 90 * time.Second

// Namespace is where one test works. It enforces the restricted Pod Security profile, so that every launcher pod
// of every test has to keep to it.
type Namespace struct {
	*Suite
	testing.TB
	// ID is the name of the namespace.
	ID string
	// History holds all that was seen of the virtual machines, instances and pods.
	History *History
}

// NewNamespace makes a namespace that goes when the test ends. If the test has failed, it tells first what the cluster
// knows of it.
func (s *Suite) NewNamespace(t *testing.T) *Namespace {
	t.Helper()
	ns, err := s.Kube.CoreV1().Namespaces().Create(Context(t, Quick), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: "e2e-",
		Labels:       map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}}, metav1.CreateOptions{})
	Need(t, err, "create namespace")
	n := &Namespace{Suite: s, TB: t, ID: ns.Name}
	t.Cleanup(func() {
		if t.Failed() {
			n.diagnose()
		}
		n.remove()
	})
	n.History = s.watch(t, ns.Name)
	return n
}

// In returns the namespace for a subtest.
func (n *Namespace) In(t *testing.T) *Namespace {
	inner := *n
	inner.TB = t
	return &inner
}

// Delete begins the deletion.
func (n *Namespace) Delete() {
	n.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Quick)
	defer cancel()
	err := n.Kube.CoreV1().Namespaces().Delete(ctx, n.ID, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		n.Errorf("delete namespace: %v", err)
	}
}

// AwaitEnd waits until the namespace is gone and returns how long it took.
func (n *Namespace) AwaitEnd(timeout time.Duration) time.Duration {
	n.Helper()
	began := time.Now()
	var last *corev1.Namespace
	err := wait.PollUntilContextTimeout(context.Background(), 200*time.Millisecond, timeout, true, func(ctx context.Context) (bool, error) {
		ns, err := n.Kube.CoreV1().Namespaces().Get(ctx, n.ID, metav1.GetOptions{})
		if err == nil {
			last = ns
		}
		return apierrors.IsNotFound(err), nil
	})
	if err != nil {
		n.Errorf("namespace %s has not ended within %s: %s", n.ID, timeout, show(last.Status))
	}
	return time.Since(began)
}

// remove deletes the namespace after the test, whose context is over by now. Its machines go first: the namespace
// controller looks again only after half the grace period of the pods that it has found.
func (n *Namespace) remove() {
	ctx, cancel := context.WithTimeout(context.Background(), namespaceEnd)
	defer cancel()
	kubevirt := n.Virt.KubevirtV1()
	err := errors.Join(
		kubevirt.VirtualMachines(n.ID).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}),
		kubevirt.VirtualMachineInstances(n.ID).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}),
		n.Kube.CoreV1().Pods(n.ID).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}),
	)
	if err != nil {
		n.Errorf("delete what is in namespace %s: %v", n.ID, err)
	}
	// What does not go shows in AwaitEnd.
	_ = wait.PollUntilContextCancel(ctx, poll, true, func(ctx context.Context) (bool, error) {
		pods, err := n.Kube.CoreV1().Pods(n.ID).List(ctx, metav1.ListOptions{})
		return err == nil && len(pods.Items) == 0, nil
	})
	n.Delete()
	n.AwaitEnd(namespaceEnd)
}

// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/klog/v2"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	"github.com/virtplane/virtplane/controller/store"
)

// Reconciler brings nodes forward.
type Reconciler struct {
	// Client changes nodes.
	Client typedcorev1.NodeInterface
	// Nodes holds the nodes, Plugins the pods of the node plugin under their node.
	Nodes   *store.Store[*corev1.Node]
	Plugins *store.Store[*corev1.Pod]
}

// Reconcile brings the node a step forward.
func (r *Reconciler) Reconcile(ctx context.Context, key types.NamespacedName) (time.Duration, error) {
	node := r.Nodes.Get(key)
	if node == nil {
		return 0, nil
	}
	change, after := Next(State{Node: node, Plugins: r.Plugins.Owned(key), Now: time.Now(), Jitter: rand.Float64()})
	if change == (Change{}) {
		return after, nil
	}
	written, err := r.Client.Patch(ctx, node.Name, types.MergePatchType, change.patch(), metav1.PatchOptions{})
	if store.IsGone(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("patch node: %w", err)
	}
	if node.Labels[v1.NodeSchedulableLabel] != change.Schedulable {
		klog.FromContext(ctx).Info("Node changed", "node", node.Name, "schedulable", change.Schedulable)
	}
	r.Nodes.Put(written)
	return after, nil
}

// patch returns the change as a JSON merge patch.
func (c Change) patch() []byte {
	metadata := map[string]any{}
	if c.Schedulable != "" {
		metadata["labels"] = map[string]string{v1.NodeSchedulableLabel: c.Schedulable}
	}
	if c.Heartbeat != "" {
		metadata["annotations"] = map[string]string{v1.NodeHeartbeatAnnotation: c.Heartbeat}
	}
	body, err := json.Marshal(map[string]any{"metadata": metadata})
	if err != nil {
		panic(err) // maps of strings can be encoded
	}
	return body
}

// PluginKey returns the node that a pod of the node plugin runs on.
func PluginKey(pod *corev1.Pod) (types.NamespacedName, bool) {
	return types.NamespacedName{Name: pod.Spec.NodeName}, pod.Spec.NodeName != ""
}

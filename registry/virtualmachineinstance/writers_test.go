// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package virtualmachineinstance

import (
	"context"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/endpoints/request"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
)

func TestWriters(t *testing.T) {
	const (
		plugin = "system:serviceaccount:virtplane-system:virt-nodeplugin"
		refuse = `virtualmachineinstances/status.kubevirt.io "demo" is forbidden: `
	)
	on := func(nodes ...string) map[string][]string {
		return map[string][]string{"authentication.kubernetes.io/node-name": nodes}
	}
	noNode := refuse + "the token of the node plugin names no node; use a token that is bound to the plugin's pod"
	fixed := refuse + "a node plugin may not change status.nodeName or status.activePods"
	run := func(s *v1.VirtualMachineInstanceStatus) { s.Phase = v1.Running }
	for _, c := range []struct {
		name   string
		user   string
		extra  map[string][]string
		node   string // of the instance before
		change func(*v1.VirtualMachineInstanceStatus)
		want   string
	}{
		{"plugin of the node", plugin, on("node1"), "node1", run, ""},
		{"plugin of another node", plugin, on("node2"), "node1", run, refuse + `node "node2" may not write the status of an instance of node "node1"`},
		{"plugin, instance without a node", plugin, on("node1"), "", run, refuse + `node "node1" may not write the status of an instance of node ""`},
		{"plugin that takes an instance", plugin, on("node1"), "", func(s *v1.VirtualMachineInstanceStatus) { s.NodeName = "node1" }, refuse + `node "node1" may not write the status of an instance of node ""`},
		{"plugin that takes an instance of another node", plugin, on("node2"), "node1", func(s *v1.VirtualMachineInstanceStatus) { s.NodeName = "node2" }, refuse + `node "node2" may not write the status of an instance of node "node1"`},
		{"plugin that gives an instance away", plugin, on("node1"), "node1", func(s *v1.VirtualMachineInstanceStatus) { s.NodeName = "node2" }, fixed},
		{"plugin that adds a pod", plugin, on("node1"), "node1", func(s *v1.VirtualMachineInstanceStatus) { s.ActivePods["stranger"] = "node1" }, fixed},
		{"plugin that changes a pod", plugin, on("node1"), "node1", func(s *v1.VirtualMachineInstanceStatus) { s.ActivePods["pod"] = "node2" }, fixed},
		{"plugin that drops the pods", plugin, on("node1"), "node1", func(s *v1.VirtualMachineInstanceStatus) { s.ActivePods = nil }, fixed},
		{"plugin whose token has no node", plugin, nil, "node1", run, noNode},
		{"plugin whose token has no node, instance without a node", plugin, nil, "", run, noNode},
		{"plugin with an empty node", plugin, on(""), "", run, noNode},
		{"plugin with two nodes", plugin, on("node1", "node2"), "node1", run, noNode},
		{"the same account elsewhere", "system:serviceaccount:default:virt-nodeplugin", on("node2"), "node1", run, ""},
		{"controller", "system:serviceaccount:virtplane-system:virt-controller", on("node2"), "", func(s *v1.VirtualMachineInstanceStatus) { s.NodeName = "node1" }, ""},
		{"administrator", "admin", nil, "node1", run, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			old := &v1.VirtualMachineInstance{}
			old.Name = "demo"
			old.Status.NodeName = c.node
			old.Status.ActivePods = map[types.UID]string{"pod": c.node}
			vmi := old.DeepCopy()
			c.change(&vmi.Status)
			ctx := request.WithUser(t.Context(), &user.DefaultInfo{Name: c.user, Extra: c.extra})
			err := Writers{Namespace: "virtplane-system"}.authorize(ctx, vmi, old)
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.want != "" && (!apierrors.IsForbidden(err) || err.Error() != c.want):
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestWritersRefuseARequestWithoutUser(t *testing.T) {
	vmi := &v1.VirtualMachineInstance{}
	if err := (Writers{}).authorize(context.Background(), vmi, vmi); !apierrors.IsInternalError(err) {
		t.Errorf("got %v, want an internal error", err)
	}
}

func TestAPluginOwnsNoInstance(t *testing.T) {
	w := Writers{Namespace: "virtplane-system"}
	as := func(name string) context.Context { return request.WithUser(t.Context(), &user.DefaultInfo{Name: name}) }
	const want = `virtualmachineinstances.kubevirt.io "demo" is forbidden: a node plugin may write the status of instances and nothing else`
	if err := w.owner(as("system:serviceaccount:virtplane-system:virt-nodeplugin"), "demo"); !apierrors.IsForbidden(err) || err.Error() != want {
		t.Errorf("plugin: %v, want %s", err, want)
	}
	for _, name := range []string{"system:serviceaccount:virtplane-system:virt-controller", "system:serviceaccount:default:virt-nodeplugin", "admin"} {
		if err := w.owner(as(name), "demo"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

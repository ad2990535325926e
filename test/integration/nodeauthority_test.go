// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/virtplane/virtplane/apis/kubevirt/v1"
	clientset "github.com/virtplane/virtplane/client/clientset/versioned"
)

// TestPluginsWriteTheStatusOfTheirOwnNode goes through kube-apiserver with real tokens and the rights
// that the manifests give to all plugins alike.
func TestPluginsWriteTheStatusOfTheirOwnNode(t *testing.T) {
	ns := newNamespace(t)
	clients := map[string]clientset.Interface{
		"own":     must(clientset.NewForConfig(tokenLogin(t, createPluginPod(t, "own-node", "192.0.2.11"))))(t),
		"foreign": must(clientset.NewForConfig(tokenLogin(t, createPluginPod(t, "foreign-node", "192.0.2.12"))))(t),
		"unbound": must(clientset.NewForConfig(tokenLogin(t, nil)))(t),
	}
	vmi := setPhase(t, createVMI(t, ns, newVMI("demo")), v1.Scheduled, func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.NodeName, vmi.Status.ActivePods = "own-node", map[types.UID]string{"pod-uid": "own-node"}
	})
	// The rule holds for patches too, which the manifests do not grant.
	grant(t, ns, "system:serviceaccount:virtplane-system:virt-nodeplugin", "kubevirt.io", "virtualmachineinstances/status", "patch")
	const forbidden = `virtualmachineinstances/status.kubevirt.io "demo" is forbidden: `
	patch := func(who, body string, kind types.PatchType) error {
		options := metav1.PatchOptions{FieldManager: who}
		if kind == types.ApplyPatchType {
			options.Force = ptr(true)
		}
		_, err := clients[who].KubevirtV1().VirtualMachineInstances(ns).Patch(t.Context(), "demo", kind, []byte(body), options, "status")
		return err
	}
	const running = `{"status":{"phase":"Running"}}`
	expectStatus(t, "foreign plugin", patch("foreign", running, types.MergePatchType), 403,
		forbidden+`node "foreign-node" may not write the status of an instance of node "own-node"`)
	expectStatus(t, "foreign plugin that takes the instance", patch("foreign", `{"status":{"nodeName":"foreign-node"}}`, types.MergePatchType), 403,
		forbidden+`node "foreign-node" may not write the status of an instance of node "own-node"`)
	expectStatus(t, "foreign plugin by apply", patch("foreign", `{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachineInstance","metadata":{"name":"demo"},"status":{"phase":"Running"}}`, types.ApplyPatchType), 403,
		forbidden+`node "foreign-node" may not write the status of an instance of node "own-node"`)
	expectStatus(t, "token without a node", patch("unbound", running, types.MergePatchType), 403,
		forbidden+"the token of the node plugin names no node; use a token that is bound to the plugin's pod")
	expectStatus(t, "own plugin that names another node", patch("own", `{"status":{"nodeName":"foreign-node"}}`, types.MergePatchType), 403,
		forbidden+"a node plugin may not change status.nodeName or status.activePods")
	expectStatus(t, "own plugin that vouches for a pod", patch("own", `{"status":{"activePods":{"stranger":"own-node"}}}`, types.MergePatchType), 403,
		forbidden+"a node plugin may not change status.nodeName or status.activePods")
	update := vmi.DeepCopy()
	update.Status.Phase = v1.Running
	_, err := clients["foreign"].KubevirtV1().VirtualMachineInstances(ns).UpdateStatus(t.Context(), update, metav1.UpdateOptions{})
	expectStatus(t, "foreign plugin by update", err, 403, forbidden+`node "foreign-node" may not write the status of an instance of node "own-node"`)
	if got := getVMI(t, ns, "demo"); got.ResourceVersion != vmi.ResourceVersion {
		t.Error("a refused write changed the object")
	}

	if _, err := clients["own"].KubevirtV1().VirtualMachineInstances(ns).UpdateStatus(t.Context(), update, metav1.UpdateOptions{}); err != nil {
		t.Errorf("own plugin: %v", err)
	}
	if err := patch("own", `[{"op":"test","path":"/status/phase","value":"Running"},{"op":"replace","path":"/status/phase","value":"Succeeded"}]`, types.JSONPatchType); err != nil {
		t.Errorf("own plugin by JSON patch: %v", err)
	}
	if got := getVMI(t, ns, "demo").Status; got.Phase != v1.Succeeded || got.NodeName != "own-node" {
		t.Errorf("status %+v", got)
	}

	// What the roles do not name, RBAC refuses.
	api := clients["own"].KubevirtV1()
	_, err = api.VirtualMachineInstances(ns).Patch(t.Context(), "demo", types.MergePatchType, []byte(`{"metadata":{"labels":{"a":"b"}}}`), metav1.PatchOptions{})
	expectStatus(t, "plugin that labels an instance", err, 403, "")
	_, err = api.VirtualMachines(ns).List(t.Context(), metav1.ListOptions{})
	expectStatus(t, "plugin that lists virtual machines", err, 403, "")
	expectStatus(t, "plugin that deletes an instance", api.VirtualMachineInstances(ns).Delete(t.Context(), "demo", metav1.DeleteOptions{}), 403, "")
	if _, err := api.VirtualMachineInstances("").List(t.Context(), metav1.ListOptions{FieldSelector: "status.nodeName=own-node"}); err != nil {
		t.Errorf("plugin that lists the instances of its node: %v", err)
	}
}

// TestNoRoleMakesAPluginTheOwnerOfInstances holds that a right which somebody gave to all plugins by
// mistake does not let one node reach the guests of another.
func TestNoRoleMakesAPluginTheOwnerOfInstances(t *testing.T) {
	ns := newNamespace(t)
	vmi := setPhase(t, createVMI(t, ns, newVMI("demo")), v1.Running, func(vmi *v1.VirtualMachineInstance) { vmi.Status.NodeName = "owner-node" })
	for _, verb := range []string{"create", "update", "patch", "delete", "deletecollection"} {
		grant(t, ns, "system:serviceaccount:virtplane-system:virt-nodeplugin", "kubevirt.io", "virtualmachineinstances", verb)
	}
	api := must(clientset.NewForConfig(tokenLogin(t, createPluginPod(t, "owner-node", "192.0.2.13"))))(t).KubevirtV1().VirtualMachineInstances(ns)
	forbidden := func(name string) string {
		return `virtualmachineinstances.kubevirt.io` + name + ` is forbidden: a node plugin may write the status of instances and nothing else`
	}
	_, err := api.Create(t.Context(), newVMI("other"), metav1.CreateOptions{})
	expectStatus(t, "create", err, 403, forbidden(""))
	labelled := vmi.DeepCopy()
	labelled.Labels["app"] = "web"
	_, err = api.Update(t.Context(), labelled, metav1.UpdateOptions{})
	expectStatus(t, "update", err, 403, forbidden(` "demo"`))
	for _, kind := range []types.PatchType{types.MergePatchType, types.ApplyPatchType} {
		_, err = api.Patch(t.Context(), "demo", kind, []byte(`{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachineInstance","metadata":{"name":"demo","labels":{"app":"web"}}}`),
			metav1.PatchOptions{FieldManager: "plugin"})
		expectStatus(t, string(kind), err, 403, forbidden(` "demo"`))
	}
	expectStatus(t, "delete", api.Delete(t.Context(), "demo", metav1.DeleteOptions{}), 403, forbidden(` "demo"`))
	expectStatus(t, "deletecollection", api.DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{}), 403, forbidden(""))
	// What comes along with a status is not taken.
	labelled.Status.Phase, labelled.Finalizers = v1.Succeeded, nil
	got := must(api.UpdateStatus(t.Context(), labelled, metav1.UpdateOptions{}))(t)
	if got.Status.Phase != v1.Succeeded || got.Labels["app"] != "" || len(got.Finalizers) != 1 {
		t.Errorf("after a write of the status: phase %s, labels %v, finalizers %v", got.Status.Phase, got.Labels, got.Finalizers)
	}
}
